#include "common/solana/curve.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "common/solana/wire.hpp"

namespace landfall::solana {
namespace {

constexpr std::size_t max_seeds = 16;
constexpr std::size_t max_seed_bytes = 32;
constexpr std::string_view address_marker = "ProgramDerivedAddress";

// Arithmetic modulo p = 2²⁵⁵ − 19: five limbs of 51 bits, least significant first, each below 2⁵² between operations.

__extension__ using wide = unsigned __int128;
using field = std::array<std::uint64_t, 5>;

constexpr std::uint64_t limb_mask = (std::uint64_t{1} << 51U) - 1;

/// The low 255 bits of 32 little-endian bytes; values of p and above are reduced by the arithmetic.
constexpr field load(std::span<const std::uint8_t, 32> raw) noexcept {
  field out{};
  for (std::size_t bit = 0; bit < 255; ++bit)
    out[bit / 51] |= std::uint64_t{(raw[bit / 8] >> (bit % 8)) & 1U} << (bit % 51);
  return out;
}

constexpr field carry(field a) noexcept {
  std::uint64_t over = 0;
  for (std::uint64_t& limb : a) {
    limb += over;
    over = limb >> 51U;
    limb &= limb_mask;
  }
  a[0] += 19 * over;
  return a;
}

constexpr field add(const field& a, const field& b) noexcept {
  field out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = a[i] + b[i];
  return carry(out);
}

constexpr field subtract(const field& a, const field& b) noexcept {
  // 4p is added, so that no limb falls below zero.
  constexpr field four_p{(limb_mask - 18) * 4, limb_mask * 4, limb_mask * 4, limb_mask * 4, limb_mask * 4};
  field out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = a[i] + four_p[i] - b[i];
  return carry(out);
}

constexpr field multiply(const field& a, const field& b) noexcept {
  std::array<wide, 5> sum{};
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j) {
      // 2²⁵⁵ = 19, so what goes beyond the fifth limb comes back times 19.
      const std::uint64_t factor = i + j < 5 ? b[j] : b[j] * 19;
      sum[(i + j) % 5] += wide{a[i]} * factor;
    }
  field out{};
  wide over = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    const wide limb = sum[i] + over;
    out[i] = static_cast<std::uint64_t>(limb) & limb_mask;
    over = limb >> 51U;
  }
  const wide first = wide{out[0]} + over * 19;
  out[0] = static_cast<std::uint64_t>(first) & limb_mask;
  out[1] += static_cast<std::uint64_t>(first >> 51U);
  return out;
}

constexpr field square_times(field a, int times) noexcept {
  for (; times > 0; --times)
    a = multiply(a, a);
  return a;
}

/// Whether a ≡ value (mod p) for a small value.
constexpr bool equals(const field& a, std::uint64_t value) noexcept {
  field out = carry(carry(a));
  // Every limb is below 2⁵¹ now, so the number is below 2p.
  if (out[0] >= limb_mask - 18 && out[1] == limb_mask && out[2] == limb_mask && out[3] == limb_mask &&
      out[4] == limb_mask)
    out = {out[0] - (limb_mask - 18), 0, 0, 0, 0};
  return out == field{value, 0, 0, 0, 0};
}

/// a^((p−1)/2): 0 for zero, 1 for other squares, −1 for the rest.
constexpr field legendre(const field& a) noexcept {
  // r(n) = a^(2ⁿ−1), and r(m+n) = r(m)^(2ⁿ) · r(n). (p−1)/2 = 2²⁵⁴ − 10 = 16·(2²⁵⁰−1) + 6.
  const field r2 = multiply(square_times(a, 1), a);
  const field r4 = multiply(square_times(r2, 2), r2);
  const field r5 = multiply(square_times(r4, 1), a);
  const field r10 = multiply(square_times(r5, 5), r5);
  const field r20 = multiply(square_times(r10, 10), r10);
  const field r40 = multiply(square_times(r20, 20), r20);
  const field r50 = multiply(square_times(r40, 10), r10);
  const field r100 = multiply(square_times(r50, 50), r50);
  const field r200 = multiply(square_times(r100, 100), r100);
  const field r250 = multiply(square_times(r200, 50), r50);
  const field a6 = multiply(square_times(a, 2), square_times(a, 1));
  return multiply(square_times(r250, 4), a6);
}

/// The curve's d = −121665/121666.
constexpr std::array<std::uint8_t, 32> curve_d{0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41,
                                               0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79, 0x77, 0x79, 0x40,
                                               0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52};

pubkey sha256_of(byte_view data) noexcept {
  static_assert(crypto_hash_sha256_BYTES == pubkey::size);
  std::array<std::uint8_t, 32> digest{};
  crypto_hash_sha256(digest.data(), data.data(), data.size());
  return pubkey{digest};
}

std::optional<address_error> check_seeds(std::span<const byte_view> seeds, std::size_t limit) noexcept {
  if (seeds.size() > limit)
    return address_error::too_many_seeds;
  for (const byte_view seed : seeds)
    if (seed.size() > max_seed_bytes)
      return address_error::seed_too_long;
  return std::nullopt;
}

bytes join(std::span<const byte_view> seeds) {
  bytes out;
  out.reserve((max_seeds + 1) * max_seed_bytes + address_marker.size());
  for (const byte_view seed : seeds)
    detail::append_bytes(out, seed);
  return out;
}

void append_program(bytes& out, const pubkey& program) {
  detail::append_bytes(out, program.view());
  out.insert(out.end(), address_marker.begin(), address_marker.end());
}

}  // namespace

std::string_view to_string(address_error error) noexcept {
  switch (error) {
    case address_error::too_many_seeds:
      return "too_many_seeds";
    case address_error::seed_too_long:
      return "seed_too_long";
    case address_error::on_curve:
      return "on_curve";
    case address_error::no_bump:
      return "no_bump";
    case address_error::reserved_owner:
      return "reserved_owner";
  }
  return "unknown";
}

bool is_on_curve(std::span<const std::uint8_t, 32> compressed) noexcept {
  // x² = u/v with u = y² − 1 and v = d·y² + 1. v is never zero, as −1/d is no square; so u/v is a square iff u·v is
  // one.
  constexpr field one{1, 0, 0, 0, 0};
  constexpr field d = load(curve_d);
  const field y = load(compressed);
  const field y2 = multiply(y, y);
  const field u = subtract(y2, one);
  const field v = add(multiply(d, y2), one);
  const field symbol = legendre(multiply(u, v));
  return equals(symbol, 0) || equals(symbol, 1);
}

domain::result<pubkey, address_error> create_program_address(std::span<const byte_view> seeds, const pubkey& program) {
  if (const auto error = check_seeds(seeds, max_seeds))
    return domain::failure{*error};
  bytes input = join(seeds);
  append_program(input, program);
  const pubkey address = sha256_of(input);
  if (is_on_curve(address.bytes()))
    return domain::failure{address_error::on_curve};
  return address;
}

domain::result<program_derived_address, address_error> find_program_address(std::span<const byte_view> seeds,
                                                                            const pubkey& program) {
  if (const auto error = check_seeds(seeds, max_seeds - 1))
    return domain::failure{*error};
  bytes input = join(seeds);
  const std::size_t bump_at = input.size();
  input.push_back(0);
  append_program(input, program);
  for (int bump = 255; bump >= 0; --bump) {
    input[bump_at] = static_cast<std::uint8_t>(bump);
    const pubkey address = sha256_of(input);
    if (!is_on_curve(address.bytes()))
      return program_derived_address{address, static_cast<std::uint8_t>(bump)};
  }
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
