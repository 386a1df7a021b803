#pragma once

#include <caf/all.hpp>
#include <memory>

#include "executor-service/order/order_dependencies.hpp"
#include "executor-service/order/build/core/build_result.hpp"

namespace landfall::executor {

struct construct {};
struct constructed {
  std::shared_ptr<const built_result> result;
};

using construction_actor = caf::typed_actor<
    /// Makes one signed transaction: reads the accounts, quotes, builds, checks, simulates, signs. Answers once.
    caf::replies_to<construct>::with<constructed>>;

/// Makes the next attempt of `kind` for the order; ends after its answer.
construction_actor spawn_construction(caf::actor_system& system, order o, attempt_kind kind,
                                      std::shared_ptr<const order_dependencies> with);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::construct)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::constructed)
