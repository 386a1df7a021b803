#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/solana/bytes.hpp"

namespace landfall::solana {

/// Bitcoin-alphabet base58; every leading zero byte becomes a leading `1`. Quadratic in the length of `data`.
[[nodiscard]] std::string base58_encode(byte_view data);

namespace detail {

/// Decodes `text` into the front of `out` and returns how many bytes that took; nothing, if a character is foreign or
/// the value does not fit. Leaves no copy of the value anywhere but in `out`.
constexpr std::optional<std::size_t> base58_decode_into(std::string_view text, std::span<std::uint8_t> out) noexcept {
  constexpr std::string_view alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  for (std::uint8_t& byte : out)
    byte = 0;
  std::size_t zeros = 0;
  while (zeros < text.size() && text[zeros] == '1')
    ++zeros;
  // The value is kept big-endian at the end of `out`, `length` bytes of it, and moved to the front at last.
  std::size_t length = 0;
  for (const char c : text.substr(zeros)) {
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos)
      return std::nullopt;
    auto carry = static_cast<std::uint32_t>(digit);
    for (std::size_t i = 0; i < length; ++i) {
      std::uint8_t& byte = out[out.size() - 1 - i];
      carry += std::uint32_t{byte} * 58U;
      byte = static_cast<std::uint8_t>(carry & 0xffU);
      carry >>= 8U;
    }
    for (; carry != 0; carry >>= 8U) {
      if (length == out.size())
        return std::nullopt;
      ++length;
      out[out.size() - length] = static_cast<std::uint8_t>(carry & 0xffU);
    }
  }
  if (zeros + length > out.size())
    return std::nullopt;
  const std::size_t from = out.size() - length;
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint8_t byte = out[from + i];
    out[from + i] = 0;
    out[zeros + i] = byte;
  }
  return zeros + length;
}

}  // namespace detail
}  // namespace landfall::solana
