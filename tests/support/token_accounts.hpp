#pragma once

#include <algorithm>
#include <cstdint>

#include "common/solana/bytes.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/pubkey.hpp"
#include "common/solana/rpc_types.hpp"
#include "common/solana/token.hpp"

namespace landfall::tests {

/// Lamports that make a plain token account rent-exempt.
inline constexpr std::uint64_t token_account_rent = 2'039'280;

/// The data of a plain, initialized SPL token account.
[[nodiscard]] inline solana::bytes token_account_data(const solana::pubkey& mint, const solana::pubkey& owner,
                                                      std::uint64_t amount) {
  solana::bytes data(solana::token::account_bytes, 0);
  std::copy(mint.bytes().begin(), mint.bytes().end(), data.begin());
  std::copy(owner.bytes().begin(), owner.bytes().end(), data.begin() + 32);
  for (unsigned i = 0; i < 8; ++i)
    data[64 + i] = static_cast<std::uint8_t>(amount >> (8 * i));
  data[108] = 1;
  return data;
}

/// A token account as an RPC endpoint shows it.
[[nodiscard]] inline solana::account_info token_account(const solana::pubkey& mint, const solana::pubkey& owner,
                                                        std::uint64_t amount) {
  return {token_account_rent, solana::programs::token, token_account_data(mint, owner, amount), false};
}

}  // namespace landfall::tests
