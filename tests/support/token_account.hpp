#pragma once

#include <algorithm>
#include <cstdint>

#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::tests {

/// The data of a plain SPL token account.
inline solana::bytes token_account_bytes(const solana::pubkey& mint, const solana::pubkey& owner,
                                         std::uint64_t amount) {
  solana::bytes data(165, 0);
  std::ranges::copy(mint.bytes(), data.begin());
  std::ranges::copy(owner.bytes(), data.begin() + 32);
  for (unsigned i = 0; i < 8; ++i)
    data[64 + i] = static_cast<std::uint8_t>(amount >> (8 * i));
  data[108] = 1;
  return data;
}

}  // namespace landfall::tests
