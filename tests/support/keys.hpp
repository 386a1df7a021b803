#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/solana/pubkey.hpp"

namespace landfall::tests {

/// N bytes of the value `n`.
template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> filled(std::uint8_t n) {
  std::array<std::uint8_t, N> raw{};
  raw.fill(n);
  return raw;
}

/// A different key for each n.
[[nodiscard]] inline solana::pubkey key(std::uint8_t n) {
  return solana::pubkey{filled<32>(n)};
}

/// A different signature for each n, never the zero signature.
[[nodiscard]] inline solana::signature signature(std::size_t n) {
  std::array<std::uint8_t, 64> raw{};
  raw[0] = static_cast<std::uint8_t>(n);
  raw[1] = static_cast<std::uint8_t>(n >> 8U);
  raw[2] = 1;
  return solana::signature{raw};
}

}  // namespace landfall::tests
