#pragma once

#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/net/http_server.hpp"
#include "executor-service/api/database/database_pool.hpp"
#include "executor-service/api/deposit/chain_gateway.hpp"
#include "executor-service/api/deposit/deposit_store.hpp"

namespace landfall::executor::api {

/// What a create call has seen of its deposit.
struct deposit_outcome {
  bool confirmed = false;
  /// The order's state as last read.
  domain::order_state state = domain::order_state::depositing;
  /// JSON of the chain's error, where the deposit was seen failing; the executor proves and records it.
  std::string err;
};

struct await_deposit {
  signed_deposit deposit;
  /// Also finds a deposit that landed longer ago than nodes remember by themselves.
  bool search_history = false;
  /// Called once, from any thread, unless the watch ends first.
  std::function<void(const deposit_outcome&)> finished;
};

/// The watch's own: its timer, and answers that arrived on other threads.
struct deposit_poll {};
struct deposit_answer {
  std::function<void()> handle;
};

using deposit_watch_actor = caf::typed_actor<
    /// Waits for a deposit on behalf of a create call.
    caf::reacts_to<await_deposit>,
    /// Its own timer.
    caf::reacts_to<deposit_poll>,
    /// An answer of chain or database, from another thread.
    caf::reacts_to<deposit_answer>>;

struct deposit_watch_options {
  /// How long one create call waits for its deposit.
  std::chrono::milliseconds wait{15'000};
  std::chrono::milliseconds poll{300};
  /// The stored bytes go out again this often while one waits.
  std::chrono::milliseconds rebroadcast{2'000};
  /// Calls that wait at once; above it a call is answered without waiting. Each is one of the requests that the HTTP
  /// server has in flight, which has others to answer.
  std::size_t max_waiting = net::http_server_options{}.max_in_flight / 4;
};

/// Why the order account is not what the deposit had to make of it, or nothing if it is: owned by the token program, of
/// the right mint, owned by the vault alone, and holding at least the amount.
[[nodiscard]] std::string order_account_fault(const signed_deposit& deposit,
                                              const std::optional<account_info>& account);

/// Event-based: one poll for all calls that wait. A deposit that is seen confirmed, and whose order account holds it,
/// opens its order. Not seeing it in time leaves the order as it is: an executor continues with it. `instance` names
/// this process in transitions.
[[nodiscard]] deposit_watch_actor spawn_deposit_watch(caf::actor_system& system, std::shared_ptr<chain_gateway> chain,
                                                      std::shared_ptr<database_pool> database, std::string instance,
                                                      deposit_watch_options options);

}  // namespace landfall::executor::api

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::await_deposit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::deposit_poll)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::api::deposit_answer)
