#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/solana/instruction.hpp"
#include "common/solana/message.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// The instructions of the executor's transactions, as docs/decisions/0001-custody-on-chain.md describes them. Pure.
/// Amounts are in smallest units, lamports for rent.

struct fee_settings {
  std::uint32_t compute_unit_limit = 1'400'000;
  std::uint64_t compute_unit_price_micro_lamports = 0;
};

/// What an account of an order holds right now, where it exists.
struct token_balance {
  std::uint64_t lamports = 0;
  /// Nothing where the account is not a token account yet (missing, or lamports sent ahead by a stranger).
  std::optional<domain::token_amount> amount;
};

/// The vault's own token account of the input mint: every swap passes through it.
[[nodiscard]] solana::pubkey vault_input_account(const order& o);

/// `router` are the router's instructions in their order; `output` is what the output account holds now. The last
/// instruction fails the whole where the output account has not got `minimum_output` more, whatever the route did.
[[nodiscard]] std::vector<solana::instruction> swap_instructions(const order& o, const solana::pubkey& fee_payer,
                                                                 const fee_settings& fees, const token_balance& output,
                                                                 std::uint64_t token_account_rent,
                                                                 std::span<const solana::instruction> router,
                                                                 domain::token_amount minimum_output);

/// A swap against a market maker, whose signature is the first in the transaction and the last in time: all of the
/// order's input for exactly `output_amount`. `fee_payer` pays nothing but the output account's rent, where that is
/// missing.
struct maker_terms {
  solana::pubkey maker;
  domain::token_amount output_amount;
};
[[nodiscard]] std::vector<solana::instruction> maker_swap_instructions(const order& o, const solana::pubkey& fee_payer,
                                                                       const fee_settings& fees,
                                                                       const token_balance& output,
                                                                       std::uint64_t token_account_rent,
                                                                       const maker_terms& terms);

/// Pays `amount`, what the finalized swap brought, to the user's wallet; fails on chain where the output account does
/// not hold it.
[[nodiscard]] std::vector<solana::instruction> payout_instructions(const order& o, const solana::pubkey& fee_payer,
                                                                   const fee_settings& fees,
                                                                   domain::token_amount amount);

/// Refunds `amount`, the deposit, to the wallet; of SOL whatever the account holds.
[[nodiscard]] std::vector<solana::instruction> refund_instructions(const order& o, const solana::pubkey& fee_payer,
                                                                   const fee_settings& fees,
                                                                   domain::token_amount amount);

/// Closes what is left of the order's accounts; empty if there is nothing to close. An account that is missing is given
/// as nothing.
[[nodiscard]] std::vector<solana::instruction> close_instructions(const order& o, const solana::pubkey& fee_payer,
                                                                  const fee_settings& fees,
                                                                  const std::optional<token_balance>& order_account,
                                                                  const std::optional<token_balance>& output_account);

}  // namespace landfall::executor
