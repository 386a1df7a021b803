#pragma once

#include "executor-service/order/build/builder_actor.hpp"
#include "executor-service/order/build/permits.hpp"
#include "executor-service/order/commit_writer.hpp"
#include "executor-service/order/order_config.hpp"
#include "executor-service/order/order_metrics.hpp"

namespace landfall::executor {

/// Actors and settings that every order actor uses, and those of its builders.
struct order_dependencies : build_dependencies {
  commit_writer_actor commit_writer;
  /// Build permits. Swaps and payments have separate ones, so a hanging router cannot block payouts. Null: unlimited.
  semaphore_actor swap_permits;
  semaphore_actor payment_permits;
  order_config config;
  order_metrics metrics;
};

}  // namespace landfall::executor
