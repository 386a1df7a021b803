#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace landfall::json {

/// The parts of a JSON number's text.
struct number_parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

/// Nothing if `text` is no JSON number. The parts refer to `text`.
[[nodiscard]] std::optional<number_parts> split_number(std::string_view text);

/// The number written out without an exponent; nothing beyond `max_decimal_digits`.
[[nodiscard]] std::optional<std::string> plain_digits(const number_parts& n);

}  // namespace landfall::json
