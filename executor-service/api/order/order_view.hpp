#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/domain/order_state.hpp"
#include "common/domain/time.hpp"
#include "common/domain/token_amount.hpp"
#include "common/json/writer.hpp"
#include "executor-service/api/order/order_context.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::executor::api {

/// What is stored about one order, as far as the public API shows it. Ids and addresses are text as stored.

struct attempt_view {
  std::string id;
  attempt_kind kind = attempt_kind::deposit;
  std::optional<std::string> signature;
  domain::utc_time signed_at;
  std::optional<domain::utc_time> broadcast_at;
  std::optional<domain::utc_time> confirmed_at;
  std::optional<attempt_outcome> outcome;
  std::optional<domain::utc_time> resolved_at;
  /// JSON of the chain's error.
  std::optional<std::string> error;
  std::optional<domain::token_amount> order_account_balance;
  std::optional<domain::token_amount> expected_input;
  std::optional<domain::token_amount> minimum_output;
  std::optional<domain::token_amount> input_moved;
  std::optional<domain::token_amount> output_moved;
};

struct transition_view {
  domain::utc_time at;
  domain::order_state to = domain::order_state::pending_deposit;
  /// "api", "trigger", "executor" or "operator".
  std::string role;
  std::optional<std::string> reason;
  std::optional<std::string> detail;
  std::optional<std::string> attempt;
  std::optional<std::string> evidence;
};

struct evidence_view {
  std::string id;
  std::string source;
  /// Exact decimals as stored.
  std::optional<std::string> price_usd;
  std::optional<std::string> confidence_usd;
  std::optional<domain::utc_time> publish_time;
  domain::utc_time received_at;
  domain::utc_time decided_at;
  /// JSON.
  std::string gates;
  std::string instance;
};

struct order_view {
  std::string id;
  std::string order_type;
  domain::order_state state = domain::order_state::pending_deposit;
  std::string wallet;
  std::string vault;
  std::string input_mint;
  std::string output_mint;
  std::string trigger_mint;
  domain::token_amount input_amount;
  std::optional<domain::token_amount> input_used;
  std::optional<domain::token_amount> output_amount;
  domain::trigger_condition condition = domain::trigger_condition::above;
  /// Exact decimal.
  std::string trigger_price_usd;
  std::optional<int> slippage_bps;
  domain::utc_time expires_at;
  domain::utc_time created_at;
  domain::utc_time updated_at;
  std::optional<domain::utc_time> triggered_at;
  std::optional<std::string> last_reason;
  std::optional<std::string> last_detail;
  /// Each oldest first.
  std::vector<attempt_view> attempts;
  std::vector<transition_view> transitions;
  std::vector<evidence_view> evidence;
};

/// Writes the order as `OrderHistoryItem` of the Trigger V2 schema, with what we add to it:
/// - `reason` and `detail` on every event that stands for an execution attempt, payout or refund, and on the order
/// itself
///   for its last transition;
/// - `triggers`: each decision of the trigger service that caused a transition of the order, with its `evidence`.
///
/// `events` are oldest first: `deposit`; `fill`, one a swap attempt, and one, without `txSignature`, a try that ended
/// before anything was signed; `withdrawal` for a payout; `cancelled` and `expired` for a refund, or for the final
/// transition where none was needed. An attempt is `pending` until its outcome is proven final; a deposit until it is
/// confirmed. `slippageBps` is absent where slippage is automatic.
void write_order(json::writer& w, const order_view& order);

}  // namespace landfall::executor::api
