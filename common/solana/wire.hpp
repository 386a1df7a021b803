#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"

/// Reading and writing of little-endian fields, for this folder's own sources.
namespace landfall::solana::detail {

/// A message that begins with a byte from here on names its version.
inline constexpr std::uint8_t versioned_flag = 0x80;
inline constexpr std::uint8_t v1_prefix = 0x81;

template <std::unsigned_integral T>
void append_int(bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8U * i)));
}

inline void append_bytes(bytes& out, byte_view data) {
  out.insert(out.end(), data.begin(), data.end());
}

/// A string as the System program reads it: u64 length, then the bytes.
inline void append_string(bytes& out, std::string_view text) {
  append_int(out, std::uint64_t{text.size()});
  out.insert(out.end(), text.begin(), text.end());
}

/// Takes fields off the front of untrusted bytes. Once a field does not fit, that and every later read gives nothing.
class reader {
public:
  explicit reader(byte_view data) noexcept : rest_{data}, whole_size_{data.size()} {}

  [[nodiscard]] byte_view rest() const noexcept {
    return rest_;
  }
  [[nodiscard]] std::size_t consumed() const noexcept {
    return whole_size_ - rest_.size();
  }

  [[nodiscard]] std::optional<byte_view> take(std::size_t count) noexcept {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return std::nullopt;
    }
    const byte_view taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  template <std::unsigned_integral T>
  [[nodiscard]] std::optional<T> take_int() noexcept {
    const auto raw = take(sizeof(T));
    if (!raw)
      return std::nullopt;
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      value = static_cast<T>(value | static_cast<T>(static_cast<T>((*raw)[i]) << (8U * i)));
    return value;
  }

  template <class Fixed>
  [[nodiscard]] std::optional<Fixed> take_fixed() noexcept {
    const auto raw = take(Fixed::size);
    if (!raw)
      return std::nullopt;
    std::array<std::uint8_t, Fixed::size> copy{};
    std::copy_n(raw->begin(), Fixed::size, copy.begin());
    return Fixed{copy};
  }

private:
  byte_view rest_;
  std::size_t whole_size_;
  bool failed_ = false;
};

}  // namespace landfall::solana::detail
