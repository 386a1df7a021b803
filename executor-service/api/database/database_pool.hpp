#pragma once

#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "common/postgres/database.hpp"

namespace landfall::executor::api {

/// Runs on a database actor, where it may block on the actor's connection. What it throws is logged.
using database_task = std::function<void(postgres::database&)>;

struct run_task {
  database_task run;
};

/// Owns a thread and a connection.
using database_actor = caf::typed_actor<
    /// Runs the task, blocking.
    caf::reacts_to<run_task>>;

struct database_pool_settings {
  postgres::database::options database;
  /// Database actors.
  std::size_t workers = 8;
  /// Tasks that wait for a database actor; at the bound none is admitted.
  std::size_t max_queued = 512;
};

/// A bounded set of detached database actors behind one admission count. Whichever actor is idle takes the next task,
/// so that a statement that hangs delays nobody else's. Thread-safe.
class database_pool {
public:
  database_pool(caf::actor_system& system, const database_pool_settings& settings);
  ~database_pool();
  database_pool(const database_pool&) = delete;
  database_pool& operator=(const database_pool&) = delete;

  /// False at the bound, or once stopped; the task is not kept then.
  [[nodiscard]] bool submit(database_task task);
  /// A later step of a task that was admitted: it goes before those that wait and is never refused, as the requests in
  /// flight bound these. Dropped once stopped.
  void resume(database_task task);

  /// Drops what waits and lets running tasks end, for at most `bound`; whoever runs longer is left to its own end. Safe
  /// to call twice.
  void stop(std::chrono::milliseconds bound);

private:
  struct backlog;

  caf::actor_system& system_;
  const std::shared_ptr<backlog> backlog_;
  std::vector<database_actor> actors_;
};

}  // namespace landfall::executor::api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::run_task)
