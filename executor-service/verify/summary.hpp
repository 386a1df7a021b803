#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "executor-service/verify/core/judgement.hpp"
#include "executor-service/verify/core/sums.hpp"

namespace landfall::executor::verify {

/// What one pass over the orders (or one of them), deposits and sums showed.
struct summary {
  std::size_t orders = 0;
  std::size_t attempts = 0;
  /// Changed while they were checked: not judged in this pass.
  std::size_t orders_in_flight = 0;
  std::vector<finding> findings;
  std::vector<sum_row> sums;
  /// Questions on which endpoints contradict each other: not judged.
  std::vector<disputed_question> disputed;
  /// Why the pass could not be finished, or was seen by too few endpoints; empty otherwise.
  std::string trouble;

  [[nodiscard]] bool clean() const {
    return findings.empty() && trouble.empty();
  }
};

/// {"orders":n,"attempts":n,"ordersInFlight":n,"findings":[{"kind","subject","orderId","attemptId","detail","expected",
/// "observed","slot","endpoint","touchesMoney","agreed"},…],"sums":[{"mint","side","booked","observed","shortfall",
/// "accounts","leftOut","slot"},…],"disputed":[{"kind","subject","foundBy":["rpc0"],"rightBy":["rpc1"]},…],
/// "trouble":null,"clean":true}. Amounts are strings.
[[nodiscard]] std::string to_json(const summary& s);
/// Lines for people.
[[nodiscard]] std::string to_table(const summary& s);

}  // namespace landfall::executor::verify
