#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/account_error.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/message.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::solana {

/// An address lookup table's account. Its address and owner are not part of the data: check that the owner is
/// `programs::address_lookup_table`.
struct lookup_table_account {
  /// The slot in which it was deactivated; nothing while it is active.
  std::optional<std::uint64_t> deactivation_slot;
  /// Entries from `last_extended_start` on are usable only after this slot.
  std::uint64_t last_extended_slot = 0;
  std::uint8_t last_extended_start = 0;
  /// Who may extend or close it; nothing if it is frozen.
  std::optional<pubkey> authority;
  std::vector<pubkey> addresses;

  /// What `compile_message` may use of it in a transaction that lands in `slot` or later.
  [[nodiscard]] address_lookup_table usable_at(const pubkey& key, std::uint64_t slot) const;

  friend bool operator==(const lookup_table_account&, const lookup_table_account&) = default;
};

/// 56 bytes of metadata, then up to 256 addresses.
[[nodiscard]] domain::result<lookup_table_account, account_error> decode_lookup_table(byte_view data);

}  // namespace landfall::solana
