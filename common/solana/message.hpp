#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/instruction.hpp"
#include "common/solana/pubkey.hpp"
#include "common/solana/wire_error.hpp"

namespace landfall::solana {

enum class message_version {
  legacy,
  v0,  ///< adds address lookup tables
  v1,  ///< settings in the message, signatures behind it; read and re-serialized, never compiled here
};

/// The most bytes a serialized transaction has: one packet for legacy and v0.
inline constexpr std::size_t max_transaction_bytes = 1232;
inline constexpr std::size_t max_transaction_v1_bytes = 4096;

struct message_header {
  std::uint8_t required_signatures = 0;
  std::uint8_t readonly_signed = 0;
  std::uint8_t readonly_unsigned = 0;

  friend bool operator==(const message_header&, const message_header&) = default;
};

struct compiled_instruction {
  /// Into the static keys.
  std::uint8_t program_index = 0;
  /// Into static keys ‖ writable looked-up keys ‖ readonly looked-up keys.
  std::vector<std::uint8_t> accounts;
  bytes data;

  friend bool operator==(const compiled_instruction&, const compiled_instruction&) = default;
};

/// Keys that a v0 message takes from a lookup table, by their index in it.
struct table_lookup {
  pubkey table;
  std::vector<std::uint8_t> writable;
  std::vector<std::uint8_t> readonly;

  friend bool operator==(const table_lookup&, const table_lookup&) = default;
};

/// The settings of a v1 message.
struct message_config {
  /// The whole fee, not a price per unit.
  std::optional<std::uint64_t> priority_fee_lamports;
  std::optional<std::uint32_t> compute_unit_limit;
  std::optional<std::uint32_t> loaded_accounts_data_limit_bytes;
  /// A multiple of 1024 from 32 KiB to 256 KiB.
  std::optional<std::uint32_t> heap_bytes;

  friend bool operator==(const message_config&, const message_config&) = default;
};

/// What the signers of a transaction sign.
struct message {
  message_version version = message_version::legacy;
  message_header header;
  std::vector<pubkey> static_keys;
  blockhash recent_blockhash;
  std::vector<compiled_instruction> instructions;
  /// v0 only.
  std::vector<table_lookup> lookups;
  /// v1 only.
  message_config config;

  /// Static and looked-up keys together.
  [[nodiscard]] std::size_t key_count() const noexcept;
  /// Whether the account at `index` (static ‖ writable looked-up ‖ readonly looked-up) signs.
  [[nodiscard]] bool is_signer(std::size_t index) const noexcept;
  /// Whether the message asks to write the account at `index`. The runtime still refuses writes to programs and
  /// sysvars.
  [[nodiscard]] bool is_writable(std::size_t index) const noexcept;

  friend bool operator==(const message&, const message&) = default;
};

/// A lookup table's address and contents, as far as they are usable (see `lookup_table.hpp`).
struct address_lookup_table {
  pubkey key;
  std::vector<pubkey> addresses;

  friend bool operator==(const address_lookup_table&, const address_lookup_table&) = default;
};

/// Makes a message of `instructions`, paid by `payer`. Same input, same bytes: the payer comes first, then writable
/// signers, readonly signers, writable and readonly keys, each group in the order of its key bytes. In v0, keys that
/// neither sign nor are called and that are found in a table move there, the first table that has them. Tables of which
/// nothing is used are left out. Errors: `unsupported_version` (v1, or tables with legacy), `bad_program_index` (the
/// payer is called as a program), `too_many_keys`, `too_large` (data that no transaction can hold).
[[nodiscard]] domain::result<message, wire_error> compile_message(
    const pubkey& payer, std::span<const instruction> instructions, const blockhash& recent_blockhash,
    std::span<const address_lookup_table> lookup_tables = {}, message_version version = message_version::v0);

/// Every rule that a well-formed message keeps, except for size; `parse_message` and `compile_message` return only
/// messages that pass.
[[nodiscard]] domain::result<domain::done, wire_error> check(const message& m);

/// The bytes that are signed, version prefix included. `m` has to pass `check`; lengths that do not fit their fields
/// stop the process.
[[nodiscard]] bytes serialize(const message& m);

/// Reads a whole message of any version from untrusted bytes. What comes back passes `check` and serializes to the very
/// same bytes.
[[nodiscard]] domain::result<message, wire_error> parse_message(byte_view data);

/// All keys in index order: static ‖ writable looked-up ‖ readonly looked-up. Errors: `unknown_table`,
/// `bad_account_index` (the table is shorter than the lookup thinks), `duplicate_key` (a looked-up key is there
/// already).
[[nodiscard]] domain::result<std::vector<pubkey>, wire_error> account_keys(
    const message& m, std::span<const address_lookup_table> lookup_tables = {});

/// The instructions of a message with full keys, to be checked before signing or after landing. The flags of an account
/// are those of the whole message, as the runtime sees them. Errors as `account_keys`.
[[nodiscard]] domain::result<std::vector<instruction>, wire_error> resolve_instructions(
    const message& m, std::span<const address_lookup_table> lookup_tables = {});

namespace detail {

struct message_prefix {
  message parsed;
  /// How many bytes of the input the message took.
  std::size_t size = 0;
};

/// Reads the message that `data` starts with, whatever follows it.
[[nodiscard]] domain::result<message_prefix, wire_error> parse_message_prefix(byte_view data);

}  // namespace detail
}  // namespace landfall::solana
