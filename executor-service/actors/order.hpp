#pragma once

#include <caf/all.hpp>
#include <memory>
#include <vector>

#include "common/runtime/metrics.hpp"
#include "executor-service/actors/ledger.hpp"
#include "executor-service/chain/protocol.hpp"
#include "executor-service/core/next_step.hpp"
#include "executor-service/core/order.hpp"
#include "executor-service/core/resolve.hpp"
#include "executor-service/order/build/builder_actor.hpp"
#include "executor-service/order/build/permits.hpp"

namespace landfall::executor {

struct order_config {
  step_policy steps;
  resolve_policy resolution;
  /// Stored bytes go out again this often until something is seen of them.
  domain::milliseconds rebroadcast{1'000};
  /// An attempt that is open for too long is looked at so long before it gives its place back for a while.
  domain::milliseconds overdue_look{20'000};
  /// Wait before asking again what could not be answered.
  domain::milliseconds pause{1'000};
  domain::milliseconds request_timeout{20'000};
};

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

/// Actors and settings that every order actor uses, and those of its builders.
struct order_dependencies : build_dependencies {
  ledger_actor ledger;
  /// Build permits. Swaps and payments have separate ones, so a hanging router cannot block payouts. Null: unlimited.
  semaphore_actor swap_permits;
  semaphore_actor payment_permits;
  order_config config;
  order_metrics metrics;
};

/// The actor's own timer; `round` tells a timer of the present step from one of an earlier step.
struct order_tick {
  std::uint64_t round = 0;
};
/// End as soon as nothing of this order is being written, and give the lease back.
struct order_stop {};

using order_actor = caf::typed_actor<
    /// What an endpoint says about the attempt being resolved.
    caf::reacts_to<chain::status_update>, caf::reacts_to<chain::history_update>, caf::reacts_to<order_tick>,
    caf::reacts_to<order_stop>>;

/// One order under a lease that the caller took. Asks `next_step` what to do, does it, makes it durable, asks again,
/// and ends when there is nothing to do now, when a write was refused or is in doubt, or when it is told to.
order_actor spawn_order(caf::actor_system& system, order o, std::shared_ptr<const order_dependencies> with);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::order_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::order_stop)
