#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_set>

#include <caf/typed_response_promise.hpp>

#include "executor-service/chain/protocol.hpp"

namespace landfall::executor {

/// A transaction to send, and the promise that its sender waits for.
struct outgoing : chain::broadcast {
  mutable caf::typed_response_promise<chain::sent> promise;
};

/// Bounded queue of transactions for one endpoint. Each is queued once. Those that were never sent go before repeats,
/// so that repeats, of which there can be more than an endpoint takes, never delay a new transaction.
class send_queue {
public:
  using item = std::shared_ptr<const outgoing>;

  /// At most `capacity` that were never sent, and as many repeats.
  explicit send_queue(std::size_t capacity) : capacity_(capacity) {}

  enum class push_result { queued, already_queued, full };
  push_result push(item tx);
  /// Removes the next transaction to send; null if the queue is empty.
  item pop();
  [[nodiscard]] std::size_t size() const {
    return queued_.size();
  }

private:
  std::size_t capacity_;
  std::deque<item> never_sent_;
  std::deque<item> repeats_;
  std::unordered_set<solana::signature> queued_;
};

}  // namespace landfall::executor
