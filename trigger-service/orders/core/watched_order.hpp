#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/decimal.hpp"
#include "common/domain/time.hpp"
#include "common/domain/uuid.hpp"

namespace landfall::trigger {

/// `above` holds where price ≥ trigger price, `below` where price ≤ trigger price.
enum class trigger_condition : std::uint8_t { above, below };

[[nodiscard]] constexpr std::string_view to_string(trigger_condition condition) {
  return condition == trigger_condition::above ? "above" : "below";
}
[[nodiscard]] constexpr std::optional<trigger_condition> parse_trigger_condition(std::string_view text) {
  if (text == "above")
    return trigger_condition::above;
  if (text == "below")
    return trigger_condition::below;
  return std::nullopt;
}
[[nodiscard]] constexpr bool holds(trigger_condition condition, domain::decimal price, domain::decimal trigger_price) {
  return condition == trigger_condition::above ? price >= trigger_price : price <= trigger_price;
}

/// What the trigger service knows of an open order.
struct watched_order {
  domain::order_id id;
  /// Base58 address of the token whose price is watched.
  std::string trigger_mint;
  trigger_condition condition = trigger_condition::above;
  domain::decimal trigger_price_usd;
  domain::utc_time expires_at;
  /// When the row was last written, in microseconds since 1970: of two readings of an order the greater is the newer.
  std::int64_t version_us = 0;
};

}  // namespace landfall::trigger
