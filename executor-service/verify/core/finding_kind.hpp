#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace landfall::executor::verify {

/// What may be wrong between what is stored and the finalized chain.
enum class finding_kind : std::uint8_t {
  order_account_short,            ///< it holds less than what the order still has in it
  order_account_not_emptied,      ///< all of it was swapped or refunded, and it still holds the whole deposit
  output_account_short,           ///< it holds less than what is still to be paid out
  output_account_not_emptied,     ///< it was paid out, and still holds the whole amount
  deposit_arrived_after_failure,  ///< the deposit is stored as failed, and the order account holds it
  double_swap,                    ///< swaps of one deposit that together took more than it
  double_payout,                  ///< two landed payouts of one order
  double_refund,                  ///< two landed refunds of one deposit
  swap_and_refund,                ///< one deposit both swapped and refunded
  fill_record_differs,            ///< the stored output is not what the swaps brought
  landed_not_found,               ///< stored as landed, unknown to every endpoint
  landed_but_failed,              ///< stored as landed, finalized with an error
  landed_slot_differs,            ///< stored as landed in another slot
  failed_but_landed,              ///< stored as landed with an error, finalized without one
  dead_but_landed,                ///< stored as dead, finalized without an error
  dead_but_failed,                ///< stored as dead, finalized with an error
  moved_too_little,               ///< landed, and moved less than it had to
  neither_landed_nor_dead,        ///< unresolved, past its life, unknown, and yet its account has lost money
  deposit_without_order,          ///< a crafted deposit that arrived, and made no order in time
  sum_short,                      ///< the accounts of a token hold less than all movements left in them
};
inline constexpr std::size_t finding_kind_count = 20;

/// The names of the column `kind`.
[[nodiscard]] std::string_view to_string(finding_kind kind);
[[nodiscard]] std::optional<finding_kind> parse_finding_kind(std::string_view name);
/// Whether somebody's money may be missing or paid twice. `is_final`: the order has reached a state of rest; before it,
/// what a stranger can bring about by sending tokens must not hold an order.
[[nodiscard]] bool touches_money(finding_kind kind, bool is_final);
/// Whether it rests on an unknown signature. That counts only where enough endpoints do not know it: each forgets.
[[nodiscard]] bool rests_on_unknown(finding_kind kind);

}  // namespace landfall::executor::verify
