#pragma once

#include <optional>

#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/chain/protocol.hpp"
#include "executor-service/order/core/consequence.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// The vault's balance of this token in the one account that was read. None in anything else that the address may hold:
/// whoever owns the wallet that it is derived from can make an account of another kind, mint or owner there.
[[nodiscard]] inline balance_observation balance_in(const chain::accounts_read& read, const token& t,
                                                    const solana::pubkey& vault) {
  balance_observation balance{read.endpoint, read.view.context_slot, std::nullopt};
  const auto& account = read.view.accounts.front();
  if (!account || account->owner != t.token_program)
    return balance;
  const auto decoded = solana::token::decode_account(account->data);
  if (decoded.ok() && decoded->owner == vault && decoded->mint == t.mint)
    balance.balance = domain::token_amount{decoded->amount};
  return balance;
}

/// The search for an attempt that a maker signs last; nothing if the stored bytes are no transaction, or no deposit is.
[[nodiscard]] inline std::optional<chain::history_request> history_request_of(const order& o, const attempt& a,
                                                                              caf::actor_addr to) {
  const auto tx = solana::parse_transaction(a.transaction);
  const auto* deposit = o.latest(attempt_kind::deposit);
  if (!tx || deposit == nullptr || !deposit->signature)
    return std::nullopt;
  return chain::history_request{a.id,
                                solana::message_bytes(*tx),
                                tx->body.static_keys.front(),
                                o.order_account,
                                o.input.token_program,
                                *deposit->signature,
                                std::move(to)};
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
