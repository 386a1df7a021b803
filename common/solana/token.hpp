#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/account_error.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/instruction.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/pubkey.hpp"

/// Instructions and accounts of SPL Token and Token-2022. Amounts are in the mint's smallest unit. `program` is the one
/// of the two that owns the mint. Single owners only, no multisig.
namespace landfall::solana::token {

inline constexpr std::size_t account_bytes = 165;
inline constexpr std::size_t mint_bytes = 82;

/// Sets up an account of `account_bytes`; belongs into the transaction that creates it, or anybody can take it over.
[[nodiscard]] instruction initialize_account3(const pubkey& account, const pubkey& mint, const pubkey& owner,
                                              const pubkey& program = programs::token);

[[nodiscard]] instruction transfer(const pubkey& source, const pubkey& destination, const pubkey& owner,
                                   std::uint64_t amount, const pubkey& program = programs::token);

/// Like `transfer`, but fails on chain if mint or decimals are not the expected ones.
[[nodiscard]] instruction transfer_checked(const pubkey& source, const pubkey& mint, const pubkey& destination,
                                           const pubkey& owner, std::uint64_t amount, std::uint8_t decimals,
                                           const pubkey& program = programs::token);

/// Sends all lamports of `account` to `destination`. The token balance has to be zero, except for wrapped SOL.
[[nodiscard]] instruction close_account(const pubkey& account, const pubkey& destination, const pubkey& owner,
                                        const pubkey& program = programs::token);

struct transfer_checked_args {
  pubkey program;
  pubkey source;
  pubkey mint;
  pubkey destination;
  pubkey owner;
  std::uint64_t amount = 0;
  std::uint8_t decimals = 0;

  friend bool operator==(const transfer_checked_args&, const transfer_checked_args&) = default;
};

/// Of either token program; `program` is which.
[[nodiscard]] std::optional<transfer_checked_args> decode_transfer_checked(const instruction& i);

enum class account_state : std::uint8_t { initialized = 1, frozen = 2 };

struct token_account {
  pubkey mint;
  pubkey owner;
  std::uint64_t amount = 0;
  std::optional<pubkey> delegate;
  account_state state = account_state::initialized;
  /// Set for wrapped SOL: the lamports that keep the account rent-exempt and are not part of `amount`.
  std::optional<std::uint64_t> native_reserve_lamports;
  std::uint64_t delegated_amount = 0;
  std::optional<pubkey> close_authority;
  /// Token-2022 extension types in the order of the data.
  std::vector<std::uint16_t> extensions;

  friend bool operator==(const token_account&, const token_account&) = default;
};

struct mint_account {
  std::optional<pubkey> mint_authority;
  std::uint64_t supply = 0;
  std::uint8_t decimals = 0;
  std::optional<pubkey> freeze_authority;
  /// Token-2022 extension types in the order of the data (1 = transfer fee, 14 = transfer hook, …).
  std::vector<std::uint16_t> extensions;

  friend bool operator==(const mint_account&, const mint_account&) = default;
};

/// Both programs' accounts: 165 bytes, or longer with the Token-2022 account type at byte 165. Proves nothing about who
/// wrote the data: the account's owner has to be a token program.
[[nodiscard]] domain::result<token_account, account_error> decode_account(byte_view data);

/// Both programs' mints: 82 bytes, or longer with the Token-2022 account type at byte 165. See `decode_account`.
[[nodiscard]] domain::result<mint_account, account_error> decode_mint(byte_view data);

}  // namespace landfall::solana::token
