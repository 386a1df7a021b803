#pragma once

#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <optional>

#include "common/fault/fault_point.hpp"
#include "common/postgres/error.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/order/order_store.hpp"

namespace landfall::executor {

/// A unit of writes that has to be durable before the sender goes on.
struct commit_unit {
  write_unit unit;
  /// The fault point of this commit; unused in release builds.
  fault::point point{fault::effect::commit_release};
};

/// The result of a commit. No error: it is durable.
struct commit_reply {
  std::optional<postgres::database_error> error;
};

using commit_writer_actor = caf::typed_actor<
    /// Makes the unit durable; answered after the commit, never before.
    caf::replies_to<commit_unit>::with<commit_reply>,
    /// Commits what is queued.
    caf::reacts_to<caf::flush_atom>>;

struct commit_writer_config {
  postgres::database::options database;
  std::string instance;
  /// Most units in one commit.
  std::size_t max_batch = 128;
  runtime::counter_handle commits;
  runtime::counter_handle units;
  runtime::counter_handle failures;
};

/// The only writer of attempts and transitions. Owns its thread and its connection. Units that arrive
/// while a commit is under way go into the next commit together.
commit_writer_actor spawn_commit_writer(caf::actor_system& system, commit_writer_config config);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::commit_unit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::commit_reply)
