#include "common/solana/wire_error.hpp"

namespace landfall::solana {

std::string_view to_string(wire_error error) noexcept {
  switch (error) {
    case wire_error::truncated:
      return "truncated";
    case wire_error::trailing_bytes:
      return "trailing_bytes";
    case wire_error::too_large:
      return "too_large";
    case wire_error::bad_compact_u16:
      return "bad_compact_u16";
    case wire_error::unsupported_version:
      return "unsupported_version";
    case wire_error::bad_header:
      return "bad_header";
    case wire_error::bad_signature_count:
      return "bad_signature_count";
    case wire_error::bad_program_index:
      return "bad_program_index";
    case wire_error::bad_account_index:
      return "bad_account_index";
    case wire_error::duplicate_key:
      return "duplicate_key";
    case wire_error::too_many_keys:
      return "too_many_keys";
    case wire_error::empty_lookup:
      return "empty_lookup";
    case wire_error::bad_config:
      return "bad_config";
    case wire_error::unknown_table:
      return "unknown_table";
  }
  return "unknown";
}

}  // namespace landfall::solana
