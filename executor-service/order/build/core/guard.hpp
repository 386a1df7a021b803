#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/domain/result.hpp"
#include "common/domain/token_amount.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/instruction.hpp"
#include "common/solana/message.hpp"
#include "common/solana/pubkey.hpp"
#include "common/solana/rpc_types.hpp"
#include "executor-service/order/core/account_set.hpp"

namespace landfall::executor {

/// Checks before anything is signed. The router, and an endpoint's simulation, count as hostile.

/// Why it must not be signed: one sentence for people and for the order's history.
struct guard_error {
  std::string sentence;
};

using guard_result = domain::result<domain::done, guard_error>;

struct router_policy {
  solana::pubkey vault;
  solana::pubkey fee_payer;
  solana::pubkey order_account;
  solana::pubkey output_account;
  solana::pubkey vault_token_account;
  /// What the router may take out of `vault_token_account` by plain token transfers.
  domain::token_amount input_amount;
  /// Programs that a router instruction may call at the top level. Token, associated token and memo programs count too
  /// and have to be listed; System and ComputeBudget are refused even if they are.
  std::vector<solana::pubkey> allowed_programs;
  /// Accounts of the wallet's orders, for which the same vault signs: none but this order's output account may appear.
  std::shared_ptr<const account_set> wallet_accounts;
  std::size_t max_instructions = 16;
  std::size_t max_accounts = 96;
  std::size_t max_data_bytes = 1024;
};

/// Instructions of the router, before they become part of a transaction that the vault signs.
///
/// - only the vault may be asked to sign; the fee payer appears nowhere, except as payer of a new associated token
///   account of the vault
/// - the order account appears nowhere: it is emptied by our own transfer only
/// - of the token programs only what gives nothing else away: transfers out of the vault's token account up to
///   `input_amount`, transfers into the output account, SyncNative, and batches of these; never Approve, SetAuthority,
///   CloseAccount, Burn, …
[[nodiscard]] guard_result check_router_instructions(std::span<const solana::instruction> instructions,
                                                     const router_policy& policy);

/// Before and after a simulated transaction; nothing where the account does not exist.
struct account_change {
  std::optional<solana::account_info> before;
  std::optional<solana::account_info> after;
};

struct simulated_swap {
  account_change order_account;
  account_change output_account;
  account_change vault_token_account;
  account_change fee_payer;
  /// All other accounts that the router's instructions may write. One among them may be the vault's too, for example
  /// another order's: it must not lose anything.
  std::vector<account_change> others;
};

struct swap_expectation {
  solana::pubkey vault;
  solana::pubkey input_mint;
  solana::pubkey input_token_program;
  solana::pubkey output_mint;
  solana::pubkey output_token_program;
  domain::token_amount input_amount;
  domain::token_amount minimum_output;
  /// Whether the input passes through the vault's token account; otherwise that is left as it is, missing or not.
  bool through_vault_token_account = true;
};

/// What a swap would do: the order account gives just the input, the output account gets the minimum or more, the
/// vault's token account ends as it began, all three stay the vault's and nobody else's, the fee payer stays a plain
/// wallet, and no other token account of the vault's changes for the worse. The balances
/// before were read earlier than the simulation: what others pay in between, up to a thousandth of the input, is
/// allowed.
[[nodiscard]] guard_result check_simulation(const simulated_swap& seen, const swap_expectation& expected);

struct outlay_policy {
  solana::pubkey fee_payer;
  std::uint64_t token_account_rent_lamports = 0;
  std::uint64_t max_lamports = 0;
};

/// What the fee payer pays at most, by the instructions alone: the fee, what is transferred from it, and the rent of
/// each associated token account that it pays for. It appears in no other instruction (`check_router_instructions`), so
/// nothing else can take from it. No endpoint's word, and nothing that others pay at the same time, is in it.
[[nodiscard]] guard_result check_outlay(std::span<const solana::instruction> instructions, const outlay_policy& policy);

struct compiled_policy {
  solana::pubkey fee_payer;
  solana::pubkey vault;
  /// Accounts of ours that must be named in the message itself: what a lookup table holds is only an endpoint's word.
  std::vector<solana::pubkey> own_accounts;
  /// Our own instructions and the checked ones of the router, in order: the message must hold these and no others.
  std::vector<solana::instruction> instructions;
  std::vector<solana::address_lookup_table> lookup_tables;
};

/// The whole transaction, last thing before it is signed: well-formed, signed by exactly fee payer and vault with the
/// fee payer first, no larger than a packet, and made of just the given instructions.
[[nodiscard]] guard_result check_compiled(const solana::message& message, const compiled_policy& policy);

}  // namespace landfall::executor
