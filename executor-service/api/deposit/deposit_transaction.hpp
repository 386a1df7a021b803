#pragma once

#include <cstdint>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/message.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor::api {

/// What a deposit moves, and into which order account. Amounts are in smallest units, the rent in lamports.
struct deposit_terms {
  domain::deposit_request_id request;
  solana::pubkey wallet;
  solana::pubkey vault;
  solana::pubkey mint;
  solana::pubkey token_program;
  int decimals = 0;
  domain::token_amount amount;
  std::uint64_t token_account_rent = 0;
  solana::blockhash recent_blockhash;
};

enum class deposit_error {
  amount_too_large,  ///< lamports and rent together do not fit 64 bits
  not_composable,    ///< the parts make no message
};

/// The order account of a deposit: seeded by the wallet with the request's 32 hex digits.
[[nodiscard]] solana::pubkey order_account_of(const solana::pubkey& wallet, const domain::deposit_request_id& request,
                                              const solana::pubkey& token_program);

/// The output account of an order: seeded by the vault with the order's 32 hex digits.
[[nodiscard]] solana::pubkey output_account_of(const solana::pubkey& vault, const domain::order_id& order,
                                               const solana::pubkey& token_program);

/// The legacy message of docs/decisions/0001-custody-on-chain.md, "Deposit": paid and signed by the wallet alone. Pure.
[[nodiscard]] domain::result<solana::message, deposit_error> deposit_message(const deposit_terms& terms);

}  // namespace landfall::executor::api
