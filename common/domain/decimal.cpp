#include "common/domain/decimal.hpp"

#include <algorithm>

#include "common/domain/parse_number.hpp"

namespace landfall::domain {

namespace {

constexpr int128 power_of_ten(int exponent) {
  int128 value = 1;
  for (int i = 0; i < exponent; ++i)
    value *= 10;
  return value;
}

/// 10^38: one more than the largest magnitude of numeric(38, 18), scaled.
constexpr int128 limit = power_of_ten(38);

/// value · 10^exponent where it is exact and within the limit.
std::optional<int128> shift(int128 value, int exponent) {
  if (value == 0)
    return int128{0};
  for (; exponent < 0; ++exponent) {
    if (value % 10 != 0)
      return std::nullopt;
    value /= 10;
  }
  for (; exponent > 0; --exponent) {
    if (value >= limit / 10 || value <= -(limit / 10))
      return std::nullopt;
    value *= 10;
  }
  return value;
}

}  // namespace

std::optional<decimal> decimal::parse(std::string_view text) {
  bool negative = false;
  if (!text.empty() && text.front() == '-') {
    negative = true;
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    auto tail = text.substr(e + 1);
    if (!tail.empty() && tail.front() == '+')
      tail.remove_prefix(1);
    const auto parsed = parse_number<int>(tail, -64, 64);
    if (!parsed)
      return std::nullopt;
    exponent = *parsed;
    text = text.substr(0, e);
  }
  int128 digits = 0;
  int fraction = 0;
  bool point = false;
  bool any = false;
  for (const char c : text) {
    if (c == '.') {
      if (point || !any)
        return std::nullopt;
      point = true;
      continue;
    }
    if (c < '0' || c > '9')
      return std::nullopt;
    if (digits >= limit / 10)
      return std::nullopt;
    digits = digits * 10 + (c - '0');
    any = true;
    fraction += point ? 1 : 0;
  }
  if (!any || text.back() == '.')
    return std::nullopt;
  const auto scaled = shift(digits, places + exponent - fraction);
  if (!scaled)
    return std::nullopt;
  return from_scaled(negative ? -*scaled : *scaled);
}

std::optional<decimal> decimal::from_parts(std::int64_t mantissa, int exponent) {
  if (exponent > 64 || exponent < -64)
    return std::nullopt;
  const auto scaled = shift(mantissa, places + exponent);
  if (!scaled)
    return std::nullopt;
  return from_scaled(*scaled);
}

std::string decimal::to_string() const {
  auto rest = static_cast<uint128>(scaled_ < 0 ? -scaled_ : scaled_);
  std::string text;
  int place = 0;
  bool significant = false;
  while (rest != 0 || place <= places) {
    const char digit = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
    if (place == places && significant)
      text.push_back('.');
    if (place >= places || digit != '0' || significant) {
      text.push_back(digit);
      significant = true;
    }
    ++place;
  }
  if (scaled_ < 0)
    text.push_back('-');
  std::reverse(text.begin(), text.end());
  return text;
}

bool within_bps(decimal part, decimal whole, std::int64_t bps) {
  // Both sides stay below 2^127: |scaled| < 10^38 is split before it is multiplied.
  const int128 p = part.magnitude().scaled();
  const int128 w = whole.scaled();
  const int128 allowed = w / 10000 * bps + w % 10000 * bps / 10000;
  return p <= allowed;
}

std::optional<decimal> worth_usd(token_amount amount, int decimals, decimal price_usd) {
  if (price_usd.scaled() < 0)
    return std::nullopt;
  // amount · price / 10^decimals, as whole · price + fraction · price / 10^decimals.
  const auto unit = static_cast<uint128>(power_of_ten(decimals));
  const auto price = static_cast<uint128>(price_usd.scaled());
  const uint128 whole = amount.units() / unit;
  const uint128 fraction = amount.units() % unit;
  if (whole != 0 && price > static_cast<uint128>(limit - 1) / whole)
    return std::nullopt;
  uint128 part = 0;
  if (fraction != 0) {
    const uint128 quotient = price / unit;
    const uint128 remainder = price % unit;
    // fraction < unit ≤ 10^18 and quotient < 10^38 / unit: the products stay below 10^38.
    part = fraction * quotient + fraction * remainder / unit;
  }
  const uint128 sum = whole * price + part;
  if (sum >= static_cast<uint128>(limit))
    return std::nullopt;
  return decimal::from_scaled(static_cast<int128>(sum));
}

token_amount less_slippage(token_amount amount, std::int64_t bps) {
  const auto keep = static_cast<uint128>(10000 - bps);
  return token_amount{static_cast<std::uint64_t>((amount.units() * keep + 9999) / 10000)};
}

}  // namespace landfall::domain
