#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::solana {

enum class address_error {
  too_many_seeds,  ///< more than 16 seeds (15 where a bump is searched)
  seed_too_long,   ///< a seed of more than 32 bytes
  on_curve,        ///< the result is a curve point, so a private key could exist
  no_bump,         ///< all 256 bumps gave curve points
  reserved_owner,  ///< the owner ends like a program-derived address's input, which could forge one
};

/// Whether these 32 bytes decompress to a point of edwards25519: the runtime's rule, which reduces y modulo 2²⁵⁵−19 and
/// accepts small-order points, points outside the main subgroup and x = 0 with the sign bit set. Throws
/// `std::bad_alloc` if there is no memory for the calculation.
[[nodiscard]] bool is_on_curve(std::span<const std::uint8_t, 32> compressed);

struct program_derived_address {
  pubkey key;
  std::uint8_t bump = 0;

  friend bool operator==(const program_derived_address&, const program_derived_address&) = default;
};

/// sha256(seeds ‖ program ‖ "ProgramDerivedAddress"), refused if it is a curve point. Seeds are joined without
/// separators.
[[nodiscard]] domain::result<pubkey, address_error> create_program_address(std::span<const byte_view> seeds,
                                                                           const pubkey& program);

/// The first program-derived address off the curve, with the bump counted down from 255 and appended as last seed.
[[nodiscard]] domain::result<program_derived_address, address_error> find_program_address(
    std::span<const byte_view> seeds, const pubkey& program);

/// sha256(base ‖ seed ‖ owner): an address without a private key, for which `base` signs. `seed` is at most 32 bytes of
/// UTF-8.
[[nodiscard]] domain::result<pubkey, address_error> create_with_seed(const pubkey& base, std::string_view seed,
                                                                     const pubkey& owner);

/// The address of `wallet`'s associated token account. `token_program` has to be the program that owns `mint`.
[[nodiscard]] pubkey associated_token_address(const pubkey& wallet, const pubkey& mint,
                                              const pubkey& token_program = programs::token);

}  // namespace landfall::solana
