#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "common/runtime/clock.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/instance_id.hpp"
#include "common/runtime/metrics.hpp"

namespace landfall::trigger {

/// What every room of this process shares. It outlives the actors.
struct service_context {
  std::string instance = runtime::instance_id("trigger-service");
  runtime::metrics metrics;
  std::shared_ptr<const runtime::clock> clock = std::make_shared<runtime::system_clock_source>();
  std::shared_ptr<runtime::health> health =
      std::make_shared<runtime::health>(std::vector<std::string>{"postgres", "migrations", "price_feed"});
};

/// For backoffs with jitter.
[[nodiscard]] inline std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

}  // namespace landfall::trigger
