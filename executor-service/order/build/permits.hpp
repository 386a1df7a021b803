#pragma once

#include <caf/all.hpp>
#include <cstddef>

namespace landfall::executor {

/// Asks for a permit to build a transaction and send it. One at a time for each asker.
struct permit_request {};
struct permit_granted {};
/// The transaction was sent, or will not be.
struct permit_released {};

using semaphore_actor = caf::typed_actor<
    /// Answers when a permit is free for the asker, first come, first served.
    caf::replies_to<permit_request>::with<permit_granted>, caf::reacts_to<permit_released>>;

/// Grants at most `permits` at a time, first come, first served. A transaction takes several requests to endpoints and
/// router. Without a bound, a thousand orders that trigger together crowd each other out: requests time out and start
/// anew, and what is signed faster than the endpoints take it expires unsent. An asker that ends leaves the queue, or
/// gives its permit back.
semaphore_actor spawn_semaphore(caf::actor_system& system, std::size_t permits);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::permit_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::permit_granted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::permit_released)
