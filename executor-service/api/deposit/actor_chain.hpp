#pragma once

#include <memory>

#include <caf/fwd.hpp>

#include "executor-service/actors/chain.hpp"
#include "executor-service/api/deposit/chain_gateway.hpp"

namespace landfall::executor::api {

/// What the API asks of Solana, asked through the chain actor: its ranking of the endpoints, its hedges, its limits.
/// `system` has to outlive it; nobody may be waiting in it when the actor ends.
[[nodiscard]] std::unique_ptr<chain_gateway> make_actor_chain(caf::actor_system& system, chain_actor chain);

}  // namespace landfall::executor::api
