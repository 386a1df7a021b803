#pragma once

#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "tests/support/keys.hpp"

namespace landfall::solana {

inline std::string to_hex(byte_view data) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : data) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 0xfU]);
  }
  return text;
}

/// Of a literal in a test; spaces may separate groups.
inline bytes from_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  bytes out;
  unsigned pending = 0;
  bool has_pending = false;
  for (const char c : text) {
    if (c == ' ')
      continue;
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos)
      domain::broken_invariant("not a hex digit in a test");
    if (has_pending)
      out.push_back(static_cast<std::uint8_t>(pending << 4U | digit));
    pending = static_cast<unsigned>(digit);
    has_pending = !has_pending;
  }
  if (has_pending)
    domain::broken_invariant("half a byte in a test");
  return out;
}

inline pubkey key(std::string_view base58) {
  return pubkey::parse(base58).value();
}

inline pubkey key_from_hex(std::string_view hex) {
  return pubkey::from_bytes(from_hex(hex)).value();
}

using landfall::tests::key;

inline byte_view view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace landfall::solana
