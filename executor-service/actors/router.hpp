#pragma once

#include <caf/all.hpp>
#include <memory>
#include <optional>

#include "executor-service/gateways/router.hpp"

namespace landfall::executor {

/// A quote and the instructions that carry it out.
struct route_request {
  quote_request what;
  swap_request how;
};

struct route {
  quote offer;
  swap_instructions_view instructions;
};

/// Either the route or why there is none.
struct route_reply {
  std::shared_ptr<const route> found;
  std::optional<router_error> error;
};

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
