#include "executor-service/api/deposit/actor_chain.hpp"

#include <chrono>
#include <type_traits>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

namespace {

/// Above all that the chain actor waits for itself.
constexpr std::chrono::seconds answer_deadline{20};

class actor_chain final : public chain_gateway {
public:
  actor_chain(caf::actor_system& system, chain_actor chain) : system_(system), chain_(std::move(chain)) {}

  chain_result<latest_blockhash_view> latest_blockhash() override {
    return ask<chain::fresh_blockhash>("latest_blockhash", chain::blockhash_request{}, [](const auto& fresh) {
      return latest_blockhash_view{fresh.context_slot, fresh.hash, fresh.last_valid_block_height};
    });
  }

  chain_result<std::uint64_t> token_account_rent() override {
    return ask<chain::rent>("token_account_rent", chain::rent_request{solana::token::account_bytes},
                            [](const auto& rent) { return rent.lamports; });
  }

  chain_result<std::optional<account_info>> account(const solana::pubkey& key,
                                                    std::optional<std::uint64_t> min_context_slot) override {
    return ask<chain::accounts_read>("account", chain::accounts_request{{key}, commitment::confirmed, min_context_slot},
                                     [](const auto& read) { return read.view.accounts.at(0); });
  }

  chain_result<std::vector<std::optional<deposit_status>>> statuses(const std::vector<solana::signature>& signatures,
                                                                    bool search_history) override {
    return ask<chain::statuses_read>("statuses", chain::statuses_request{signatures, search_history},
                                     [](const auto& read) {
                                       std::vector<std::optional<deposit_status>> known(read.statuses.size());
                                       for (std::size_t i = 0; i < known.size(); ++i)
                                         if (const auto& s = read.statuses[i])
                                           known[i] = {s->slot, s->level != commitment::processed, s->err};
                                       return known;
                                     });
  }

  void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) override {
    caf::anon_send(chain_, chain::broadcast{id, transaction, again});
  }

private:
  template <class Reply, class Request, class Read>
  auto ask(std::string_view what, Request request, Read read)
      -> chain_result<std::invoke_result_t<Read, const Reply&>> {
    caf::scoped_actor self{system_};
    chain_result<std::invoke_result_t<Read, const Reply&>> answer = domain::failure{chain_error{"no answer"}};
    self->request(chain_, answer_deadline, std::move(request))
        .receive([&](const Reply& reply) { answer = read(reply); },
                 [&](const caf::error& e) {
                   answer = domain::failure{chain_error{caf::to_string(e)}};
                   runtime::log_warn("chain_unread", {{"what", what}, {"why", answer.error().message}});
                 });
    return answer;
  }

  caf::actor_system& system_;
  chain_actor chain_;
};

}  // namespace

std::unique_ptr<chain_gateway> make_actor_chain(caf::actor_system& system, chain_actor chain) {
  return std::make_unique<actor_chain>(system, std::move(chain));
}

}  // namespace landfall::executor::api
