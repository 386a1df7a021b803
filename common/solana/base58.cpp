#include "common/solana/base58.hpp"

#include <algorithm>

namespace landfall::solana {

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

}  // namespace landfall::solana
