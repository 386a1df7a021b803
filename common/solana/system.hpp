#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/solana/instruction.hpp"
#include "common/solana/pubkey.hpp"

/// Instructions of the System program. The decoders here and in the other programs' headers recognize the canonical
/// form only: "nothing" means unknown, not harmless.
namespace landfall::solana::system {

/// Moves lamports between accounts that the System program owns.
[[nodiscard]] instruction transfer(const pubkey& from, const pubkey& to, std::uint64_t lamports);

/// Gives `account` = `create_with_seed(base, seed, owner)` its data and owner without funding it.
[[nodiscard]] instruction allocate_with_seed(const pubkey& account, const pubkey& base, std::string_view seed,
                                             std::uint64_t space, const pubkey& owner);

struct transfer_args {
  pubkey from;
  pubkey to;
  std::uint64_t lamports = 0;

  friend bool operator==(const transfer_args&, const transfer_args&) = default;
};

[[nodiscard]] std::optional<transfer_args> decode_transfer(const instruction& i);

}  // namespace landfall::solana::system
