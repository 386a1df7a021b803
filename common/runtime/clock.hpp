#pragma once

#include <atomic>
#include <chrono>

#include "common/domain/time.hpp"

namespace landfall::runtime {

/// The source of time. Passed as an argument, so that a test decides what time it is.
class clock {
public:
  virtual ~clock() = default;
  [[nodiscard]] virtual domain::utc_time now() const = 0;
};

/// The wall clock.
class system_clock_source final : public clock {
public:
  [[nodiscard]] domain::utc_time now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

/// Stands still until it is set or advanced. Thread-safe.
class manual_clock final : public clock {
public:
  explicit manual_clock(domain::utc_time start = domain::utc_time{}) : ms_(start.time_since_epoch().count()) {}

  [[nodiscard]] domain::utc_time now() const override {
    return domain::utc_time{std::chrono::milliseconds{ms_.load()}};
  }
  void set(domain::utc_time to) {
    ms_.store(to.time_since_epoch().count());
  }
  void advance(std::chrono::milliseconds by) {
    ms_.fetch_add(by.count());
  }

private:
  std::atomic<std::chrono::milliseconds::rep> ms_;
};

}  // namespace landfall::runtime
