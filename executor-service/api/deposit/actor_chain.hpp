#pragma once

#include <memory>

#include <caf/fwd.hpp>

#include "executor-service/api/deposit/chain_gateway.hpp"
#include "executor-service/chain/protocol.hpp"

namespace landfall::executor::api {

/// Asks the chain actor: its ranking of the endpoints, its hedges, its limits. An actor of its own takes the answers;
/// it ends with the gateway. `system` has to outlive it.
[[nodiscard]] std::unique_ptr<chain_gateway> make_actor_chain(caf::actor_system& system, chain_actor chain);

}  // namespace landfall::executor::api
