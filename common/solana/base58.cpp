#include "common/solana/base58.hpp"

#include <algorithm>

namespace landfall::solana {

std::string_view to_string(base58_error error) noexcept {
  switch (error) {
    case base58_error::bad_character:
      return "bad_character";
    case base58_error::too_long:
      return "too_long";
  }
  return "unknown";
}

std::string base58_encode(byte_view data) {
  constexpr std::string_view alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const auto first = std::find_if(data.begin(), data.end(), [](std::uint8_t byte) { return byte != 0; });
  const auto zeros = static_cast<std::size_t>(first - data.begin());

  bytes digits;  // base 58, least significant first
  digits.reserve((data.size() - zeros) * 138 / 100 + 1);
  for (const std::uint8_t byte : data.subspan(zeros)) {
    std::uint32_t carry = byte;
    for (std::uint8_t& digit : digits) {
      carry += std::uint32_t{digit} << 8U;
      digit = static_cast<std::uint8_t>(carry % 58U);
      carry /= 58U;
    }
    for (; carry != 0; carry /= 58U)
      digits.push_back(static_cast<std::uint8_t>(carry % 58U));
  }

  std::string text(zeros, '1');
  text.reserve(zeros + digits.size());
  std::for_each(digits.rbegin(), digits.rend(), [&](std::uint8_t digit) { text.push_back(alphabet[digit]); });
  return text;
}

domain::result<bytes, base58_error> base58_decode(std::string_view text, std::size_t max_len) {
  const std::size_t bound = std::min(max_len, base58_max_bytes);
  // log 256 / log 58 < 1.37 characters a byte; a text longer than that stands for more than `bound` bytes.
  if (text.size() > bound * 137 / 100 + 1)
    return domain::failure{base58_error::too_long};
  constexpr std::string_view alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  if (text.find_first_not_of(alphabet) != std::string_view::npos)
    return domain::failure{base58_error::bad_character};
  bytes out(bound);
  const auto length = detail::base58_decode_into(text, out);
  if (!length)
    return domain::failure{base58_error::too_long};
  out.resize(*length);
  return out;
}

}  // namespace landfall::solana
