#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/solana/base58.hpp"
#include "common/solana/bytes.hpp"

namespace landfall::solana {

enum class parse_error {
  bad_character,  ///< not base58
  wrong_length,   ///< decodes to another number of bytes than the type has
};

namespace detail {

/// Keyed with a secret of this process, because strangers choose the keys that end up in our maps.
[[nodiscard]] std::size_t hash_bytes(byte_view data) noexcept;

}  // namespace detail

/// `Size` raw bytes that are written as base58. `Tag` keeps keys, signatures and blockhashes apart. Zero by default.
template <class Tag, std::size_t Size>
class fixed_bytes {
public:
  static constexpr std::size_t size = Size;

  constexpr fixed_bytes() noexcept = default;
  constexpr explicit fixed_bytes(const std::array<std::uint8_t, Size>& raw) noexcept : bytes_{raw} {}

  /// From base58 text; the number of decoded bytes has to be exactly `Size`.
  [[nodiscard]] static constexpr domain::result<fixed_bytes, parse_error> parse(std::string_view text) {
    constexpr std::size_t longest_text = Size * 137 / 100 + 1;
    if (text.size() > longest_text)
      return domain::failure{parse_error::wrong_length};
    std::array<std::uint8_t, Size + 1> raw{};
    const auto length = detail::base58_decode_into(text, raw);
    if (!length)
      return domain::failure{text.find_first_not_of(alphabet_) == std::string_view::npos ? parse_error::wrong_length
                                                                                         : parse_error::bad_character};
    if (*length != Size)
      return domain::failure{parse_error::wrong_length};
    fixed_bytes out;
    std::copy_n(raw.begin(), Size, out.bytes_.begin());
    return out;
  }

  /// From raw bytes, `Size` of them.
  [[nodiscard]] static domain::result<fixed_bytes, parse_error> from_bytes(byte_view raw) {
    if (raw.size() != Size)
      return domain::failure{parse_error::wrong_length};
    fixed_bytes out;
    std::copy_n(raw.begin(), Size, out.bytes_.begin());
    return out;
  }

  /// For constants in the source: text that is not a valid value does not compile.
  [[nodiscard]] static consteval fixed_bytes literal(std::string_view text) {
    std::array<std::uint8_t, Size> raw{};
    if (detail::base58_decode_into(text, raw) != Size)
      domain::broken_invariant("not a base58 constant of the right length");
    return fixed_bytes{raw};
  }

  [[nodiscard]] constexpr const std::array<std::uint8_t, Size>& bytes() const noexcept {
    return bytes_;
  }
  [[nodiscard]] constexpr byte_view view() const noexcept {
    return bytes_;
  }
  [[nodiscard]] constexpr bool is_zero() const noexcept {
    return *this == fixed_bytes{};
  }
  /// base58.
  [[nodiscard]] std::string to_string() const {
    return base58_encode(bytes_);
  }

  friend constexpr bool operator==(const fixed_bytes&, const fixed_bytes&) noexcept = default;
  friend constexpr auto operator<=>(const fixed_bytes&, const fixed_bytes&) noexcept = default;
  friend std::ostream& operator<<(std::ostream& out, const fixed_bytes& value) {
    return out << value.to_string();
  }

private:
  static constexpr std::string_view alphabet_ = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

  std::array<std::uint8_t, Size> bytes_{};
};

/// An account address: an ed25519 public key, a program-derived or a seeded address. 32 bytes.
using pubkey = fixed_bytes<struct pubkey_tag, 32>;

/// An ed25519 signature, 64 bytes; all zero is an empty slot. The first one of a transaction is its id.
using signature = fixed_bytes<struct signature_tag, 64>;

/// A recent blockhash (or a durable nonce), the lifetime of a transaction. 32 bytes.
using blockhash = fixed_bytes<struct blockhash_tag, 32>;

}  // namespace landfall::solana

template <class Tag, std::size_t Size>
struct std::hash<landfall::solana::fixed_bytes<Tag, Size>> {
  [[nodiscard]] std::size_t operator()(const landfall::solana::fixed_bytes<Tag, Size>& value) const noexcept {
    return landfall::solana::detail::hash_bytes(value.view());
  }
};
