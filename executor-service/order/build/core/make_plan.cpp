#include "executor-service/order/build/core/make_plan.hpp"

#include <utility>

#include "executor-service/order/build/core/payment_plan.hpp"
#include "executor-service/order/build/core/swap_plan.hpp"

namespace landfall::executor {

std::unique_ptr<build_plan> make_plan(build_setup setup) {
  if (setup.kind == attempt_kind::swap)
    return std::make_unique<swap_plan>(std::move(setup));
  return std::make_unique<payment_plan>(std::move(setup));
}

}  // namespace landfall::executor
