#pragma once

#include <caf/all.hpp>
#include <cstddef>

namespace landfall::executor {

/// Wants to build a transaction and send it. One at a time for each asker.
struct turn_request {};
struct turn_granted {};
/// It is on its way, or will not be.
struct turn_done {};

using turnstile_actor = caf::typed_actor<
    /// Answers when it is the asker's turn, first come, first served.
    caf::replies_to<turn_request>::with<turn_granted>, caf::reacts_to<turn_done>>;

/// Lets `at_once` askers build and send at a time. A transaction takes several questions to endpoints and router;
/// without a bound a thousand orders that trigger together take each other's room, and each starts anew with its first
/// question, and what is signed faster than the endpoints take it dies before they do. Who ends gives its turn, or its
/// place in the line, back.
turnstile_actor spawn_turnstile(caf::actor_system& system, std::size_t at_once);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::turn_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::turn_granted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::turn_done)
