#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_set>

#include <caf/typed_response_promise.hpp>

#include "executor-service/chain/protocol.hpp"

namespace landfall::executor {

/// A transaction on its way, and whom to tell that it is.
struct outgoing : chain::broadcast {
  mutable caf::typed_response_promise<chain::sent> promise;
};

/// Transactions that wait to be sent to one endpoint. Each waits once; what was never sent goes before what was, so
/// that repeats, of which there can be more than an endpoint takes, never keep a new one back. Bounded.
class send_line {
public:
  using item = std::shared_ptr<const outgoing>;

  /// At most `bound` that were never sent, and as many repeats.
  explicit send_line(std::size_t bound) : bound_(bound) {}

  enum class added { waits, waits_already, full };
  added add(item what);
  /// Takes out the one whose turn it is; null if there is none.
  item next();
  [[nodiscard]] std::size_t size() const {
    return waiting_.size();
  }

private:
  std::size_t bound_;
  std::deque<item> never_sent_;
  std::deque<item> again_;
  std::unordered_set<solana::signature> waiting_;
};

}  // namespace landfall::executor
