#pragma once

#include <caf/all.hpp>
#include <memory>
#include <string>
#include <variant>

#include "executor-service/actors/order.hpp"

namespace landfall::executor {

namespace built {

/// Signed, not stored and not sent yet.
struct ready {
  attempt what;
  /// JSON of the router's or the maker's quote; empty for anything but a swap.
  std::string quote;
};
/// Nothing was signed, and asking again now would give the same answer. `reason` is a stable code.
struct refused {
  std::string reason;
  std::string detail;
};
/// Nothing was signed, because something could not be answered: ask again after a while.
struct later {
  std::string reason;
  std::string detail;
};
/// There is nothing left to close.
struct nothing {};

}  // namespace built

using built_result = std::variant<built::ready, built::refused, built::later, built::nothing>;

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
