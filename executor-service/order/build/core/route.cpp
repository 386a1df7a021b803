#include "executor-service/order/build/core/route.hpp"

#include <array>

namespace landfall::executor {

std::string_view to_string(router_error::kind kind) noexcept {
  constexpr std::array<std::string_view, 6> names{"unreachable", "timeout",  "rate_limited",
                                                  "no_route",    "rejected", "malformed"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<solana::instruction> swap_instructions_view::in_order() const {
  auto list = other;
  list.insert(list.end(), setup.begin(), setup.end());
  list.push_back(swap);
  if (cleanup)
    list.push_back(*cleanup);
  return list;
}

}  // namespace landfall::executor
