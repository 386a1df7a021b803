#include "common/postgres/reply_deadline.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace landfall::postgres {

reply_deadline::reply_deadline(std::chrono::milliseconds bound) : bound_(bound) {
  if (bound_.count() > 0)
    thread_ = std::jthread{[this](const std::stop_token& stopping) { run(stopping); }};
}

reply_deadline::~reply_deadline() {
  thread_ = {};
  detach();
}

void reply_deadline::attach(int socket) {
  detach();
  const std::lock_guard lock{mutex_};
  socket_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  passed_ = false;
}

void reply_deadline::detach() noexcept {
  const std::lock_guard lock{mutex_};
  waiting_ = false;
  if (const int socket = std::exchange(socket_, -1); socket >= 0)
    ::close(socket);
}

void reply_deadline::start() {
  const std::lock_guard lock{mutex_};
  deadline_ = clock::now() + bound_;
  waiting_ = true;
  if (std::exchange(idle_, false))
    started_.notify_one();
}

void reply_deadline::stop() noexcept {
  const std::lock_guard lock{mutex_};
  waiting_ = false;
}

bool reply_deadline::passed() const {
  const std::lock_guard lock{mutex_};
  return passed_;
}

void reply_deadline::run(const std::stop_token& stopping) {
  std::unique_lock lock{mutex_};
  while (!stopping.stop_requested()) {
    if (!waiting_) {
      idle_ = true;
      started_.wait(lock, stopping, [this] { return !idle_; });
      continue;
    }
    // A later start extends the deadline, a stop voids it; both are seen when this one comes.
    if (const auto until = deadline_; clock::now() < until) {
      started_.wait_until(lock, stopping, until, [] { return false; });
      continue;
    }
    waiting_ = false;
    passed_ = true;
    if (socket_ >= 0)
      ::shutdown(socket_, SHUT_RDWR);
  }
}

}  // namespace landfall::postgres
