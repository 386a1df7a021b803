#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace landfall::solana {

/// Owned raw bytes, as they travel on the wire.
using bytes = std::vector<std::uint8_t>;

/// Borrowed raw bytes.
using byte_view = std::span<const std::uint8_t>;

}  // namespace landfall::solana
