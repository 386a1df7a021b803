#pragma once

#include <vector>

#include "executor-service/verify/core/check.hpp"
#include "executor-service/verify/core/facts.hpp"

namespace landfall::executor::verify {

/// Every question about an order, as one endpoint answers it.
[[nodiscard]] std::vector<check> check_order(const order_facts& stored, const chain_facts& seen);

}  // namespace landfall::executor::verify
