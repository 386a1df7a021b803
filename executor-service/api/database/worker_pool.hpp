#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "common/postgres/database.hpp"

namespace landfall::executor::api {

/// Threads that may block, each with a database connection of its own, behind a bounded queue.
class worker_pool {
public:
  using job = std::function<void(postgres::database&)>;

  worker_pool(const postgres::database::options& database, std::size_t threads, std::size_t max_queued);
  /// Lets running jobs end and drops the queued ones.
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  /// False where the queue is full, or the pool is being stopped; the job is not kept then.
  [[nodiscard]] bool submit(job work);

  /// As the destructor, early. Safe to call twice.
  void stop();

private:
  void run(const std::stop_token& stopping, const postgres::database::options& database);

  const std::size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable_any queued_;
  std::deque<job> queue_;
  bool stopped_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace landfall::executor::api
