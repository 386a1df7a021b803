#pragma once

#include "common/runtime/metrics.hpp"

namespace landfall::executor {

/// Metrics of the order actor.
struct order_metrics {
  runtime::counter_handle signed_swaps;
  runtime::counter_handle signed_payouts;
  runtime::counter_handle signed_refunds;
  runtime::counter_handle signed_closes;
  runtime::counter_handle landed;
  runtime::counter_handle landed_failed;
  runtime::counter_handle dead;
  runtime::counter_handle rollbacks;
  runtime::counter_handle overdue;
  runtime::counter_handle build_failures;
};

}  // namespace landfall::executor
