#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/solana/programs.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor::tests {

/// An endpoint that answers at once from what the test set up.
class fake_chain final : public rpc_api {
public:
  explicit fake_chain(std::string name) : name_(std::move(name)) {}

  std::uint64_t finalized = 2'000;
  /// Below what the fixtures' attempts live to.
  std::uint64_t finalized_height = 900;
  bool down = false;
  /// Keeps every answer back.
  bool silent = false;
  /// Answers everything but what became of signatures.
  bool without_statuses = false;
  std::map<solana::pubkey, account_info> held;
  std::map<solana::signature, status_view> known;
  std::map<solana::signature, transaction_view> records;
  /// Called before accounts are shown: what happens meanwhile.
  std::function<void()> meanwhile;
  int transactions_asked = 0;

  /// A token account of 165 bytes.
  void holds(const std::string& account, std::string_view mint, const std::string& owner, std::uint64_t amount) {
    solana::bytes data(165);
    const auto put = [&](std::size_t at, std::string_view key) {
      const auto parsed = *solana::pubkey::parse(key);
      std::copy(parsed.bytes().begin(), parsed.bytes().end(), data.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(0, mint);
    put(32, owner);
    for (std::size_t i = 0; i < 8; ++i)
      data[64 + i] = static_cast<std::uint8_t>(amount >> (8 * i));
    data[108] = 1;
    held[*solana::pubkey::parse(account)] = {2'039'280, solana::programs::token, data, false};
  }
  void closes(const std::string& account) {
    held.erase(*solana::pubkey::parse(account));
  }

  struct moved_tokens {
    std::string account;
    std::string_view mint;
    std::uint64_t before;
    std::uint64_t after;
  };
  void landed(const std::string& signature, std::uint64_t slot, const std::vector<moved_tokens>& moves) {
    const auto id = *solana::signature::parse(signature);
    known[id] = {slot, commitment::finalized, {}};
    transaction_view t;
    t.slot = slot;
    for (const auto& m : moves) {
      const token_balance_entry before{*solana::pubkey::parse(m.account), *solana::pubkey::parse(m.mint), {}, m.before};
      auto after = before;
      after.amount = m.after;
      t.pre_token_balances.push_back(before);
      t.post_token_balances.push_back(after);
    }
    records[id] = t;
  }

  /// Gives the answers that were kept back.
  void answer_late() {
    for (const auto& give : std::exchange(kept_back_, {}))
      give();
  }

  const std::string& name() const noexcept override {
    return name_;
  }
  void epoch_info(commitment, rpc_done<epoch_view> done) override {
    answer(std::move(done), epoch_view{finalized, finalized_height});
  }
  void signature_statuses(std::vector<solana::signature> asked, bool, rpc_done<statuses_view> done) override {
    statuses_view view;
    view.context_slot = finalized;
    for (const auto& id : asked) {
      const auto found = known.find(id);
      view.statuses.push_back(found == known.end() ? std::nullopt : std::optional{found->second});
    }
    answer(std::move(done), std::move(view), without_statuses);
  }
  void address_signatures(solana::pubkey, std::optional<solana::signature>, std::optional<std::uint64_t>,
                          rpc_done<std::vector<address_signature_view>> done) override {
    answer(std::move(done), std::vector<address_signature_view>{});
  }
  void accounts(std::vector<solana::pubkey> keys, commitment, std::optional<std::uint64_t>,
                rpc_done<accounts_view> done) override {
    if (meanwhile)
      meanwhile();
    accounts_view view;
    view.context_slot = finalized;
    for (const auto& key : keys) {
      const auto found = held.find(key);
      view.accounts.push_back(found == held.end() ? std::nullopt : std::optional{found->second});
    }
    answer(std::move(done), std::move(view));
  }
  void transaction(solana::signature id, commitment, rpc_done<std::optional<transaction_view>> done) override {
    ++transactions_asked;
    const auto found = records.find(id);
    answer(std::move(done), found == records.end() ? std::optional<transaction_view>{} : std::optional{found->second});
  }

  void latest_blockhash(commitment, rpc_done<latest_blockhash_view> done) override {
    answer(std::move(done), latest_blockhash_view{});
  }
  void send_transaction(solana::bytes, send_options, rpc_done<solana::signature> done) override {
    answer(std::move(done), solana::signature{});
  }
  void simulate(solana::bytes, simulate_options, rpc_done<simulation> done) override {
    answer(std::move(done), simulation{});
  }
  void minimum_balance_for_rent_exemption(std::uint64_t, rpc_done<std::uint64_t> done) override {
    answer(std::move(done), std::uint64_t{0});
  }
  void recent_prioritization_fees(std::vector<solana::pubkey>,
                                  rpc_done<std::vector<priority_fee_sample>> done) override {
    answer(std::move(done), std::vector<priority_fee_sample>{});
  }
  void is_blockhash_valid(solana::blockhash, commitment, std::optional<std::uint64_t>,
                          rpc_done<blockhash_validity> done) override {
    answer(std::move(done), blockhash_validity{});
  }
  void health(rpc_done<domain::done> done) override {
    answer(std::move(done), domain::done{});
  }
  void genesis_hash(rpc_done<solana::blockhash> done) override {
    answer(std::move(done), solana::blockhash{});
  }

private:
  template <class T>
  void answer(rpc_done<T> done, T value, bool refused = false) {
    if (silent)
      return kept_back_.push_back([done = std::move(done), value = std::move(value)] { done(value); });
    if (!down && !refused)
      return done(std::move(value));
    rpc_error e;
    e.what = rpc_error::kind::unreachable;
    done(domain::failure{e});
  }

  std::string name_;
  std::vector<std::function<void()>> kept_back_;
};

}  // namespace landfall::executor::tests
