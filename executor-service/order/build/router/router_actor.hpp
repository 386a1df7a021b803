#pragma once

#include <caf/all.hpp>
#include <functional>
#include <memory>

#include "executor-service/order/build/router/router_client.hpp"

namespace landfall::executor {

/// The actor's own: an answer that came on another thread.
struct route_arrived {
  std::shared_ptr<std::function<void()>> handle;
};

using router_actor = caf::typed_actor<
    /// Asks for a quote and then for its instructions.
    caf::replies_to<route_request>::with<route_reply>, caf::reacts_to<route_arrived>>;

/// `api` has to outlive the actor.
router_actor spawn_router(caf::actor_system& system, std::shared_ptr<router_api> api);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::route_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::route_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::route_arrived)
