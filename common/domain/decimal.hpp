#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/token_amount.hpp"

namespace landfall::domain {

__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

/// An exact decimal with 18 places, as PostgreSQL's numeric(38, 18) holds it; |value| < 10^20.
/// Prices in USD are such numbers. There is no way from or to binary floating point.
class decimal {
public:
  static constexpr int places = 18;

  constexpr decimal() = default;

  /// Accepts "12", "-0.5", "1.25e-3"; nothing where the text is no number, too large, or finer than 18 places.
  [[nodiscard]] static std::optional<decimal> parse(std::string_view text);
  /// mantissa · 10^exponent, the form price feeds use; nothing where it is too large or finer than 18 places.
  [[nodiscard]] static std::optional<decimal> from_parts(std::int64_t mantissa, int exponent);
  [[nodiscard]] static constexpr decimal from_scaled(int128 scaled) {
    decimal value;
    value.scaled_ = scaled;
    return value;
  }

  /// Shortest exact form: "150", "0.00002".
  [[nodiscard]] std::string to_string() const;
  /// value · 10^18
  [[nodiscard]] constexpr int128 scaled() const noexcept {
    return scaled_;
  }
  [[nodiscard]] constexpr bool is_positive() const noexcept {
    return scaled_ > 0;
  }
  friend constexpr bool operator==(decimal a, decimal b) noexcept {
    return a.scaled_ == b.scaled_;
  }
  friend constexpr std::strong_ordering operator<=>(decimal a, decimal b) noexcept {
    return a.scaled_ < b.scaled_   ? std::strong_ordering::less
           : a.scaled_ > b.scaled_ ? std::strong_ordering::greater
                                   : std::strong_ordering::equal;
  }
  [[nodiscard]] constexpr decimal minus(decimal other) const noexcept {
    return from_scaled(scaled_ - other.scaled_);
  }
  [[nodiscard]] constexpr decimal magnitude() const noexcept {
    return from_scaled(scaled_ < 0 ? -scaled_ : scaled_);
  }

private:
  int128 scaled_ = 0;
};

/// Whether |part| ≤ whole · bps / 10000, exactly. `whole` must not be negative.
[[nodiscard]] bool within_bps(decimal part, decimal whole, std::int64_t bps);

/// Worth in USD of an amount of a token, rounded down to 18 places; nothing where it does not fit.
[[nodiscard]] std::optional<decimal> worth_usd(token_amount amount, int decimals, decimal price_usd);

/// amount · (10000 - bps) / 10000, rounded up: the least output that a slippage of `bps` lets through. bps in 0…10000.
[[nodiscard]] token_amount less_slippage(token_amount amount, std::int64_t bps);

}  // namespace landfall::domain
