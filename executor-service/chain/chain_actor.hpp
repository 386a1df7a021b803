#pragma once

#include <memory>
#include <vector>

#include <caf/fwd.hpp>

#include "common/runtime/clock.hpp"
#include "executor-service/chain/chain_config.hpp"
#include "executor-service/chain/protocol.hpp"

namespace landfall::executor {

/// Event-based, never blocks. `endpoints` have distinct names; `clock` has to outlive the actor.
[[nodiscard]] chain_actor spawn_chain(caf::actor_system& system, chain_config config,
                                      std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
                                      chain_reports reports = {});

}  // namespace landfall::executor
