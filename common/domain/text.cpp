#include "common/domain/text.hpp"

namespace landfall::domain {

std::size_t utf8_length(std::string_view text) {
  const auto in = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && static_cast<unsigned char>(text[i]) >= low && static_cast<unsigned char>(text[i]) <= high;
  };
  const auto is = [&](std::size_t i, unsigned byte) { return in(i, byte, byte); };
  if (in(0, 0x00, 0x7F))
    return 1;
  if (in(0, 0xC2, 0xDF) && in(1, 0x80, 0xBF))
    return 2;
  // Neither longer than needed nor a surrogate, nor beyond U+10FFFF.
  if (in(0, 0xE0, 0xEF) && in(1, is(0, 0xE0) ? 0xA0 : 0x80, is(0, 0xED) ? 0x9F : 0xBF) && in(2, 0x80, 0xBF))
    return 3;
  if (in(0, 0xF0, 0xF4) && in(1, is(0, 0xF0) ? 0x90 : 0x80, is(0, 0xF4) ? 0x8F : 0xBF) && in(2, 0x80, 0xBF) &&
      in(3, 0x80, 0xBF))
    return 4;
  return 0;
}

std::string storable_text(std::string_view text, std::size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const auto length = text.front() == '\0' ? 0 : utf8_length(text);
    const auto next = length == 0 ? replacement_character : text.substr(0, length);
    if (next.size() > max_bytes - out.size())
      break;
    out += next;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace landfall::domain
