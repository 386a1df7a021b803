#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::simulation {

/// Names made of a number, so that a signature leads to its transaction without a search.
template <std::size_t Size>
std::array<std::uint8_t, Size> bytes_of(std::uint64_t number) {
  std::array<std::uint8_t, Size> bytes{};
  for (std::size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return bytes;
}

template <class Bytes>
std::uint64_t number_of(const Bytes& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i)
    number |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return number;
}

/// Numbers of transactions start at 1 here: a zero signature is none.
inline solana::signature signature_of(std::size_t transaction) {
  return solana::signature{bytes_of<64>(transaction + 1)};
}
inline std::size_t transaction_of(const solana::signature& s) {
  return static_cast<std::size_t>(number_of(s.bytes())) - 1;
}

}  // namespace landfall::simulation
