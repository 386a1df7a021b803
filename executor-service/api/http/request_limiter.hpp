#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/domain/time.hpp"

namespace landfall::executor::api {

struct request_limit {
  /// Calls that a key regains each second; 0 switches the limit off.
  int per_second = 0;
  /// Calls that may come at once.
  int burst = 1;
  /// Keys remembered; beyond it, those that have all their calls again are forgotten first, then anyone.
  std::size_t max_keys = 100'000;
};

/// A token bucket for each key (a wallet, a client address). Thread-safe; time is an argument.
class request_limiter {
public:
  explicit request_limiter(request_limit options) : options_(options) {}

  /// Nothing if the call may go on, else how long until the next one may.
  [[nodiscard]] std::optional<std::chrono::milliseconds> refuse(const std::string& key, domain::utc_time now);

private:
  /// Both in thousandths of a call, so that integers suffice.
  struct bucket {
    long long filled = 0;
    domain::utc_time at;
  };
  void refill(bucket& b, domain::utc_time now) const;
  void forget_some(domain::utc_time now);

  request_limit options_;
  std::mutex mutex_;
  std::unordered_map<std::string, bucket> buckets_;
};

}  // namespace landfall::executor::api
