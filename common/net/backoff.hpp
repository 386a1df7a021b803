#pragma once

#include <chrono>
#include <cstdint>

namespace landfall::net {

enum class jitter {
  full,          ///< anywhere from 0 to the exponential bound: spreads a crowd best
  decorrelated,  ///< from `min` to three times the delay before: never immediate
};

struct backoff_policy {
  std::chrono::milliseconds min{250};
  std::chrono::milliseconds max{30'000};
  jitter kind = jitter::decorrelated;
};

/// Delays between tries. Pure: randomness is an argument, and it never waits itself.
class backoff {
public:
  explicit constexpr backoff(backoff_policy policy = {}) : policy_(policy), previous_(policy.min) {}

  /// The next delay, out of 64 random bits; never above `policy.max`.
  [[nodiscard]] constexpr std::chrono::milliseconds next(std::uint64_t random) {
    if (policy_.kind == jitter::full) {
      const auto bound = exponential();
      ++tries_;
      return between(std::chrono::milliseconds{0}, bound, random);
    }
    ++tries_;
    const auto tripled = previous_ > policy_.max / 3 ? policy_.max : previous_ * 3;
    previous_ = between(policy_.min, tripled < policy_.min ? policy_.min : tripled, random);
    return previous_;
  }

  /// After a success that lasted.
  constexpr void reset() {
    tries_ = 0;
    previous_ = policy_.min;
  }

  /// Delays given since the last reset.
  [[nodiscard]] constexpr std::uint32_t tries() const {
    return tries_;
  }

private:
  [[nodiscard]] constexpr std::chrono::milliseconds exponential() const {
    auto bound = policy_.min;
    for (std::uint32_t i = 0; i < tries_ && bound < policy_.max; ++i)
      bound = bound > policy_.max / 2 ? policy_.max : bound * 2;
    return bound < policy_.max ? bound : policy_.max;
  }

  /// Evenly from `low` to `high`, both included.
  [[nodiscard]] static constexpr std::chrono::milliseconds between(std::chrono::milliseconds low,
                                                                   std::chrono::milliseconds high,
                                                                   std::uint64_t random) {
    if (high <= low)
      return low;
    const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + std::chrono::milliseconds{static_cast<std::int64_t>(random % span)};
  }

  backoff_policy policy_;
  std::chrono::milliseconds previous_;
  std::uint32_t tries_ = 0;
};

}  // namespace landfall::net
