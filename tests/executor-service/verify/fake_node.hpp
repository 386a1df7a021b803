#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_rpc.hpp"
#include "tests/support/token_accounts.hpp"

namespace landfall::executor::tests {

/// An endpoint that shows accounts and transactions of orders, all of them finalized.
class fake_node final : public landfall::tests::fake_rpc {
public:
  explicit fake_node(std::string name) : fake_rpc(std::move(name)) {
    finalized = {2'000, below_attempts_lives};
    context_slot = finalized.absolute_slot;
  }

  void finalize(std::uint64_t slots) {
    finalized.absolute_slot += slots;
    context_slot += slots;
  }
  void holds(const std::string& account, std::string_view mint, const std::string& owner, std::uint64_t amount) {
    held_accounts[parsed(account)] = landfall::tests::token_account(parsed(mint), parsed(owner), amount);
  }
  void closes(const std::string& account) {
    held_accounts.erase(parsed(account));
  }

  struct balance_change {
    std::string account;
    std::string_view mint;
    std::uint64_t before;
    std::uint64_t after;
  };
  void lands(const std::string& signature, std::uint64_t slot, const std::vector<balance_change>& changes) {
    const auto id = *solana::signature::parse(signature);
    known[id] = {slot, commitment::finalized, {}};
    transaction_view t;
    t.slot = slot;
    for (const auto& c : changes) {
      t.pre_token_balances.push_back({parsed(c.account), parsed(c.mint), {}, c.before});
      t.post_token_balances.push_back({parsed(c.account), parsed(c.mint), {}, c.after});
    }
    landed[id] = t;
  }

private:
  /// The fixtures' attempts live to block 1000.
  static constexpr std::uint64_t below_attempts_lives = 900;

  static solana::pubkey parsed(std::string_view text) {
    return *solana::pubkey::parse(text);
  }
};

}  // namespace landfall::executor::tests
