#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace landfall::fault {

/// Everything that the services do on an order's way from deposit to payout or refund which they wait for, or which
/// leaves the process. The table in money_path.cpp has a row for each.
enum class effect : std::uint8_t {
  // role api
  deposit_stored,
  deposit_sent,
  deposit_sent_again,
  deposit_send_noted,
  deposit_statuses_read,
  deposit_account_read,
  deposit_opened,
  // trigger service
  decision_commit,
  // role executor: leases
  claim,
  lease_renewal,
  // order
  deposit_check,
  build,
  broadcast,
  rebroadcast,
  fee_read,
  balance_read,
  swap_read,
  // build
  accounts_read,
  route,
  rent_read,
  lookup_tables_read,
  priority_fee_read,
  blockhash_read,
  simulation,
  signature,
  // market makers
  maker_offers,
  handed_over,
  handed_over_again,
  maker_quote,
  maker_swap,
  history_read,
  // router and chain
  router_quote,
  router_instructions,
  rpc_send,
  rpc_statuses,
  // commit writer
  commit_attempt,
  commit_confirmation,
  commit_outcome,
  commit_move,
  commit_release,
  commit_broadcast_note,
};

struct point {
  effect what;
  /// What the effect is for, where it is one of several: an attempt's kind, a state. Refers to static text.
  std::string_view kind = {};
};

#ifdef LANDFALL_FAULT_POINTS
/// One effect, once for each of its kinds.
struct money_path_row {
  effect what;
  std::string_view name;
  /// executor, api or trigger.
  std::string_view role;
  /// Separated by spaces; empty if it has none. One may name its flows: "swap:fill+retry".
  std::string_view kinds;
  /// deposit, fill, rfq, payout, refund, retry: the flows that come by, separated by spaces. Where this is empty they
  /// are the kind's own.
  std::string_view flows;
  /// False: it has no answer, so an error after it has no effect.
  bool answers = true;
};

/// In the order of `effect`.
[[nodiscard]] std::span<const money_path_row> money_path();

struct money_path_point {
  std::string name;
  point at;
  std::string_view role;
  std::vector<std::string_view> flows;
  bool can_err = true;
};
/// Every point there is.
[[nodiscard]] std::vector<money_path_point> money_path_points();
#endif

}  // namespace landfall::fault
