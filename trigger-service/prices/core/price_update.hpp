#pragma once

#include <string>

#include "common/domain/decimal.hpp"
#include "common/domain/time.hpp"

namespace landfall::trigger {

/// One price as a feed gave it, not judged yet.
struct price_update {
  /// Which stream it came through, such as "hermes".
  std::string source;
  /// 64 hex digits, lower case.
  std::string feed_id;
  domain::decimal price_usd;
  /// About one standard deviation.
  domain::decimal confidence_usd;
  /// When the publishers agreed on it: the clock that freshness is measured by, to the second.
  domain::utc_time publish_time;
  /// When its bytes reached this process.
  domain::utc_time received_at;
};

}  // namespace landfall::trigger
