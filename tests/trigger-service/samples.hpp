#pragma once

#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "trigger-service/orders/core/decision.hpp"

namespace landfall::trigger::tests {

inline const std::string sample_mint = "So11111111111111111111111111111111111111112";
inline const std::string sample_feed(64, 'a');

/// An hour on a day in 2026 at which every test begins.
inline constexpr domain::utc_time noon{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + std::chrono::hours{12}};

inline domain::decimal usd(std::string_view text) {
  const auto value = domain::decimal::parse(text);
  if (!value)
    domain::broken_invariant("a test's price is no decimal");
  return *value;
}

/// Another id for each n, ordered as n is.
inline domain::order_id order_number(unsigned n) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[14] = static_cast<std::uint8_t>(n >> 8U);
  bytes[15] = static_cast<std::uint8_t>(n);
  return domain::order_id{bytes};
}

inline watched_order sample_order(unsigned n, domain::trigger_condition condition, std::string_view price) {
  return {order_number(n), sample_mint, condition, usd(price), noon + std::chrono::hours{1}, 1};
}

/// Published and received at `at`.
inline price_update sample_price(std::string_view price, domain::utc_time at, std::string_view confidence = "0.01") {
  return {"hermes", sample_feed, usd(price), usd(confidence), at, at};
}

}  // namespace landfall::trigger::tests
