#pragma once

#include <utility>  // before the pool: Boost 1.74 forgets it

#include <pplx/threadpool.h>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <mutex>

namespace landfall::net {

/// Runs `work` on a thread of the pool, later.
inline void post(std::function<void()> work) {
  boost::asio::post(crossplat::threadpool::shared_instance().service(), std::move(work));
}

/// Fires once per start, on a thread of the pool. One that fires while it is being stopped may still come through.
/// Thread-safe.
class timer {
public:
  timer() : timer_(crossplat::threadpool::shared_instance().service()) {}

  void start(std::chrono::milliseconds after, std::function<void()> fired) {
    const std::lock_guard lock{mutex_};
    timer_.expires_after(after);
    timer_.async_wait([fired = std::move(fired)](const boost::system::error_code& stopped) {
      if (!stopped)
        fired();
    });
  }
  void stop() {
    const std::lock_guard lock{mutex_};
    timer_.cancel();
  }

private:
  std::mutex mutex_;
  boost::asio::steady_timer timer_;
};

}  // namespace landfall::net
