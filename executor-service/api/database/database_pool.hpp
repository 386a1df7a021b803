#pragma once

#include <atomic>
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
  /// A later step of a request that was admitted: it goes before all that waits.
  bool admitted_before = false;
};
struct task_done {};

/// Owns a thread and a connection.
using database_actor = caf::typed_actor<
    /// Runs the task, blocking, and answers after it.
    caf::replies_to<run_task>::with<task_done>>;

/// Owns the tasks that wait for a database actor.
using database_queue_actor = caf::typed_actor<
    /// Sends the task to an idle database actor, or keeps it until one is idle.
    caf::reacts_to<run_task>>;

struct database_pool_settings {
  postgres::database::options database;
  /// Database actors.
  std::size_t workers = 8;
  /// Tasks that wait for a database actor; at the bound none is admitted.
  std::size_t max_queued = 512;
};

/// A bounded set of detached database actors behind one queue with an admission count. Whichever actor is idle takes
/// the next task, so that a statement that hangs delays nobody else's. Thread-safe.
class database_pool {
public:
  database_pool(caf::actor_system& system, const database_pool_settings& settings);
  ~database_pool();
  database_pool(const database_pool&) = delete;
  database_pool& operator=(const database_pool&) = delete;

  /// False at the bound, or once stopped; the task is not kept then.
  [[nodiscard]] bool submit(database_task task);
  /// A later step of a task that was admitted: never refused, as requests in flight bound these. Dropped once stopped.
  void resume(database_task task);

  /// Drops what waits and lets running tasks end, for at most `bound`; whoever runs longer is left to its own end. Safe
  /// to call twice.
  void stop(std::chrono::milliseconds bound);

private:
  caf::actor_system& system_;
  const std::size_t max_queued_;
  const std::shared_ptr<std::atomic<std::size_t>> queued_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<bool> stopped_ = false;
  std::vector<database_actor> actors_;
  database_queue_actor queue_;
};

}  // namespace landfall::executor::api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::run_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::task_done)
