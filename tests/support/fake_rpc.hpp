#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "executor-service/chain/rpc/rpc_api.hpp"
#include "tests/support/keys.hpp"

namespace landfall::tests {

[[nodiscard]] inline executor::rpc_error rpc_failure(executor::rpc_error::kind what, std::int64_t code = 0) {
  executor::rpc_error e;
  e.what = what;
  e.code = code;
  e.message = "fake error";
  return e;
}

/// An RPC endpoint that answers at once from what the test set up, and counts its calls by method: "epoch",
/// "blockhash", "send", "simulate", "statuses", "history", "accounts", "transaction", "rent", "fees", "valid",
/// "health", "genesis".
class fake_rpc : public executor::rpc_api {
public:
  explicit fake_rpc(std::string n) : name_(std::move(n)) {}

  // --- what it answers
  executor::epoch_view finalized{1'200, 1'000};
  executor::epoch_view confirmed{1'230, 1'030};
  /// Of statuses.
  std::uint64_t context_slot = 1'232;
  std::uint64_t last_valid = 1'180;
  std::map<solana::signature, executor::status_view> known;
  std::map<solana::signature, executor::transaction_view> landed;
  std::map<solana::pubkey, executor::account_info> held_accounts;
  std::vector<executor::priority_fee_sample> fees;
  /// Of every account, newest first.
  std::vector<executor::address_signature_view> history;

  // --- how it answers
  /// The error of every call.
  std::optional<executor::rpc_error> fails;
  /// Methods, by their names as above, that are unreachable whatever the others are.
  std::set<std::string> unreachable;
  /// Without history a search of it is refused.
  bool has_history = true;
  /// One status less than asked for.
  bool short_reply = false;
  /// Keeps answers in `held` until `release`.
  bool hold = false;
  bool spare = true;
  std::deque<std::function<void()>> held;
  /// Called before accounts are shown, so that a test can act in between.
  std::function<void()> before_accounts;

  // --- what it was asked
  std::map<std::string, int> calls;
  std::vector<std::string> order;
  std::vector<solana::bytes> sent;

  /// Answers the call that is held longest; calls that it leads to are held as well.
  void release_one() {
    const auto first = std::move(held.front());
    held.pop_front();
    first();
  }
  void release() {
    hold = false;
    while (!held.empty())
      release_one();
  }
  void add_blocks(std::uint64_t count) {
    for (auto* number : {&finalized.absolute_slot, &finalized.block_height, &confirmed.absolute_slot,
                         &confirmed.block_height, &context_slot, &last_valid})
      *number += count;
  }

  const std::string& name() const noexcept override {
    return name_;
  }
  bool has_spare() const override {
    return spare;
  }
  void epoch_info(executor::commitment level, executor::rpc_done<executor::epoch_view> done) override {
    answer("epoch", std::move(done), bank_at(level));
  }
  void latest_blockhash(executor::commitment level, executor::rpc_done<executor::latest_blockhash_view> done) override {
    answer("blockhash", std::move(done), {bank_at(level).absolute_slot, {}, last_valid});
  }
  void send_transaction(solana::bytes transaction, executor::send_options,
                        executor::rpc_done<solana::signature> done) override {
    sent.push_back(std::move(transaction));
    answer("send", std::move(done), signature(0));
  }
  void simulate(solana::bytes, executor::simulate_options, executor::rpc_done<executor::simulation> done) override {
    executor::simulation s;
    s.context_slot = confirmed.absolute_slot;
    answer("simulate", std::move(done), std::move(s));
  }
  void signature_statuses(std::vector<solana::signature> asked, bool search_history,
                          executor::rpc_done<executor::statuses_view> done) override {
    executor::statuses_view view;
    view.context_slot = context_slot;
    for (const auto& id : asked)
      view.statuses.push_back(found(known, id));
    if (short_reply)
      view.statuses.pop_back();
    if (search_history && !has_history)
      return done(domain::failure{rpc_failure(executor::rpc_error::kind::rpc, -32011)});
    answer("statuses", std::move(done), std::move(view));
  }
  void address_signatures(solana::pubkey, std::optional<solana::signature> before, std::optional<std::uint64_t>,
                          executor::rpc_done<std::vector<executor::address_signature_view>> done) override {
    auto from = history.begin();
    if (before)
      from = std::ranges::find(history, *before, &executor::address_signature_view::id) + 1;
    const auto count = std::min<std::ptrdiff_t>(history.end() - from, executor::max_address_signatures_per_call);
    answer("history", std::move(done), {from, from + count});
  }
  void accounts(std::vector<solana::pubkey> keys, executor::commitment level, std::optional<std::uint64_t>,
                executor::rpc_done<executor::accounts_view> done) override {
    if (before_accounts)
      before_accounts();
    executor::accounts_view view{bank_at(level).absolute_slot, {}};
    for (const auto& k : keys)
      view.accounts.push_back(found(held_accounts, k));
    answer("accounts", std::move(done), std::move(view));
  }
  void transaction(solana::signature id, executor::commitment,
                   executor::rpc_done<std::optional<executor::transaction_view>> done) override {
    answer("transaction", std::move(done), found(landed, id));
  }
  void minimum_balance_for_rent_exemption(std::uint64_t space, executor::rpc_done<std::uint64_t> done) override {
    answer("rent", std::move(done), (space + 128) * 6'960);
  }
  void recent_prioritization_fees(std::vector<solana::pubkey>,
                                  executor::rpc_done<std::vector<executor::priority_fee_sample>> done) override {
    answer("fees", std::move(done), fees);
  }
  void is_blockhash_valid(solana::blockhash, executor::commitment, std::optional<std::uint64_t>,
                          executor::rpc_done<executor::blockhash_validity> done) override {
    answer("valid", std::move(done), {});
  }
  void health(executor::rpc_done<domain::done> done) override {
    answer("health", std::move(done), {});
  }
  void genesis_hash(executor::rpc_done<solana::blockhash> done) override {
    answer("genesis", std::move(done), {});
  }

private:
  [[nodiscard]] const executor::epoch_view& bank_at(executor::commitment level) const {
    return level == executor::commitment::finalized ? finalized : confirmed;
  }

  template <class Key, class Value>
  static std::optional<Value> found(const std::map<Key, Value>& all, const Key& key) {
    const auto one = all.find(key);
    return one == all.end() ? std::nullopt : std::optional{one->second};
  }

  template <class T>
  void answer(const std::string& method, executor::rpc_done<T> done, std::type_identity_t<T> value) {
    ++calls[method];
    order.push_back(method);
    executor::rpc_result<T> r{std::move(value)};
    if (unreachable.contains(method))
      r = domain::failure{rpc_failure(executor::rpc_error::kind::unreachable)};
    else if (fails)
      r = domain::failure{*fails};
    if (hold)
      held.push_back([done, r] { done(r); });
    else
      done(std::move(r));
  }

  std::string name_;
};

}  // namespace landfall::tests
