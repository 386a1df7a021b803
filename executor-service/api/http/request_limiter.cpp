#include "executor-service/api/http/request_limiter.hpp"

#include <algorithm>
#include <iterator>

namespace landfall::executor::api {

namespace {

constexpr long long one_call = 1000;

}  // namespace

void request_limiter::refill(bucket& b, domain::utc_time now) const {
  if (now <= b.at)
    return;
  const long long full = options_.burst * one_call;
  const long long full_after_ms = full / options_.per_second + 1;
  const long long elapsed_ms = std::min<long long>((now - b.at).count(), full_after_ms);
  b.filled = std::min(full, b.filled + elapsed_ms * options_.per_second);
  b.at = now;
}

void request_limiter::forget_some(domain::utc_time now) {
  if (buckets_.size() < options_.max_keys)
    return;
  for (auto at = buckets_.begin(); at != buckets_.end();) {
    refill(at->second, now);
    at = at->second.filled >= options_.burst * one_call ? buckets_.erase(at) : std::next(at);
  }
  if (buckets_.size() >= options_.max_keys)
    buckets_.clear();
}

std::optional<std::chrono::milliseconds> request_limiter::refuse(const std::string& key, domain::utc_time now) {
  if (options_.per_second <= 0)
    return std::nullopt;
  const std::lock_guard lock{mutex_};
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    forget_some(now);
    found = buckets_.emplace(key, bucket{options_.burst * one_call, now}).first;
  }
  auto& b = found->second;
  refill(b, now);
  if (b.filled >= one_call) {
    b.filled -= one_call;
    return std::nullopt;
  }
  return std::chrono::milliseconds{(one_call - b.filled + options_.per_second - 1) / options_.per_second};
}

}  // namespace landfall::executor::api
