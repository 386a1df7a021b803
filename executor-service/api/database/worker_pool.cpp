#include "executor-service/api/database/worker_pool.hpp"

#include <exception>
#include <utility>

#include "common/runtime/log.hpp"

namespace landfall::executor::api {

worker_pool::worker_pool(const postgres::database::options& database, std::size_t threads, std::size_t max_queued)
    : max_queued_(max_queued) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this, database](const std::stop_token& stopping) { run(stopping, database); });
}

worker_pool::~worker_pool() {
  stop();
}

void worker_pool::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  for (auto& thread : threads_)
    thread.request_stop();
  threads_.clear();
  // What a dropped job holds may call back in here: it goes after the lock.
  std::deque<job> dropped;
  const std::lock_guard lock{mutex_};
  dropped.swap(queue_);
}

bool worker_pool::submit(job work) {
  {
    const std::lock_guard lock{mutex_};
    if (stopped_ || queue_.size() >= max_queued_)
      return false;
    queue_.push_back(std::move(work));
  }
  queued_.notify_one();
  return true;
}

void worker_pool::run(const std::stop_token& stopping, const postgres::database::options& options) {
  postgres::database database{options};
  for (;;) {
    job work;
    {
      std::unique_lock lock{mutex_};
      if (!queued_.wait(lock, stopping, [this] { return !queue_.empty(); }) || stopped_)
        return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      work(database);
    } catch (const std::exception& e) {
      runtime::log_error("api_job_failed", {{"why", e.what()}});
    }
  }
}

}  // namespace landfall::executor::api
