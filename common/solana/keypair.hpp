#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::solana {

enum class key_error {
  malformed,          ///< not a JSON array of 64 bytes, or not base58 of 64 bytes
  mismatched_halves,  ///< the public half does not belong to the secret half
  empty_domain,       ///< keys are never derived without a domain
  no_secure_memory,   ///< the operating system refused guarded memory
};

[[nodiscard]] std::string_view to_string(key_error error) noexcept;

/// An ed25519 key pair. The secret lies in guarded, locked memory and is wiped at destruction. It can be moved, not
/// copied, and never printed. A moved-from key pair may only be destroyed or assigned to.
class keypair {
public:
  /// From the 32-byte RFC 8032 seed.
  [[nodiscard]] static domain::result<keypair, key_error> from_seed(std::span<const std::uint8_t, 32> seed);

  /// From seed ‖ public key; refused unless the public key belongs to the seed.
  [[nodiscard]] static domain::result<keypair, key_error> from_secret_bytes(std::span<const std::uint8_t, 64> secret);

  /// From the text of a solana-keygen file: `[12,34,…]`, 64 numbers of 0 to 255, white space allowed between tokens.
  [[nodiscard]] static domain::result<keypair, key_error> from_json_array(std::string_view text);

  keypair(keypair&&) noexcept = default;
  keypair& operator=(keypair&&) noexcept = default;
  keypair(const keypair&) = delete;
  keypair& operator=(const keypair&) = delete;
  ~keypair() = default;

  [[nodiscard]] const pubkey& public_key() const noexcept {
    return public_key_;
  }

  /// The RFC 8032 signature of exactly these bytes; deterministic.
  [[nodiscard]] signature sign(byte_view message) const;

  friend std::ostream& operator<<(std::ostream&, const keypair&) = delete;

private:
  struct secure_free {
    void operator()(std::uint8_t* memory) const noexcept;
  };
  using secret_memory = std::unique_ptr<std::uint8_t[], secure_free>;

  keypair(secret_memory secret, const pubkey& key) noexcept;

  /// 64 bytes: seed ‖ public key.
  secret_memory secret_;
  pubkey public_key_;
};

/// Whether `sig` is `key`'s signature of `message`: the checks of libsodium (canonical S, no small-order key).
[[nodiscard]] bool verify(const pubkey& key, byte_view message, const signature& sig);

/// A key pair that only the holder of `master_secret` can compute, a different one for every domain and context.
///
///   seed = HMAC-SHA-256(key = master_secret,
///                       "landfall.keypair.v1" ‖ 00 ‖ u64le(|domain|) ‖ domain ‖ u64le(|context|) ‖ context)
///
/// `domain` names the purpose (`"vault"`), `context` whose it is (a wallet's 32 bytes). The construction is frozen:
/// another one would need another label, as money lies at the addresses it gives.
[[nodiscard]] domain::result<keypair, key_error> derive_keypair(std::span<const std::uint8_t, 32> master_secret,
                                                                std::string_view domain, byte_view context);

}  // namespace landfall::solana
