#pragma once

#include "common/runtime/metrics.hpp"

namespace landfall::trigger {

/// What the price feed counts. Thread-safe; without a registry nothing is counted.
struct price_metrics {
  explicit price_metrics(runtime::metrics* registry);

  runtime::counter_handle received;
  runtime::counter_handle malformed;
  runtime::counter_handle dropped;
  runtime::gauge_handle feed_connected;
  runtime::counter_handle feed_reconnects;
  runtime::counter_handle feed_connects_delayed;
};

}  // namespace landfall::trigger
