#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "common/domain/trigger_condition.hpp"

namespace landfall::executor::api {

/// What an order does when its price comes. Selling watches the input token, buying the output token.
enum class order_context { take_profit, stop_loss, buy_above, buy_below };

[[nodiscard]] constexpr std::string_view to_string(order_context context) noexcept {
  constexpr std::array<std::string_view, 4> names{"take_profit", "stop_loss", "buy_above", "buy_below"};
  return names[static_cast<std::size_t>(context)];
}

[[nodiscard]] constexpr order_context context_of(bool watches_input, domain::trigger_condition condition) noexcept {
  if (watches_input)
    return condition == domain::trigger_condition::above ? order_context::take_profit : order_context::stop_loss;
  return condition == domain::trigger_condition::above ? order_context::buy_above : order_context::buy_below;
}

/// The slippage of an order that names none: nothing means automatic.
[[nodiscard]] constexpr std::optional<int> default_slippage_bps(order_context context) noexcept {
  if (context == order_context::stop_loss || context == order_context::buy_above)
    return 2000;
  return std::nullopt;
}

}  // namespace landfall::executor::api
