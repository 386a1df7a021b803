#pragma once

#include <memory>

#include "executor-service/order/build/core/build_plan.hpp"

namespace landfall::executor {

/// The plan for an attempt of `setup.kind`.
[[nodiscard]] std::unique_ptr<build_plan> make_plan(build_setup setup);

}  // namespace landfall::executor
