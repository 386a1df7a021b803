#pragma once

#include <string_view>

namespace landfall::solana {

/// Why bytes are not a message or transaction, or why instructions cannot be made into one.
enum class wire_error {
  truncated,            ///< the bytes end too early
  trailing_bytes,       ///< bytes are left over
  too_large,            ///< over the size limit of the version
  bad_compact_u16,      ///< a length that is not in its shortest form, or above 65535
  unsupported_version,  ///< not legacy, v0 or v1, or a version that does not know what was asked for
  bad_header,           ///< the signer and readonly counts contradict each other or the number of keys
  bad_signature_count,  ///< not as many signatures as required signers
  bad_program_index,    ///< the program is the fee payer or not among the static keys
  bad_account_index,    ///< an account index beyond the keys, or a lookup index beyond its table
  duplicate_key,        ///< an account would be loaded twice
  too_many_keys,        ///< more than 256 accounts, or a list too long for its length field
  empty_lookup,         ///< a table lookup that loads nothing
  bad_config,           ///< v1: unknown, contradictory or out-of-range settings
  unknown_table,        ///< a lookup table that was not given
};

[[nodiscard]] std::string_view to_string(wire_error error) noexcept;

}  // namespace landfall::solana
