#pragma once

#include <caf/all.hpp>
#include <memory>

#include "common/postgres/database.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/order/core/claim_capacity.hpp"
#include "executor-service/order/order_actor.hpp"

namespace landfall::executor {

/// Orders may be due: claim now instead of at the next poll.
struct work_hint {};
/// Claim nothing more, let orders in flight finish their writes, release the leases, end.
struct dispatcher_stop {};
struct claim_tick {};
struct lease_tick {};

using dispatcher_actor = caf::typed_actor<caf::reacts_to<work_hint>, caf::reacts_to<dispatcher_stop>,
                                          /// Its own timers: claim what is due; prolong the leases held.
                                          caf::reacts_to<claim_tick>, caf::reacts_to<lease_tick>>;

struct dispatcher_config {
  postgres::database::options database;
  std::string instance;
  /// How often due orders are claimed, whether or not a hint came.
  domain::milliseconds poll{500};
  domain::milliseconds lease{30'000};
  claim_policy claims;

  runtime::metrics* metrics = nullptr;
};

/// Claims due orders under leases, runs one actor for each, and prolongs the leases. Owns its thread and connection.
dispatcher_actor spawn_dispatcher(caf::actor_system& system, dispatcher_config config,
                                  std::shared_ptr<const order_dependencies> with);

/// Listens for transitions of orders and hints the dispatcher. Owns its thread; what it misses the poll finds.
caf::actor spawn_order_listener(caf::actor_system& system, postgres::database::options database, dispatcher_actor to);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::work_hint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::dispatcher_stop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::claim_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::lease_tick)
