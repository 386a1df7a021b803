#include "common/json/number.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/domain/parse_number.hpp"

namespace landfall::json {

namespace {

/// Digits an exponent may add before a number counts as absurd; also keeps the arithmetic below from overflowing.
constexpr std::int64_t max_exponent = 1000;

std::string_view take_digits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<number_parts> split_number(std::string_view text) {
  number_parts out;
  out.negative = take(text, "-");
  out.whole = take_digits(text);
  if (out.whole.empty() || (out.whole.size() > 1 && out.whole.front() == '0'))
    return std::nullopt;
  if (take(text, ".")) {
    out.fraction = take_digits(text);
    if (out.fraction.empty())
      return std::nullopt;
  }
  if (take(text, "eE")) {
    const bool negative = !text.empty() && text.front() == '-';
    take(text, "+-");
    const auto digits = take_digits(text);
    if (digits.empty())
      return std::nullopt;
    out.exponent = domain::parse_number<std::int64_t>(digits).value_or(std::numeric_limits<std::int64_t>::max() / 2);
    if (negative)
      out.exponent = -out.exponent;
  }
  if (!text.empty())
    return std::nullopt;
  return out;
}

std::optional<std::string> plain_digits(const number_parts& n) {
  if (n.exponent > max_exponent || n.exponent < -max_exponent)
    return std::nullopt;
  std::string digits{n.whole};
  digits += n.fraction;
  auto point = static_cast<std::int64_t>(n.whole.size()) + n.exponent;
  if (point < 1) {
    digits.insert(0, static_cast<std::size_t>(1 - point), '0');
    point = 1;
  }
  if (std::cmp_greater(point, digits.size()))
    digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  const auto at = static_cast<std::size_t>(point);
  if (digits.size() > max_decimal_digits)
    return std::nullopt;
  auto first = std::min(digits.find_first_not_of('0'), at - 1);
  std::string out = n.negative ? "-" : "";
  out += digits.substr(first, at - first);
  if (at < digits.size())
    out += "." + digits.substr(at);
  return out;
}

}  // namespace landfall::json
