#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include <caf/actor_system_config.hpp>
#include <caf/fwd.hpp>

namespace landfall::runtime {

/// Sets what every actor system here needs; add message types to the same config before or after.
///
/// - The scheduler shares work instead of stealing it: CAF's default searches in O(n) under fan-out.
/// - `max_threads` workers (at least 1). A blocked worker stalls every other actor: what blocks is spawned detached.
/// - `~actor_system` waits for ever while an idle actor is still referenced: call `stop_actors` first, and let no
///   handle outlive that in a local of `main` declared before the system.
/// - The system has a clock of its own for delayed messages; decisions take time from a `runtime::clock`.
void configure_actor_system(caf::actor_system_config& config, std::size_t max_threads);

/// Sends every actor an exit, in the order given and each after the one before it is down, so that clients end before
/// what they call. All together wait at most `bound`; who is left then is killed without a wait. Drops the references.
/// Returns how many had to be killed. To be called from a thread that is no actor. The state of an actor that is down
/// is destroyed; functors that were attached to it may still run, until the actor system has ended.
std::size_t stop_actors(caf::actor_system& system, std::vector<caf::strong_actor_ptr> actors,
                        std::chrono::milliseconds bound);

}  // namespace landfall::runtime
