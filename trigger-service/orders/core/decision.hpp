#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/order_state.hpp"
#include "trigger-service/orders/core/trigger_book.hpp"
#include "trigger-service/prices/core/price_update.hpp"

namespace landfall::trigger {

/// What was seen when a decision was made.
struct evidence {
  /// Stays the same however often the decision is written: it distinguishes a repeated write from a new one.
  domain::evidence_id id;
  std::string source;
  /// Absent where the clock alone decided.
  std::optional<domain::decimal> price_usd;
  std::optional<domain::decimal> confidence_usd;
  std::optional<domain::utc_time> publish_time;
  domain::utc_time received_at;
  /// JSON object.
  std::string gates;
};

struct decision {
  domain::order_id order;
  /// `ready_execute` or `ready_expire`.
  domain::order_state to = domain::order_state::ready_execute;
  /// Stable code: "trigger_above", "trigger_below", "expired".
  std::string reason;
  /// For people.
  std::string detail;
  trigger::evidence evidence;
  /// Not to be written any more after this; a later price decides anew.
  std::optional<domain::utc_time> write_by;
};

/// A price that passed every gate, with the gates' report.
struct accepted_price {
  price_update update;
  std::string gates;
};

struct decided {
  std::vector<decision> decisions;
  /// Crossed, but their time is over: they are left to `decide_expiry`.
  std::vector<domain::order_id> out_of_time;
};

/// The orders that should execute at this price, among the first `limit` that it crosses. Evidence ids are not set
/// yet.
[[nodiscard]] decided decide(const trigger_book& book, const accepted_price& price, domain::utc_time now,
                             domain::milliseconds write_within, std::size_t limit);

/// Nothing unless now ≥ expires_at. Needs no price.
[[nodiscard]] std::optional<decision> decide_expiry(domain::order_id order, domain::utc_time expires_at,
                                                    domain::utc_time now);

}  // namespace landfall::trigger
