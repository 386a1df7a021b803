#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/parse_number.hpp"

namespace landfall::domain {

/// An amount of a token in its smallest unit (lamports for SOL): 0 … 2^64-1. Never negative, never a fraction.
class token_amount {
public:
  constexpr token_amount() = default;
  constexpr explicit token_amount(std::uint64_t units) : units_(units) {}

  /// Decimal digits only: no sign, no blank, no leading zero except for "0" itself.
  [[nodiscard]] static std::optional<token_amount> parse(std::string_view text) {
    if (text.size() > 1 && text.front() == '0')
      return std::nullopt;
    const auto units = parse_number<std::uint64_t>(text);
    return units ? std::optional{token_amount{*units}} : std::nullopt;
  }
  [[nodiscard]] std::string to_string() const {
    return std::to_string(units_);
  }
  [[nodiscard]] constexpr std::uint64_t units() const noexcept {
    return units_;
  }
  /// Nothing where the sum does not fit.
  [[nodiscard]] constexpr std::optional<token_amount> plus(token_amount other) const noexcept {
    if (units_ > std::numeric_limits<std::uint64_t>::max() - other.units_)
      return std::nullopt;
    return token_amount{units_ + other.units_};
  }
  /// Nothing where the difference would be negative.
  [[nodiscard]] constexpr std::optional<token_amount> minus(token_amount other) const noexcept {
    if (units_ < other.units_)
      return std::nullopt;
    return token_amount{units_ - other.units_};
  }
  friend constexpr auto operator<=>(token_amount, token_amount) = default;

private:
  std::uint64_t units_ = 0;
};

}  // namespace landfall::domain
