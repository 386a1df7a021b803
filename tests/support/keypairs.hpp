#pragma once

#include "common/solana/keypair.hpp"
#include "tests/support/keys.hpp"

namespace landfall::tests {

/// A different key pair for each n, of 32 bytes `n` as seed.
[[nodiscard]] inline solana::keypair keypair(std::uint8_t n) {
  return std::move(solana::keypair::from_seed(filled<32>(n))).value();
}

/// The public key of `keypair(n)`: on the curve, so that it can sign.
[[nodiscard]] inline solana::pubkey signer_key(std::uint8_t n) {
  return keypair(n).public_key();
}

}  // namespace landfall::tests
