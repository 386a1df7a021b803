#pragma once

#include <optional>

#include "common/solana/token.hpp"
#include "executor-service/actors/chain.hpp"
#include "executor-service/core/consequence.hpp"
#include "executor-service/core/order.hpp"

namespace landfall::executor {

/// Whether the one account that was read is the order account with the whole deposit in it.
[[nodiscard]] inline bool holds_deposit(const order& o, const chain::accounts_read& read) {
  const auto& account = read.view.accounts.front();
  if (!account || account->owner != o.input.token_program)
    return false;
  const auto decoded = solana::token::decode_account(account->data);
  return decoded.ok() && decoded->owner == o.vault && decoded->mint == o.input.mint &&
         decoded->amount >= o.input_amount.units();
}

/// The balance of the one account that was read, under this token program. Nothing if its data cannot be read: that is
/// no balance, and no absence either.
[[nodiscard]] inline std::optional<balance_observation> balance_in(const chain::accounts_read& read,
                                                                   const solana::pubkey& token_program) {
  balance_observation balance{read.endpoint, read.view.context_slot, std::nullopt};
  const auto& account = read.view.accounts.front();
  if (!account || account->owner != token_program)
    return balance;
  const auto decoded = solana::token::decode_account(account->data);
  if (!decoded.ok())
    return std::nullopt;
  balance.balance = domain::token_amount{decoded->amount};
  return balance;
}

/// What a finalized swap moved in the order's accounts.
[[nodiscard]] inline swap_record swap_record_of(const order& o, const transaction_view& view) {
  const auto delta = [&](const solana::pubkey& account) -> std::optional<domain::int128> {
    const auto change = view.token_delta(account);
    return change ? std::optional{change->delta()} : std::nullopt;
  };
  return {delta(o.order_account), delta(o.output_account), view.err.has_value()};
}

}  // namespace landfall::executor
