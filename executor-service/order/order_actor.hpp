#pragma once

#include <caf/all.hpp>
#include <memory>
#include <variant>

#include "executor-service/chain/protocol.hpp"
#include "executor-service/order/core/event.hpp"
#include "executor-service/order/order_dependencies.hpp"

namespace landfall::executor {

/// A timer of the order's engine came due.
struct order_timer {
  std::variant<events::started, events::tick, events::commit_retry> due;
};
/// End as soon as nothing of this order is being written, and release the lease.
struct order_stop {};

using order_actor = caf::typed_actor<
    /// An endpoint's status of the watched attempt.
    caf::reacts_to<chain::status_update>,
    /// What an endpoint's account history shows of it.
    caf::reacts_to<chain::history_update>, caf::reacts_to<order_timer>, caf::reacts_to<order_stop>>;

/// Carries one order under a lease that was taken before: feeds the engine events, and performs its effects between
/// fault points. Ends when the engine does.
order_actor spawn_order(caf::actor_system& system, order o, std::shared_ptr<const order_dependencies> with);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::order_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::order_stop)
