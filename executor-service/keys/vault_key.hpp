#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "common/domain/result.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor {

/// The key pair of a wallet's vault. The same master secret and wallet always give the same vault: nothing is stored,
/// and the domain string never changes, as money lies at the addresses it gives.
[[nodiscard]] inline solana::keypair vault_keypair(std::span<const std::uint8_t, 32> master,
                                                   const solana::pubkey& wallet) {
  auto key = solana::derive_keypair(master, "landfall vault v1", wallet.view());
  if (!key)
    domain::broken_invariant("no guarded memory for a vault's key");
  return std::move(key).value();
}

}  // namespace landfall::executor
