#pragma once

#include <cstdint>
#include <memory>

#include "common/domain/token_amount.hpp"
#include "common/solana/message.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/order/build/core/guard.hpp"
#include "executor-service/order/core/account_set.hpp"

namespace landfall::executor {

struct maker_policy {
  solana::pubkey maker;
  solana::pubkey fee_payer;
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey output_account;
  solana::pubkey input_mint;
  solana::pubkey input_token_program;
  solana::pubkey output_mint;
  solana::pubkey output_token_program;
  domain::token_amount input_amount;
  /// What the maker has to pay: not a unit less.
  domain::token_amount output_amount;
  /// What the fee payer may be asked for: the rent of the output account.
  std::uint64_t max_rent_lamports = 0;
  /// What no maker can be, besides fee payer, vault and this order's accounts: the wallet, the accounts of its orders.
  solana::pubkey wallet;
  std::shared_ptr<const account_set> wallet_accounts;
};

/// A message that a market maker will complete, last thing before we sign our part of it. It is read anew from the
/// message itself, instruction by instruction, whoever composed it: the maker pays the fee, the order account gives
/// exactly the input to the maker's own token account, the output account gets at least the agreed amount under the
/// maker's signature, the fee payer pays for nothing but the output account's rent, nothing else happens, and nothing
/// is taken from a lookup table.
[[nodiscard]] guard_result check_maker_message(const solana::message& message, const maker_policy& policy);

/// Whether a key that a quote names can be a maker's at all.
[[nodiscard]] guard_result check_maker_key(const maker_policy& policy);

}  // namespace landfall::executor
