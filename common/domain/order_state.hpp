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
  /// No transition leads out of it.
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

/// Who may make a transition: the database role of the same name, with the prefix `landfall_`.
enum class role : std::uint8_t { api, trigger, executor, operator_ };

[[nodiscard]] constexpr std::string_view to_string(role m) {
  constexpr std::array<std::string_view, 4> names{"api", "trigger", "executor", "operator"};
  return names[static_cast<std::size_t>(m)];
}

/// A transition that PostgreSQL allows. `from` is empty for the creation of an order.
struct allowed_transition {
  std::optional<order_state> from;
  order_state to;
  role by;
};

/// The one table of transitions; a test compares it with the migrated table `allowed_transition` as a set.
inline constexpr auto allowed_transitions = std::to_array<allowed_transition>({
    {std::nullopt, order_state::pending_deposit, role::api},
    {order_state::pending_deposit, order_state::depositing, role::api},
    {order_state::pending_deposit, order_state::deposit_failed, role::executor},
    {order_state::depositing, order_state::open, role::executor},
    {order_state::depositing, order_state::open, role::api},
    {order_state::depositing, order_state::deposit_failed, role::executor},
    {order_state::depositing, order_state::deposit_failed, role::api},
    {order_state::open, order_state::ready_execute, role::trigger},
    {order_state::open, order_state::ready_expire, role::trigger},
    {order_state::open, order_state::ready_expire, role::executor},
    {order_state::open, order_state::ready_to_cancel, role::api},
    {order_state::open, order_state::oco_cancelled, role::executor},
    {order_state::ready_execute, order_state::executing, role::executor},
    {order_state::ready_execute, order_state::open, role::executor},
    {order_state::ready_execute, order_state::ready_to_cancel, role::api},
    {order_state::ready_execute, order_state::oco_cancelled, role::executor},
    {order_state::executing, order_state::execute_success, role::executor},
    {order_state::executing, order_state::execute_failed, role::executor},
    {order_state::execute_success, order_state::executing, role::executor},
    {order_state::execute_success, order_state::ready_withdraw_output, role::executor},
    {order_state::execute_success, order_state::partial_fill_success, role::executor},
    {order_state::execute_success, order_state::fill_failed, role::executor},
    {order_state::partial_fill_success, order_state::ready_execute, role::executor},
    {order_state::partial_fill_success, order_state::open, role::executor},
    {order_state::partial_fill_success, order_state::ready_expire, role::executor},
    {order_state::partial_fill_success, order_state::ready_to_cancel, role::api},
    {order_state::partial_fill_success, order_state::ready_withdraw_output, role::executor},
    {order_state::execute_failed, order_state::ready_execute, role::executor},
    {order_state::execute_failed, order_state::open, role::executor},
    {order_state::execute_failed, order_state::ready_expire, role::executor},
    {order_state::execute_failed, order_state::ready_to_cancel, role::api},
    {order_state::execute_failed, order_state::ready_to_cancel, role::executor},
    {order_state::ready_withdraw_output, order_state::withdrawing, role::executor},
    {order_state::withdrawing, order_state::fill_success, role::executor},
    {order_state::withdrawing, order_state::withdraw_failed, role::executor},
    {order_state::withdraw_failed, order_state::withdrawing, role::executor},
    {order_state::ready_to_cancel, order_state::cancelled, role::executor},
    {order_state::ready_to_cancel, order_state::cancelled, role::api},
    {order_state::ready_expire, order_state::expired, role::executor},
    {order_state::expired, order_state::ready_to_cancel, role::api},
    {order_state::fill_failed, order_state::ready_withdraw_output, role::operator_},
    {order_state::fill_failed, order_state::ready_to_cancel, role::operator_},
});

[[nodiscard]] constexpr bool may_transition(order_state from, order_state to, role by) {
  for (const auto& t : allowed_transitions)
    if (t.from == from && t.to == to && t.by == by)
      return true;
  return false;
}

}  // namespace landfall::domain
