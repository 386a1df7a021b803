#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/result.hpp>

#include "executor-service/chain/endpoint_pool.hpp"

namespace landfall::executor {

/// Polls the statuses of watched signatures and notifies their listeners. Each endpoint is polled independently: first
/// its finalized height, then the statuses, at most `max_statuses_per_call` per call.
class status_poller {
public:
  explicit status_poller(endpoint_pool& p) : pool_(p) {}

  void start();
  /// Starts the polls that are due.
  void tick();
  caf::result<void> watch(const chain::watch& w);
  void unwatch(const solana::signature& id, const caf::actor_addr& to);
  void on_listener_down(const caf::actor_addr& to);
  [[nodiscard]] std::size_t watch_count() const {
    return watch_count_;
  }

private:
  /// One pass over all watched signatures at one endpoint.
  struct poll {
    std::size_t at = 0;
    epoch_view finalized;
    std::vector<solana::signature> signatures;
    std::size_t next = 0;
    std::size_t in_flight = 0;
    std::uint64_t highest_context_slot = 0;
  };

  struct listener {
    caf::actor_addr to;
    /// The last observation sent to it, by endpoint.
    std::vector<std::optional<observation>> last_sent;
  };

  static bool is_final(const std::optional<observation>& last);
  static bool is_news(const std::optional<observation>& last, const observation& next);
  void start_poll(std::size_t at);
  bool set_finalized(std::size_t at, const epoch_view& finalized);
  void continue_poll(const std::shared_ptr<poll>& p);
  void end_poll(const poll& p);
  void on_statuses(poll& p, const std::vector<solana::signature>& asked, const statuses_view& answer);
  void notify(listener& l, std::size_t at, const solana::signature& id, const observation& seen);
  void remove(const solana::signature& id, const caf::actor_addr& to);

  endpoint_pool& pool_;
  std::unordered_map<solana::signature, std::vector<listener>> listeners_;
  std::map<caf::actor_addr, std::set<solana::signature>> signatures_of_;
  std::size_t watch_count_ = 0;
  runtime::gauge_handle watches_gauge_;
};

}  // namespace landfall::executor
