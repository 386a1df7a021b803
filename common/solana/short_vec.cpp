#include "common/solana/short_vec.hpp"

namespace landfall::solana {

void append_short_length(bytes& out, std::uint16_t value) {
  unsigned rest = value;
  while (rest >= 0x80U) {
    out.push_back(static_cast<std::uint8_t>((rest & 0x7fU) | 0x80U));
    rest >>= 7U;
  }
  out.push_back(static_cast<std::uint8_t>(rest));
}

domain::result<short_length, wire_error> decode_short_length(byte_view data) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i == data.size())
      return domain::failure{wire_error::truncated};
    const std::uint8_t byte = data[i];
    value |= static_cast<std::uint32_t>(byte & 0x7fU) << (7U * i);
    if ((byte & 0x80U) != 0)
      continue;
    const bool longer_than_needed = i > 0 && byte == 0;
    if (longer_than_needed || value > 0xffffU)
      return domain::failure{wire_error::bad_compact_u16};
    return short_length{static_cast<std::uint16_t>(value), i + 1};
  }
  return domain::failure{wire_error::bad_compact_u16};
}

}  // namespace landfall::solana
