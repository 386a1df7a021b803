#include "common/solana/curve.hpp"

#include <openssl/bn.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "common/solana/wire.hpp"

namespace landfall::solana {
namespace {

constexpr std::size_t max_seeds = 16;
constexpr std::size_t max_seed_bytes = 32;
constexpr std::string_view address_marker = "ProgramDerivedAddress";

struct free_bignum {
  void operator()(BIGNUM* n) const noexcept {
    BN_free(n);
  }
  void operator()(BN_CTX* context) const noexcept {
    BN_CTX_free(context);
  }
};
using bignum = std::unique_ptr<BIGNUM, free_bignum>;

/// Numbers of edwards25519 and room to calculate in, one of each a thread.
struct curve_numbers {
  bignum p = from_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");  // 2²⁵⁵ − 19
  bignum d = from_hex("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");  // −121665/121666
  bignum y{BN_new()};
  bignum u{BN_new()};
  bignum v{BN_new()};
  std::unique_ptr<BN_CTX, free_bignum> context{BN_CTX_new()};

  [[nodiscard]] bool complete() const noexcept {
    return p && d && y && u && v && context;
  }

private:
  static bignum from_hex(const char* digits) {
    BIGNUM* n = nullptr;
    BN_hex2bn(&n, digits);
    return bignum{n};
  }
};

pubkey sha256_of(byte_view data) noexcept {
  static_assert(crypto_hash_sha256_BYTES == pubkey::size);
  std::array<std::uint8_t, 32> digest{};
  crypto_hash_sha256(digest.data(), data.data(), data.size());
  return pubkey{digest};
}

}  // namespace

bool is_on_curve(std::span<const std::uint8_t, 32> compressed) {
  // x² = u/v with u = y² − 1 and v = d·y² + 1. v is never zero, as −1/d is no square; so u/v is a square iff u·v is
  // one.
  thread_local const curve_numbers numbers;
  const auto& [p, d, y, u, v, context] = numbers;
  std::array<std::uint8_t, 32> raw{};
  std::ranges::copy(compressed, raw.begin());
  raw.back() &= 0x7fU;  // the sign of x
  if (!numbers.complete() || BN_lebin2bn(raw.data(), raw.size(), y.get()) == nullptr ||
      !BN_mod_sqr(y.get(), y.get(), p.get(), context.get()) || !BN_copy(u.get(), y.get()) || !BN_sub_word(u.get(), 1) ||
      !BN_mod_mul(v.get(), d.get(), y.get(), p.get(), context.get()) || !BN_add_word(v.get(), 1) ||
      !BN_mod_mul(u.get(), u.get(), v.get(), p.get(), context.get()))
    throw std::bad_alloc{};
  constexpr int failed = -2;
  const int symbol = BN_kronecker(u.get(), p.get(), context.get());
  if (symbol == failed)
    throw std::bad_alloc{};
  return symbol >= 0;
}

domain::result<pubkey, address_error> create_program_address(std::span<const byte_view> seeds, const pubkey& program) {
  if (seeds.size() > max_seeds)
    return domain::failure{address_error::too_many_seeds};
  bytes input;
  input.reserve((max_seeds + 1) * max_seed_bytes + address_marker.size());
  for (const byte_view seed : seeds) {
    if (seed.size() > max_seed_bytes)
      return domain::failure{address_error::seed_too_long};
    detail::append_bytes(input, seed);
  }
  detail::append_bytes(input, program.view());
  input.insert(input.end(), address_marker.begin(), address_marker.end());
  const pubkey address = sha256_of(input);
  if (is_on_curve(address.bytes()))
    return domain::failure{address_error::on_curve};
  return address;
}

domain::result<program_derived_address, address_error> find_program_address(std::span<const byte_view> seeds,
                                                                            const pubkey& program) {
  std::uint8_t bump = 255;
  std::vector<byte_view> with_bump(seeds.begin(), seeds.end());
  with_bump.emplace_back(&bump, 1);
  do {
    const auto address = create_program_address(with_bump, program);
    if (address)
      return program_derived_address{*address, bump};
    if (address.error() != address_error::on_curve)
      return domain::failure{address.error()};
  } while (bump-- > 0);
  return domain::failure{address_error::no_bump};
}

domain::result<pubkey, address_error> create_with_seed(const pubkey& base, std::string_view seed, const pubkey& owner) {
  if (seed.size() > max_seed_bytes)
    return domain::failure{address_error::seed_too_long};
  const byte_view ending = owner.view().last(address_marker.size());
  if (std::equal(ending.begin(), ending.end(), address_marker.begin(),
                 [](std::uint8_t byte, char c) { return byte == static_cast<std::uint8_t>(c); }))
    return domain::failure{address_error::reserved_owner};
  bytes input(base.view().begin(), base.view().end());
  input.insert(input.end(), seed.begin(), seed.end());
  detail::append_bytes(input, owner.view());
  return sha256_of(input);
}

pubkey associated_token_address(const pubkey& wallet, const pubkey& mint, const pubkey& token_program) {
  // Finding one takes tens of microseconds, and a build and its checks ask for the same few many times.
  struct known_address {
    std::array<pubkey, 3> seeds;
    std::optional<pubkey> address;
  };
  constexpr std::size_t most_known = 256;
  thread_local std::array<known_address, most_known> known{};
  const auto slot = wallet.bytes().front() ^ (wallet.bytes().back() * 5U) ^ (mint.bytes().front() * 7U);
  auto& k = known[slot % most_known];
  const std::array<pubkey, 3> wanted{wallet, token_program, mint};
  if (!k.address || k.seeds != wanted) {
    const std::array<byte_view, 3> seeds{wallet.view(), token_program.view(), mint.view()};
    const auto found = find_program_address(seeds, programs::associated_token);
    if (!found)
      domain::broken_invariant("256 hashes in a row are curve points");
    k = {wanted, found->key};
  }
  return *k.address;
}

}  // namespace landfall::solana
