#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::solana {

/// How far the cluster agrees on a block: on the bank that a node answers from, or on the one that holds a transaction.
enum class commitment : std::uint8_t { processed, confirmed, finalized };

[[nodiscard]] constexpr std::string_view to_string(commitment c) {
  constexpr std::array<std::string_view, 3> names{"processed", "confirmed", "finalized"};
  return names[static_cast<std::size_t>(c)];
}

/// Slot and height of one bank. `block_height` ≤ `absolute_slot`.
struct epoch_view {
  std::uint64_t absolute_slot = 0;
  std::uint64_t block_height = 0;
};

struct latest_blockhash_view {
  std::uint64_t context_slot = 0;
  blockhash hash;
  std::uint64_t last_valid_block_height = 0;
};

struct send_options {
  bool skip_preflight = true;
  commitment preflight_commitment = commitment::confirmed;
  std::optional<std::uint64_t> min_context_slot = {};
};

struct account_info {
  std::uint64_t lamports = 0;
  /// The program that owns it.
  pubkey owner;
  bytes data;
  bool executable = false;
};

struct accounts_view {
  std::uint64_t context_slot = 0;
  /// In the order asked; nothing where the account does not exist in that bank.
  std::vector<std::optional<account_info>> accounts;
};

struct simulate_options {
  commitment level = commitment::confirmed;
  std::optional<std::uint64_t> min_context_slot = {};
  /// Accounts to show as the transaction would leave them.
  std::vector<pubkey> accounts = {};
  /// Excludes `replace_blockhash`.
  bool verify_signatures = false;
  bool replace_blockhash = false;
};

struct simulation {
  std::uint64_t context_slot = 0;
  /// JSON; nothing where it would succeed.
  std::optional<std::string> err;
  std::vector<std::string> logs;
  std::optional<std::uint64_t> units_consumed;
  /// In the order asked. Empty if it would fail and the node shows none.
  std::vector<std::optional<account_info>> accounts;
};

struct status_view {
  std::uint64_t slot = 0;
  commitment level = commitment::processed;
  /// JSON in one canonical spelling (no blanks); nothing where it succeeded.
  std::optional<std::string> err;
};

struct statuses_view {
  std::uint64_t context_slot = 0;
  /// In the order asked, exactly as many. Nothing: this backend, at this slot, does not know it.
  std::vector<std::optional<status_view>> statuses;
};

/// One transaction that names an account, as the node's index has it.
struct address_signature_view {
  signature id;
  status_view status;
};

struct token_balance_entry {
  pubkey account;
  pubkey mint;
  /// Old records lack it.
  std::optional<pubkey> owner;
  std::uint64_t amount = 0;
};

/// What a transaction did to one token account. An account that was not there, before or after, had 0.
struct token_change {
  pubkey mint;
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  [[nodiscard]] domain::int128 delta() const noexcept {
    return static_cast<domain::int128>(after) - static_cast<domain::int128>(before);
  }
};

struct transaction_view {
  std::uint64_t slot = 0;
  /// Unix seconds.
  std::optional<std::int64_t> block_time_s;
  /// JSON; nothing where it succeeded.
  std::optional<std::string> err;
  std::uint64_t fee_lamports = 0;
  /// Static, then looked-up writable, then looked-up readonly keys; both balance lists run along it.
  std::vector<pubkey> keys;
  std::vector<std::uint64_t> pre_balances;
  std::vector<std::uint64_t> post_balances;
  std::vector<token_balance_entry> pre_token_balances;
  std::vector<token_balance_entry> post_token_balances;

  /// Nothing where the transaction shows no token balance of the account, or one of two mints.
  [[nodiscard]] std::optional<token_change> token_delta(const pubkey& account) const;
};

struct priority_fee_sample {
  std::uint64_t slot = 0;
  std::uint64_t micro_lamports_per_unit = 0;
};

struct blockhash_validity {
  std::uint64_t context_slot = 0;
  bool valid = false;
};

}  // namespace landfall::solana
