#include "executor-service/api/chain.hpp"

#include <utility>

#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

namespace {

class rpc_chain final : public chain_gateway {
public:
  explicit rpc_chain(std::vector<std::shared_ptr<rpc_api>> endpoints) : endpoints_(std::move(endpoints)) {
    if (endpoints_.empty())
      domain::broken_invariant("the API has no RPC endpoint");
  }

  chain_result<latest_blockhash_view> latest_blockhash() override {
    return first_answer<latest_blockhash_view>(
        "latest_blockhash", [](rpc_api& endpoint) { return endpoint.latest_blockhash_sync(commitment::confirmed); });
  }

  chain_result<std::uint64_t> token_account_rent() override {
    return first_answer<std::uint64_t>("token_account_rent", [](rpc_api& endpoint) {
      return endpoint.minimum_balance_for_rent_exemption_sync(solana::token::account_bytes);
    });
  }

  chain_result<std::optional<account_info>> account(const solana::pubkey& key,
                                                    std::optional<std::uint64_t> min_context_slot) override {
    auto view = first_answer<accounts_view>("account", [&](rpc_api& endpoint) {
      return endpoint.accounts_sync({key}, commitment::confirmed, min_context_slot);
    });
    if (!view)
      return domain::failure{view.error()};
    return std::move(view->accounts.at(0));
  }

  chain_result<std::vector<std::optional<deposit_status>>> statuses(const std::vector<solana::signature>& signatures,
                                                                    bool search_history) override {
    std::vector<std::optional<deposit_status>> known(signatures.size());
    std::vector<std::size_t> open(signatures.size());
    for (std::size_t i = 0; i < open.size(); ++i)
      open[i] = i;
    std::size_t answers = 0;
    chain_error last{"no endpoint"};
    // Whoever lags or forgot does not know a signature that the next one may know.
    for (const auto& endpoint : endpoints_) {
      if (open.empty())
        break;
      std::vector<solana::signature> asked;
      for (const auto i : open)
        asked.push_back(signatures[i]);
      auto view = endpoint->signature_statuses_sync(asked, search_history);
      // A node without history refuses the search, and may still know.
      if (!view && search_history && view.error().what == rpc_error::kind::rpc)
        view = endpoint->signature_statuses_sync(std::move(asked), false);
      if (!view) {
        last = failed("signature_statuses", *endpoint, view.error());
        continue;
      }
      ++answers;
      std::vector<std::size_t> still_open;
      for (std::size_t i = 0; i < open.size(); ++i) {
        const auto& status = view->statuses.at(i);
        auto& slot = known[open[i]];
        if (status && (!slot || !slot->confirmed))
          slot = deposit_status{status->slot, status->level != commitment::processed, status->err};
        if (!slot || !slot->confirmed)
          still_open.push_back(open[i]);
      }
      open = std::move(still_open);
    }
    if (answers == 0)
      return domain::failure{std::move(last)};
    return known;
  }

  void broadcast(const solana::bytes& transaction, const solana::signature& id) override {
    for (const auto& endpoint : endpoints_) {
      const auto name = endpoint->name();
      endpoint->send_transaction(transaction, {}, [name, id](rpc_result<solana::signature> sent) {
        if (sent)
          runtime::log_debug("deposit_sent", {{"signature", id.to_string()}, {"endpoint", name}});
        else if (!sent.error().already_processed())
          runtime::log_warn("deposit_send_failed", {{"signature", id.to_string()},
                                                    {"endpoint", name},
                                                    {"kind", to_string(sent.error().what)},
                                                    {"why", sent.error().message}});
      });
    }
  }

private:
  static chain_error failed(std::string_view call, rpc_api& endpoint, const rpc_error& error) {
    runtime::log_warn(
        "rpc_read_failed",
        {{"call", call}, {"endpoint", endpoint.name()}, {"kind", to_string(error.what)}, {"why", error.message}});
    return {endpoint.name() + ": " + error.message};
  }

  template <class T, class Ask>
  chain_result<T> first_answer(std::string_view call, Ask&& ask) {
    chain_error last{"no endpoint"};
    for (const auto& endpoint : endpoints_) {
      rpc_result<T> answer = ask(*endpoint);
      if (answer)
        return std::move(answer).value();
      last = failed(call, *endpoint, answer.error());
    }
    return domain::failure{std::move(last)};
  }

  std::vector<std::shared_ptr<rpc_api>> endpoints_;
};

}  // namespace

std::unique_ptr<chain_gateway> make_rpc_chain(std::vector<std::shared_ptr<rpc_api>> endpoints) {
  return std::make_unique<rpc_chain>(std::move(endpoints));
}

}  // namespace landfall::executor::api
