#pragma once

#include <string>

#include "common/domain/result.hpp"
#include "executor-service/order/core/engine.hpp"

namespace landfall::executor {

/// Settings of the order actor.
struct order_config : engine_policy {
  domain::milliseconds request_timeout{20'000};

  /// The error is a sentence.
  [[nodiscard]] domain::result<domain::done, std::string> validate() const;
};

}  // namespace landfall::executor
