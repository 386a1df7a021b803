#include "common/solana/keypair.hpp"

#include <sodium.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "common/solana/base58.hpp"
#include "common/solana/crypto.hpp"
#include "common/solana/wire.hpp"

namespace landfall::solana {
namespace {

static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_PUBLICKEYBYTES == 32);
static_assert(crypto_auth_hmacsha256_BYTES == 32 && crypto_auth_hmacsha256_KEYBYTES == 32);

/// Secret bytes on the stack that do not outlive their scope.
template <std::size_t Size>
struct wiped {
  wiped() = default;
  wiped(const wiped&) = delete;
  wiped& operator=(const wiped&) = delete;
  ~wiped() {
    sodium_memzero(data.data(), data.size());
  }

  std::array<std::uint8_t, Size> data{};
};

/// Reads `[n, n, …]` into `out`: as many numbers as it has room for, nothing before or after but white space.
bool parse_json_bytes(std::string_view text, std::span<std::uint8_t> out) {
  std::size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
      ++at;
  };
  const auto accept = [&](char c) {
    skip_space();
    if (at == text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  };
  if (!accept('['))
    return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i > 0 && !accept(','))
      return false;
    skip_space();
    const std::size_t start = at;
    unsigned value = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - start < 4)
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    const std::size_t digits = at - start;
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text[start] == '0'))
      return false;
    out[i] = static_cast<std::uint8_t>(value);
  }
  if (!accept(']'))
    return false;
  skip_space();
  return at == text.size();
}

}  // namespace

std::string_view to_string(key_error error) noexcept {
  switch (error) {
    case key_error::malformed:
      return "malformed";
    case key_error::mismatched_halves:
      return "mismatched_halves";
    case key_error::empty_domain:
      return "empty_domain";
    case key_error::no_secure_memory:
      return "no_secure_memory";
  }
  return "unknown";
}

void keypair::secure_free::operator()(std::uint8_t* memory) const noexcept {
  sodium_free(memory);  // wipes it first
}

keypair::keypair(secret_memory secret, const pubkey& key) noexcept : secret_{std::move(secret)}, public_key_{key} {}

domain::result<keypair, key_error> keypair::from_seed(std::span<const std::uint8_t, 32> seed) {
  initialize_crypto();
  secret_memory secret{static_cast<std::uint8_t*>(sodium_malloc(crypto_sign_SECRETKEYBYTES))};
  if (!secret)
    return domain::failure{key_error::no_secure_memory};
  std::array<std::uint8_t, 32> public_half{};
  crypto_sign_seed_keypair(public_half.data(), secret.get(), seed.data());
  sodium_mprotect_readonly(secret.get());
  return keypair{std::move(secret), pubkey{public_half}};
}

domain::result<keypair, key_error> keypair::from_secret_bytes(std::span<const std::uint8_t, 64> secret) {
  auto key = from_seed(secret.first<32>());
  if (key && sodium_memcmp(key->public_key().bytes().data(), secret.data() + 32, 32) != 0)
    return domain::failure{key_error::mismatched_halves};
  return key;
}

domain::result<keypair, key_error> keypair::from_json_array(std::string_view text) {
  wiped<64> secret;
  if (!parse_json_bytes(text, secret.data))
    return domain::failure{key_error::malformed};
  return from_secret_bytes(secret.data);
}

signature keypair::sign(byte_view message) const {
  if (!secret_)
    domain::broken_invariant("signing with a key pair that was moved from");
  std::array<std::uint8_t, 64> raw{};
  crypto_sign_detached(raw.data(), nullptr, message.data(), message.size(), secret_.get());
  return signature{raw};
}

bool verify(const pubkey& key, byte_view message, const signature& sig) {
  initialize_crypto();
  return crypto_sign_verify_detached(sig.bytes().data(), message.data(), message.size(), key.bytes().data()) == 0;
}

domain::result<keypair, key_error> derive_keypair(std::span<const std::uint8_t, 32> master_secret,
                                                  std::string_view domain, byte_view context) {
  if (domain.empty())
    return landfall::domain::failure{key_error::empty_domain};
  initialize_crypto();
  constexpr std::string_view label = "landfall.keypair.v1";
  bytes input(label.begin(), label.end());
  input.push_back(0);
  detail::append_string(input, domain);
  detail::append_int(input, std::uint64_t{context.size()});
  detail::append_bytes(input, context);

  wiped<32> seed;
  crypto_auth_hmacsha256(seed.data.data(), input.data(), input.size(), master_secret.data());
  return keypair::from_seed(seed.data);
}

}  // namespace landfall::solana
