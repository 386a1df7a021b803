#include "executor-service/api/database/database_pool.hpp"

#include <caf/all.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"

namespace landfall::executor::api {

/// Tasks that wait for an actor, and actors that wait for a task: never both.
struct database_pool::backlog {
  explicit backlog(std::size_t bound) : max_queued(bound) {}

  const std::size_t max_queued;
  std::mutex mutex;
  std::deque<database_task> resumed;
  std::deque<database_task> submitted;
  std::vector<database_actor> idle;
  bool stopped = false;

  bool add(database_task task, bool is_resumed) {
    database_actor actor;
    {
      const std::lock_guard lock{mutex};
      if (stopped)
        return false;
      if (idle.empty()) {
        if (!is_resumed && submitted.size() >= max_queued)
          return false;
        (is_resumed ? resumed : submitted).push_back(std::move(task));
        return true;
      }
      actor = std::move(idle.back());
      idle.pop_back();
    }
    caf::anon_send(actor, run_task{std::move(task)});
    return true;
  }

  /// The next task for an actor that is done with its last; without one it is idle from now on.
  std::optional<database_task> next(const database_actor& actor) {
    const std::lock_guard lock{mutex};
    if (stopped)
      return std::nullopt;
    auto& from = resumed.empty() ? submitted : resumed;
    if (from.empty()) {
      idle.push_back(actor);
      return std::nullopt;
    }
    auto task = std::move(from.front());
    from.pop_front();
    return task;
  }

  struct actor_state {
    std::shared_ptr<backlog> tasks;
    std::unique_ptr<postgres::database> database;

    static inline const char* name = "api_database";
  };

  static database_actor::behavior_type behavior(database_actor::stateful_pointer<actor_state> self,
                                                std::shared_ptr<backlog> tasks,
                                                const postgres::database::options& options) {
    self->state.tasks = std::move(tasks);
    self->state.database = std::make_unique<postgres::database>(options);
    return {[self](run_task& task) {
      try {
        std::exchange(task.run, {})(*self->state.database);
      } catch (const std::exception& e) {
        runtime::log_error("api_job_failed", {{"why", e.what()}});
      }
      // As a message of its own, so that an exit comes between.
      if (auto next = self->state.tasks->next(self))
        self->send(self, run_task{std::move(*next)});
    }};
  }
};

database_pool::database_pool(caf::actor_system& system, const database_pool_settings& settings)
    : system_(system), backlog_(std::make_shared<backlog>(settings.max_queued)) {
  for (std::size_t i = 0; i < settings.workers; ++i)
    actors_.push_back(system.spawn<caf::detached>(backlog::behavior, backlog_, settings.database));
  backlog_->idle = actors_;
}

database_pool::~database_pool() {
  stop(std::chrono::minutes{1});
}

bool database_pool::submit(database_task task) {
  return backlog_->add(std::move(task), false);
}

void database_pool::resume(database_task task) {
  (void)backlog_->add(std::move(task), true);
}

void database_pool::stop(std::chrono::milliseconds bound) {
  std::deque<database_task> resumed;
  std::deque<database_task> submitted;
  {
    const std::lock_guard lock{backlog_->mutex};
    if (std::exchange(backlog_->stopped, true))
      return;
    resumed.swap(backlog_->resumed);
    submitted.swap(backlog_->submitted);
    backlog_->idle.clear();
  }
  std::vector<caf::strong_actor_ptr> actors;
  for (auto& actor : actors_)
    actors.push_back(caf::actor_cast<caf::strong_actor_ptr>(std::exchange(actor, nullptr)));
  runtime::stop_actors(system_, std::move(actors), bound);
}

}  // namespace landfall::executor::api
