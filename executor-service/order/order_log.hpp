#pragma once

#include "executor-service/order/core/effect.hpp"
#include "executor-service/order/order_metrics.hpp"

namespace landfall::executor {

/// Log lines about an order's way, and the numbers of `order_metrics`. Nothing is decided
/// here.

/// One notice of the order's engine: a line with the order's id and state and the attempt that it is about.
void log_notice(const order& o, const effects::notice& n, const order_metrics& metrics);

/// A durable write. Only transitions and new attempts are worth a line.
void log_written(const order& o, const order_write& w);

void count_signed(attempt_kind kind, const order_metrics& metrics);

}  // namespace landfall::executor
