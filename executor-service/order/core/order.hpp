#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/domain/order_state.hpp"
#include "common/domain/time.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/order/core/account_set.hpp"

namespace landfall::executor {

/// A token as the table `token` has it.
struct token {
  solana::pubkey mint;
  std::string symbol;
  int decimals = 0;
  solana::pubkey token_program;
};

/// What an attempt is for. The names are those of the column `attempt.kind`.
enum class attempt_kind : std::uint8_t { deposit, swap, payout, refund, close };

[[nodiscard]] constexpr std::string_view to_string(attempt_kind kind) {
  constexpr std::array<std::string_view, 5> names{"deposit", "swap", "payout", "refund", "close"};
  return names[static_cast<std::size_t>(kind)];
}
[[nodiscard]] constexpr std::optional<attempt_kind> parse_attempt_kind(std::string_view name) {
  for (int i = 0; i < 5; ++i)
    if (to_string(static_cast<attempt_kind>(i)) == name)
      return static_cast<attempt_kind>(i);
  return std::nullopt;
}

enum class attempt_outcome : std::uint8_t { landed, landed_failed, dead };

[[nodiscard]] constexpr std::string_view to_string(attempt_outcome outcome) {
  constexpr std::array<std::string_view, 3> names{"landed", "landed_failed", "dead"};
  return names[static_cast<std::size_t>(outcome)];
}
[[nodiscard]] constexpr std::optional<attempt_outcome> parse_attempt_outcome(std::string_view name) {
  for (int i = 0; i < 3; ++i)
    if (to_string(static_cast<attempt_outcome>(i)) == name)
      return static_cast<attempt_outcome>(i);
  return std::nullopt;
}

/// One stored attempt, as far as the executor acts on it. Amounts in smallest units.
struct attempt {
  domain::attempt_id id;
  attempt_kind kind = attempt_kind::deposit;
  int ordinal = 1;
  /// The transaction's id. Nothing: a maker signs last, and the chain has not shown the id yet.
  std::optional<solana::signature> signature;
  /// Name of the endpoint of the market maker that signs last and broadcasts. Nothing: all signatures are ours and the
  /// user's.
  std::optional<std::string> maker;
  std::vector<std::uint8_t> transaction;
  solana::blockhash blockhash;
  std::uint64_t last_valid_block_height = 0;
  std::optional<domain::token_amount> order_account_balance;
  std::optional<domain::token_amount> expected_input;
  std::optional<domain::token_amount> minimum_output;
  domain::utc_time signed_at;
  /// Seen at `confirmed` without error; may be taken back while there is no outcome.
  std::optional<std::uint64_t> confirmed_slot;
  std::optional<attempt_outcome> outcome;
  std::optional<std::uint64_t> slot;

  /// Under which a maker knows it; both of its protocol's ids are ours to choose.
  [[nodiscard]] std::string quote_id() const {
    return id.to_string();
  }
};

/// One stored order with its attempts, oldest first, as the lease holder loaded it.
struct order {
  domain::order_id id;
  domain::order_state state = domain::order_state::pending_deposit;
  solana::pubkey wallet;
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey output_account;
  token input;
  token output;
  domain::token_amount input_amount;
  std::optional<int> slippage_bps;
  domain::utc_time expires_at;
  /// When the crafted deposit can no longer be signed.
  domain::utc_time deposit_expires_at;
  /// When the trigger service last decided to execute it, if it ever did.
  std::optional<domain::utc_time> triggered_at;
  bool cancel_requested = false;
  /// Failed tries: swaps that were refused or signed without effect, and closes that were refused.
  int attempts_made = 0;
  std::optional<domain::token_amount> output_amount;
  std::uint64_t lease_epoch = 0;
  std::vector<attempt> attempts;
  /// Both accounts of each unfinished order of the wallet, this one's too: the same vault signs for them all. Shared by
  /// the orders that were loaded together; nothing for an order that was not loaded.
  std::shared_ptr<const account_set> wallet_accounts;

  [[nodiscard]] const attempt* latest(attempt_kind kind) const {
    const attempt* found = nullptr;
    for (const auto& a : attempts)
      if (a.kind == kind && (found == nullptr || a.ordinal > found->ordinal))
        found = &a;
    return found;
  }
  [[nodiscard]] const attempt* find(const domain::attempt_id& id_wanted) const {
    const auto at = std::find_if(attempts.begin(), attempts.end(), [&](const attempt& a) { return a.id == id_wanted; });
    return at == attempts.end() ? nullptr : &*at;
  }
  [[nodiscard]] attempt* find(const domain::attempt_id& id_wanted) {
    return const_cast<attempt*>(std::as_const(*this).find(id_wanted));
  }
  [[nodiscard]] int count(attempt_kind kind) const {
    return static_cast<int>(
        std::count_if(attempts.begin(), attempts.end(), [&](const attempt& a) { return a.kind == kind; }));
  }
  /// The one attempt of ours (not the user's deposit) without an outcome; null if there is none.
  [[nodiscard]] const attempt* unresolved() const {
    for (const auto& a : attempts)
      if (!a.outcome && a.kind != attempt_kind::deposit)
        return &a;
    return nullptr;
  }
};

}  // namespace landfall::executor
