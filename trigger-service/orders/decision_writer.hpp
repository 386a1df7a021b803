#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/backoff.hpp"
#include "common/runtime/clock.hpp"
#include "trigger-service/orders/decision_metrics.hpp"
#include "trigger-service/orders/decision_store.hpp"

namespace landfall::trigger {

/// What became of a decision that was sent to the writer.
enum class decision_outcome : std::uint8_t {
  applied,      ///< durable
  not_applied,  ///< the order is not open, is held, or has other terms now
  refused,      ///< the database refuses it for good
  lapsed,       ///< too old before it could be written: decide again
  overloaded,   ///< too many wait already: decide again
};
[[nodiscard]] std::string_view to_string(decision_outcome outcome);

/// Write these decisions; answered once every one of them is settled.
struct write_decisions {
  std::vector<decision> decisions;
};
/// One outcome for each decision, in their order.
struct decision_outcomes {
  std::vector<decision_outcome> outcomes;
};
/// The writer's own timer: write what is queued.
struct flush_decisions {};
/// Write what is queued at once; answered when the queue is empty, or the next write failed.
struct drain_decisions {};
struct drained {
  /// Decisions that were not written.
  std::size_t left = 0;
};

using decision_writer_actor =
    caf::typed_actor<caf::replies_to<write_decisions>::with<decision_outcomes>, caf::reacts_to<flush_decisions>,
                     caf::replies_to<drain_decisions>::with<drained>>;

struct decision_writer_config {
  std::size_t max_batch = 256;
  std::chrono::milliseconds max_batch_wait{5};
  /// Decisions waiting to be written; above it they are answered `overloaded`.
  std::size_t max_queued = 50'000;
  net::backoff_policy retry{std::chrono::milliseconds{100}, std::chrono::milliseconds{2'000},
                            net::jitter::decorrelated};
  std::uint64_t seed = 1;
  std::shared_ptr<const runtime::clock> clock;
  std::shared_ptr<const decision_metrics> metrics;
  /// Called on the writer's own thread, where the connection then lives.
  std::function<std::unique_ptr<decision_sink>()> open_sink;
  /// A thread of its own, as a blocking sink needs.
  bool detached = true;

  /// Empty, or what is wrong, as a sentence.
  [[nodiscard]] std::string validate() const;
};

/// The only writer of decisions: gathers them into batches, each one durable commit. What was not acknowledged is
/// written again, which is safe: a write is conditional on the order's state.
[[nodiscard]] decision_writer_actor spawn_decision_writer(caf::actor_system& system, decision_writer_config config);

}  // namespace landfall::trigger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::write_decisions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::decision_outcomes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::flush_decisions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::drain_decisions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::drained)
