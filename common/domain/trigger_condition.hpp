#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/domain/decimal.hpp"

namespace landfall::domain {

/// `above` holds where price ≥ trigger price, `below` where price ≤ trigger price.
enum class trigger_condition : std::uint8_t { above, below };

[[nodiscard]] constexpr std::string_view to_string(trigger_condition condition) noexcept {
  return condition == trigger_condition::above ? "above" : "below";
}
[[nodiscard]] constexpr std::optional<trigger_condition> parse_trigger_condition(std::string_view text) noexcept {
  for (const auto condition : {trigger_condition::above, trigger_condition::below})
    if (text == to_string(condition))
      return condition;
  return std::nullopt;
}
[[nodiscard]] constexpr bool holds(trigger_condition condition, decimal price, decimal trigger_price) {
  return condition == trigger_condition::above ? price >= trigger_price : price <= trigger_price;
}

}  // namespace landfall::domain
