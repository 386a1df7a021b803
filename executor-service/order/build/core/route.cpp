#include "executor-service/order/build/core/route.hpp"

namespace landfall::executor {

std::vector<solana::instruction> swap_instructions_view::in_order() const {
  auto list = other;
  list.insert(list.end(), setup.begin(), setup.end());
  list.push_back(swap);
  if (cleanup)
    list.push_back(*cleanup);
  return list;
}

}  // namespace landfall::executor
