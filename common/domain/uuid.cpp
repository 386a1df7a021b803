#include "common/domain/uuid.hpp"

#include <sys/random.h>

#include "common/domain/result.hpp"

namespace landfall::domain {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

int digit_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string uuid_to_hex(const std::array<std::uint8_t, 16>& bytes) {
  std::string text;
  text.reserve(32);
  for (const auto byte : bytes) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 15U]);
  }
  return text;
}

std::string uuid_to_string(const std::array<std::uint8_t, 16>& bytes) {
  auto text = uuid_to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U})
    text.insert(at, 1, '-');
  return text;
}

std::optional<std::array<std::uint8_t, 16>> uuid_parse(std::string_view text) {
  if (text.size() != 36)
    return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-')
        return std::nullopt;
      continue;
    }
    const int value = digit_value(text[i]);
    if (value < 0)
      return std::nullopt;
    auto& byte = bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(byte << 4U | static_cast<unsigned>(value));
    ++nibble;
  }
  return bytes;
}

std::array<std::uint8_t, 16> uuid_random() {
  std::array<std::uint8_t, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    broken_invariant("the kernel's random source gave fewer bytes than asked");
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x40U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);
  return bytes;
}

}  // namespace landfall::domain
