#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "executor-service/verify/core/facts.hpp"
#include "executor-service/verify/core/judgement.hpp"

/// Several orders as several endpoints show them.
namespace landfall::executor::verify {

/// What a landed attempt moved. As many endpoints as needed show exactly the same.
struct seen_movement {
  domain::attempt_id attempt;
  movement moved;
  std::string endpoint;
};

/// What the endpoints answered about orders.
struct orders_view {
  /// By endpoint; each runs along the orders that were asked about.
  std::vector<std::vector<chain_facts>> endpoints;
  std::map<domain::attempt_id, seen_movement> movements;
  quorum by;
  /// The highest of any endpoint.
  std::uint64_t finalized_slot = 0;
};

struct order_comparison {
  judgement judged;
  /// To be stored: from then on the attempt is settled.
  std::vector<seen_movement> movements;
  std::size_t orders = 0;
  std::size_t attempts = 0;
  /// Changed while the endpoints were asked: not judged in this pass.
  std::size_t in_flight = 0;
};

/// `before` was loaded before the endpoints were asked, `after` once they had answered.
[[nodiscard]] order_comparison compare_orders(std::vector<order_facts> before, const std::vector<order_facts>& after,
                                              const orders_view& seen);

}  // namespace landfall::executor::verify
