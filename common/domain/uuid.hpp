#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace landfall::domain {

/// A 128-bit identifier. `Tag` keeps an order's id from being taken for an attempt's.
template <class Tag>
class strong_uuid;

/// Text form "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", lower case.
[[nodiscard]] std::string uuid_to_string(const std::array<std::uint8_t, 16>& bytes);
/// The same without hyphens: 32 characters, which is just what a seed of a Solana address may have.
[[nodiscard]] std::string uuid_to_hex(const std::array<std::uint8_t, 16>& bytes);
/// Accepts the hyphenated form in either case, nothing else.
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> uuid_parse(std::string_view text);
/// Version 4, from the kernel's random source.
[[nodiscard]] std::array<std::uint8_t, 16> uuid_random();

template <class Tag>
class strong_uuid {
public:
  strong_uuid() = default;
  explicit strong_uuid(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

  [[nodiscard]] static strong_uuid random() {
    return strong_uuid{uuid_random()};
  }
  [[nodiscard]] static std::optional<strong_uuid> parse(std::string_view text) {
    if (auto bytes = uuid_parse(text))
      return strong_uuid{*bytes};
    return std::nullopt;
  }
  [[nodiscard]] std::string to_string() const {
    return uuid_to_string(bytes_);
  }
  [[nodiscard]] std::string to_hex() const {
    return uuid_to_hex(bytes_);
  }
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept {
    return bytes_;
  }
  friend auto operator<=>(const strong_uuid&, const strong_uuid&) = default;

private:
  std::array<std::uint8_t, 16> bytes_{};
};

using order_id = strong_uuid<struct order_id_tag>;
using attempt_id = strong_uuid<struct attempt_id_tag>;
using evidence_id = strong_uuid<struct evidence_id_tag>;
using deposit_request_id = strong_uuid<struct deposit_request_id_tag>;

}  // namespace landfall::domain

template <class Tag>
struct std::hash<landfall::domain::strong_uuid<Tag>> {
  std::size_t operator()(const landfall::domain::strong_uuid<Tag>& id) const noexcept {
    std::size_t h = 0;
    for (const auto byte : id.bytes())
      h = h * 131 + byte;
    return h;
  }
};
