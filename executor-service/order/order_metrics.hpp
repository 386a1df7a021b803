#pragma once

#include "common/runtime/metrics.hpp"

namespace landfall::executor {

/// Metrics of the order actor and of its builder.
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
  runtime::counter_handle makers_taken;
  runtime::counter_handle makers_refused;
  runtime::gauge_handle fee_payer_lamports;
};

}  // namespace landfall::executor
