#include "common/solana/pubkey.hpp"

#include <sodium.h>

#include <cstring>

#include "common/solana/crypto.hpp"

namespace landfall::solana {

namespace detail {

std::size_t hash_bytes(byte_view data) noexcept {
  static const auto secret = [] {
    initialize_crypto();
    std::array<std::uint8_t, crypto_shorthash_KEYBYTES> key{};
    crypto_shorthash_keygen(key.data());
    return key;
  }();
  std::array<std::uint8_t, crypto_shorthash_BYTES> digest{};
  crypto_shorthash(digest.data(), data.data(), data.size(), secret.data());
  static_assert(sizeof(std::size_t) <= digest.size());
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

}  // namespace detail
}  // namespace landfall::solana
