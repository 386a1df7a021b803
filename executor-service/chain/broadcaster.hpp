#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "executor-service/chain/endpoint_pool.hpp"
#include "executor-service/chain/send_queue.hpp"

namespace landfall::executor {

/// Sends each transaction to every endpoint. An endpoint has a bounded number of sends in flight and a queue for the
/// rest.
class broadcaster {
public:
  explicit broadcaster(endpoint_pool& p) : pool_(p) {}

  void start();
  /// Answered when the first endpoint has answered, whatever its answer, or when every queue is full.
  caf::typed_response_promise<chain::sent> broadcast(const chain::broadcast& b);

private:
  /// One endpoint's queue, and the transactions that it had no capacity for since the last log line.
  struct endpoint_queue {
    send_queue queue;
    std::uint64_t unlogged_skips = 0;
    domain::utc_time skips_logged_at{};
  };

  void send_next(std::size_t at);
  void on_answer(std::size_t at, const outgoing& tx, const rpc_result<solana::signature>& answer);
  void on_queue_full(std::size_t at);

  endpoint_pool& pool_;
  std::vector<endpoint_queue> queues_;
};

}  // namespace landfall::executor
