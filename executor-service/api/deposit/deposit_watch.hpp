#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/net/http_server.hpp"
#include "executor-service/api/database/worker_pool.hpp"
#include "executor-service/api/deposit/chain_gateway.hpp"
#include "executor-service/api/deposit/deposit_store.hpp"

namespace landfall::executor::api {

struct deposit_watch_options {
  /// How long one create call waits for its deposit.
  std::chrono::milliseconds wait{15'000};
  std::chrono::milliseconds poll{300};
  /// The stored bytes go out again this often while one waits.
  std::chrono::milliseconds rebroadcast{2'000};
  /// Calls that wait at once; above it a call is answered without waiting. Each takes a place of the HTTP server, which
  /// has others to answer.
  std::size_t max_waiting = net::http_server_options{}.max_in_flight / 4;
};

/// What a create call has seen of its deposit.
struct deposit_outcome {
  bool confirmed = false;
  /// The order's state as last read.
  domain::order_state state = domain::order_state::depositing;
  /// JSON of the chain's error, where the deposit was seen failing; the executor proves and records it.
  std::string err;
};

/// Why the order account is not what the deposit had to make of it, or nothing if it is: owned by the token program, of
/// the right mint, in the vault's hands alone, and holding at least the amount.
[[nodiscard]] std::string order_account_fault(const signed_deposit& deposit,
                                              const std::optional<account_info>& account);

/// Waits for deposits on behalf of create calls: one poll for all that wait. A deposit that is seen confirmed, and
/// whose order account holds it, opens its order. Not seeing it in time leaves the order as it is: an executor goes on
/// with it.
class deposit_watch {
public:
  using done = std::function<void(const deposit_outcome&)>;

  deposit_watch(std::shared_ptr<chain_gateway> chain, worker_pool& workers, std::string instance,
                deposit_watch_options options);
  ~deposit_watch();
  deposit_watch(const deposit_watch&) = delete;
  deposit_watch& operator=(const deposit_watch&) = delete;

  /// `finished` is called once, from any thread, unless the watch ends first. `old` looks further back in the chain.
  void wait_for(signed_deposit deposit, bool old, done finished);

  /// Ends the thread and forgets who is still waiting. To be called before the pool is stopped, and that before this is
  /// destroyed: the pool's jobs refer to it. Safe to call twice.
  void stop();

private:
  using time_point = std::chrono::steady_clock::time_point;
  struct waiter {
    signed_deposit deposit;
    bool old = false;
    done finished;
    time_point until;
    time_point sent;
    bool warned = false;
    /// It has one of the places for calls that wait.
    bool has_place = false;
  };

  void run(const std::stop_token& stopping);
  void poll(std::vector<waiter> batch);
  void check(waiter w, std::uint64_t slot);
  /// Why it was not opened, or empty after telling the caller that it was.
  std::string open_if_deposited(postgres::database& db, const waiter& w, std::uint64_t slot);
  void look_again(waiter w);
  void finish(waiter w, std::string err);
  void put_back(waiter w);
  /// Gives up its place and answers the call.
  void tell(const waiter& w, const deposit_outcome& seen);

  std::shared_ptr<chain_gateway> chain_;
  worker_pool& workers_;
  const std::string instance_;
  const deposit_watch_options options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<waiter> waiting_;
  /// Places taken: by those in `waiting_`, and those that are being looked at.
  std::size_t places_ = 0;
  std::jthread thread_;
};

}  // namespace landfall::executor::api
