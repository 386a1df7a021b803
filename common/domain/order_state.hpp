#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace landfall::domain {

/// The states of a price order. The names are those of the public API's `rawState` and of the table `order_state`.
enum class order_state : std::uint8_t {
  pending_deposit,
  depositing,
  deposit_failed,
  open,
  ready_execute,
  ready_expire,
  executing,
  execute_success,
  execute_failed,
  partial_fill_success,
  ready_withdraw_output,
  withdrawing,
  withdraw_failed,
  fill_success,
  fill_failed,
  ready_to_cancel,
  cancelled,
  oco_cancelled,
  expired,
};

struct order_state_row {
  order_state state;
  std::string_view name;
  /// `orderState` of the public API.
  std::string_view shown_as;
  /// No move leads out of it.
  bool is_final;
};

inline constexpr std::array<order_state_row, 19> order_states{{
    {order_state::pending_deposit, "pending_deposit", "pending", false},
    {order_state::depositing, "depositing", "pending", false},
    {order_state::deposit_failed, "deposit_failed", "failed", true},
    {order_state::open, "open", "open", false},
    {order_state::ready_execute, "ready_execute", "executing", false},
    {order_state::ready_expire, "ready_expire", "executing", false},
    {order_state::executing, "executing", "executing", false},
    {order_state::execute_success, "execute_success", "executing", false},
    {order_state::execute_failed, "execute_failed", "executing", false},
    {order_state::partial_fill_success, "partial_fill_success", "executing", false},
    {order_state::ready_withdraw_output, "ready_withdraw_output", "executing", false},
    {order_state::withdrawing, "withdrawing", "executing", false},
    {order_state::withdraw_failed, "withdraw_failed", "failed", false},
    {order_state::fill_success, "fill_success", "filled", true},
    {order_state::fill_failed, "fill_failed", "failed", false},
    {order_state::ready_to_cancel, "ready_to_cancel", "pending_withdraw", false},
    {order_state::cancelled, "cancelled", "cancelled", true},
    {order_state::oco_cancelled, "oco_cancelled", "cancelled", true},
    {order_state::expired, "expired", "expired", false},
}};

[[nodiscard]] constexpr std::string_view to_string(order_state state) {
  return order_states[static_cast<std::size_t>(state)].name;
}
[[nodiscard]] constexpr std::string_view shown_as(order_state state) {
  return order_states[static_cast<std::size_t>(state)].shown_as;
}
[[nodiscard]] constexpr std::optional<order_state> parse_order_state(std::string_view name) {
  for (const auto& row : order_states)
    if (row.name == name)
      return row.state;
  return std::nullopt;
}

/// Who may make a move: the database role of the same name, with the prefix `landfall_`.
enum class mover : std::uint8_t { api, trigger, executor, operator_ };

[[nodiscard]] constexpr std::string_view to_string(mover m) {
  constexpr std::array<std::string_view, 4> names{"api", "trigger", "executor", "operator"};
  return names[static_cast<std::size_t>(m)];
}

/// A move that PostgreSQL allows. `from` is empty for the creation of an order.
struct allowed_move {
  std::optional<order_state> from;
  order_state to;
  mover by;
};

/// The one table of moves; a test compares it with the migrated table `allowed_transition` as a set.
inline constexpr auto allowed_moves = std::to_array<allowed_move>({
    {std::nullopt, order_state::pending_deposit, mover::api},
    {order_state::pending_deposit, order_state::depositing, mover::api},
    {order_state::pending_deposit, order_state::deposit_failed, mover::executor},
    {order_state::depositing, order_state::open, mover::executor},
    {order_state::depositing, order_state::open, mover::api},
    {order_state::depositing, order_state::deposit_failed, mover::executor},
    {order_state::depositing, order_state::deposit_failed, mover::api},
    {order_state::open, order_state::ready_execute, mover::trigger},
    {order_state::open, order_state::ready_expire, mover::trigger},
    {order_state::open, order_state::ready_expire, mover::executor},
    {order_state::open, order_state::ready_to_cancel, mover::api},
    {order_state::open, order_state::oco_cancelled, mover::executor},
    {order_state::ready_execute, order_state::executing, mover::executor},
    {order_state::ready_execute, order_state::open, mover::executor},
    {order_state::ready_execute, order_state::ready_to_cancel, mover::api},
    {order_state::ready_execute, order_state::oco_cancelled, mover::executor},
    {order_state::executing, order_state::execute_success, mover::executor},
    {order_state::executing, order_state::execute_failed, mover::executor},
    {order_state::execute_success, order_state::executing, mover::executor},
    {order_state::execute_success, order_state::ready_withdraw_output, mover::executor},
    {order_state::execute_success, order_state::partial_fill_success, mover::executor},
    {order_state::execute_success, order_state::fill_failed, mover::executor},
    {order_state::partial_fill_success, order_state::ready_execute, mover::executor},
    {order_state::partial_fill_success, order_state::open, mover::executor},
    {order_state::partial_fill_success, order_state::ready_expire, mover::executor},
    {order_state::partial_fill_success, order_state::ready_to_cancel, mover::api},
    {order_state::partial_fill_success, order_state::ready_withdraw_output, mover::executor},
    {order_state::execute_failed, order_state::ready_execute, mover::executor},
    {order_state::execute_failed, order_state::open, mover::executor},
    {order_state::execute_failed, order_state::ready_expire, mover::executor},
    {order_state::execute_failed, order_state::ready_to_cancel, mover::api},
    {order_state::execute_failed, order_state::ready_to_cancel, mover::executor},
    {order_state::ready_withdraw_output, order_state::withdrawing, mover::executor},
    {order_state::withdrawing, order_state::fill_success, mover::executor},
    {order_state::withdrawing, order_state::withdraw_failed, mover::executor},
    {order_state::withdraw_failed, order_state::withdrawing, mover::executor},
    {order_state::ready_to_cancel, order_state::cancelled, mover::executor},
    {order_state::ready_to_cancel, order_state::cancelled, mover::api},
    {order_state::ready_expire, order_state::expired, mover::executor},
    {order_state::expired, order_state::ready_to_cancel, mover::api},
    {order_state::fill_failed, order_state::ready_withdraw_output, mover::operator_},
    {order_state::fill_failed, order_state::ready_to_cancel, mover::operator_},
});

[[nodiscard]] constexpr bool may_move(order_state from, order_state to, mover by) {
  for (const auto& move : allowed_moves)
    if (move.from == from && move.to == to && move.by == by)
      return true;
  return false;
}

}  // namespace landfall::domain
