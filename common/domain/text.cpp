#include "common/domain/text.hpp"

namespace landfall::domain {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The character at the beginning of `text`, which is not empty; nothing where there is none that may be kept.
std::string_view first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  const auto lead = byte(0);
  if (in(0, 0x01, 0x7F))
    return text.substr(0, 1);
  if (in(0, 0xC2, 0xDF) && in(1, 0x80, 0xBF))
    return text.substr(0, 2);
  // Neither longer than needed nor a surrogate, nor beyond U+10FFFF.
  if (in(0, 0xE0, 0xEF) && in(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && in(2, 0x80, 0xBF))
    return text.substr(0, 3);
  if (in(0, 0xF0, 0xF4) && in(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && in(2, 0x80, 0xBF) &&
      in(3, 0x80, 0xBF))
    return text.substr(0, 4);
  return {};
}

}  // namespace

std::string storable_text(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const auto good = first_character(text);
    const auto next = good.empty() ? replacement : good;
    if (next.size() > max_bytes - out.size())
      break;
    out += next;
    text.remove_prefix(good.empty() ? 1 : good.size());
  }
  return out;
}

}  // namespace landfall::domain
