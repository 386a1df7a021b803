#pragma once

#include <string>
#include <variant>

#include "executor-service/order/core/order.hpp"

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
/// Nothing was signed, because a question got no answer: try again after a while.
struct later {
  std::string reason;
  std::string detail;
};
/// There is nothing left to close.
struct nothing {};

}  // namespace built

using built_result = std::variant<built::ready, built::refused, built::later, built::nothing>;

}  // namespace landfall::executor
