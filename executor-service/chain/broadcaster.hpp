#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "executor-service/chain/endpoint_pool.hpp"
#include "executor-service/chain/send_queue.hpp"

namespace landfall::executor {

/// Transactions on their way to the endpoints: to each of them, as many at once as it may have, the others in line.
class chain_sends {
public:
  explicit chain_sends(endpoint_pool& p) : pool_(p) {}

  void start();
  /// Answered when the first endpoint has answered, whatever it says of the transaction, or when none has room in line.
  caf::typed_response_promise<chain::sent> broadcast(const chain::broadcast& b);

private:
  /// What waits for one endpoint, and what found no room and was not told yet.
  struct lane {
    send_line line;
    std::uint64_t untold_skips = 0;
    domain::utc_time skips_told_at{};
  };

  void send_next(std::size_t at);
  void on_answer(std::size_t at, const outgoing& what, const rpc_result<solana::signature>& answer);
  void skip(std::size_t at);

  endpoint_pool& pool_;
  std::vector<lane> lanes_;
};

}  // namespace landfall::executor
