#pragma once

#include <cstddef>
#include <cstdint>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/wire_error.hpp"

namespace landfall::solana {

struct short_length {
  std::uint16_t value = 0;
  /// How many bytes it took, 1 to 3.
  std::size_t size = 0;

  friend bool operator==(const short_length&, const short_length&) = default;
};

/// Appends `value` as compact-u16: 7 bits a byte, low group first, the top bit set means that more follows.
void append_short_length(bytes& out, std::uint16_t value);

/// Reads the compact-u16 that `data` starts with. Longer forms than needed are refused.
[[nodiscard]] domain::result<short_length, wire_error> decode_short_length(byte_view data);

}  // namespace landfall::solana
