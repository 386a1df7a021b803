#pragma once

#include <cstdint>
#include <string>

#include "common/domain/decimal.hpp"
#include "common/domain/time.hpp"
#include "common/domain/trigger_condition.hpp"
#include "common/domain/uuid.hpp"

namespace landfall::trigger {

/// What the trigger service knows of an open order.
struct watched_order {
  domain::order_id id;
  /// Base58 address of the token whose price is watched.
  std::string trigger_mint;
  domain::trigger_condition condition = domain::trigger_condition::above;
  domain::decimal trigger_price_usd;
  domain::utc_time expires_at;
  /// When the row was last written, in microseconds since 1970: of two readings of an order the greater is the newer.
  std::int64_t version_us = 0;
  /// What of the row cannot be read, for people; such an order is watched by nobody. Empty: nothing.
  std::string unreadable = {};
};

}  // namespace landfall::trigger
