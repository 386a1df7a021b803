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

/// Creates `created` (which signs) with `space` bytes of data, given to the program `owner`.
[[nodiscard]] instruction create_account(const pubkey& from, const pubkey& created, std::uint64_t lamports,
                                         std::uint64_t space, const pubkey& owner);

/// Creates `created` = `create_with_seed(base, seed, owner)`; `base` signs for it. Fails on chain with error 0 if the
/// address holds lamports or data already.
[[nodiscard]] instruction create_account_with_seed(const pubkey& from, const pubkey& created, const pubkey& base,
                                                   std::string_view seed, std::uint64_t lamports, std::uint64_t space,
                                                   const pubkey& owner);

/// Gives `account` = `create_with_seed(base, seed, owner)` its data and owner without funding it.
[[nodiscard]] instruction allocate_with_seed(const pubkey& account, const pubkey& base, std::string_view seed,
                                             std::uint64_t space, const pubkey& owner);

/// Gives `account` = `create_with_seed(base, seed, owner)` to the program `owner`.
[[nodiscard]] instruction assign_with_seed(const pubkey& account, const pubkey& base, std::string_view seed,
                                           const pubkey& owner);

/// Moves lamports out of `from` = `create_with_seed(base, seed, owner)`; `base` signs for it.
[[nodiscard]] instruction transfer_with_seed(const pubkey& from, const pubkey& base, std::string_view seed,
                                             const pubkey& owner, const pubkey& to, std::uint64_t lamports);

/// Uses up a durable nonce; has to be the first instruction of its transaction.
[[nodiscard]] instruction advance_nonce(const pubkey& nonce, const pubkey& authority);

struct transfer_args {
  pubkey from;
  pubkey to;
  std::uint64_t lamports = 0;

  friend bool operator==(const transfer_args&, const transfer_args&) = default;
};

[[nodiscard]] std::optional<transfer_args> decode_transfer(const instruction& i);

}  // namespace landfall::solana::system
