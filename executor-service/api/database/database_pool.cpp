#include "executor-service/api/database/database_pool.hpp"

#include <caf/all.hpp>
#include <deque>
#include <exception>
#include <utility>

#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"

namespace landfall::executor::api {

namespace {

struct database_state {
  std::unique_ptr<postgres::database> database;

  static inline const char* name = "api_database";
};

database_actor::behavior_type database_behavior(database_actor::stateful_pointer<database_state> self,
                                                const postgres::database::options& options) {
  self->state.database = std::make_unique<postgres::database>(options);
  return {[self](run_task& task) {
    try {
      std::exchange(task.run, {})(*self->state.database);
    } catch (const std::exception& e) {
      runtime::log_error("api_job_failed", {{"why", e.what()}});
    }
    return task_done{};
  }};
}

struct queue_state {
  database_queue_actor::stateful_pointer<queue_state> self = nullptr;
  std::vector<database_actor> idle;
  std::deque<run_task> waiting;
  std::shared_ptr<std::atomic<std::size_t>> queued;

  static inline const char* name = "api_database_queue";

  void add(run_task task) {
    if (task.admitted_before)
      waiting.push_front(std::move(task));
    else
      waiting.push_back(std::move(task));
    start_next();
  }

  void start_next() {
    if (idle.empty() || waiting.empty())
      return;
    auto actor = std::move(idle.back());
    idle.pop_back();
    auto task = std::move(waiting.front());
    waiting.pop_front();
    if (!task.admitted_before)
      --*queued;
    self->request(actor, caf::infinite, std::move(task)).then([this, actor](task_done) {
      idle.push_back(actor);
      start_next();
    });
  }
};

database_queue_actor::behavior_type queue_behavior(database_queue_actor::stateful_pointer<queue_state> self,
                                                   std::vector<database_actor> actors,
                                                   std::shared_ptr<std::atomic<std::size_t>> queued) {
  self->state.self = self;
  self->state.idle = std::move(actors);
  self->state.queued = std::move(queued);
  return {[self](run_task& task) { self->state.add(std::move(task)); }};
}

}  // namespace

database_pool::database_pool(caf::actor_system& system, const database_pool_settings& settings)
    : system_(system), max_queued_(settings.max_queued) {
  for (std::size_t i = 0; i < settings.workers; ++i)
    actors_.push_back(system.spawn<caf::detached>(database_behavior, settings.database));
  queue_ = system.spawn(queue_behavior, actors_, queued_);
}

database_pool::~database_pool() {
  stop(std::chrono::minutes{1});
}

bool database_pool::submit(database_task task) {
  if (stopped_)
    return false;
  if (queued_->fetch_add(1) >= max_queued_) {
    --*queued_;
    return false;
  }
  caf::anon_send(queue_, run_task{std::move(task), false});
  return true;
}

void database_pool::resume(database_task task) {
  if (!stopped_)
    caf::anon_send(queue_, run_task{std::move(task), true});
}

void database_pool::stop(std::chrono::milliseconds bound) {
  if (stopped_.exchange(true))
    return;
  std::vector<caf::strong_actor_ptr> actors{caf::actor_cast<caf::strong_actor_ptr>(queue_)};
  for (auto& actor : actors_)
    actors.push_back(caf::actor_cast<caf::strong_actor_ptr>(std::exchange(actor, nullptr)));
  runtime::stop_actors(system_, std::move(actors), bound);
}

}  // namespace landfall::executor::api
