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

/// What is watched, by whom, and the rounds of status questions about it: each endpoint is asked by itself, its
/// finalized height first and the statuses after it.
class status_rounds {
public:
  explicit status_rounds(endpoint_pool& p) : pool(p) {}

  void start();
  /// Begins the rounds that are due.
  void tick();
  caf::result<void> watch(const chain::watch& w);
  void unwatch(const solana::signature& id, const caf::actor_addr& to);
  /// The watcher is down.
  void gone(const caf::actor_addr& to);
  [[nodiscard]] std::size_t count() const {
    return watches;
  }

private:
  /// One endpoint asked about everything that is watched.
  struct round {
    std::size_t at = 0;
    epoch_view finalized;
    std::vector<solana::signature> signatures;
    std::size_t next = 0;
    std::size_t in_flight = 0;
    std::uint64_t highest_context_slot = 0;
  };

  struct watcher {
    caf::actor_addr to;
    /// What it was told last, by endpoint.
    std::vector<std::optional<observation>> told;
  };

  static bool is_final(const std::optional<observation>& told);
  static bool is_news(const std::optional<observation>& told, const observation& next);
  void begin_round(std::size_t at);
  bool advance(std::size_t at, const epoch_view& finalized);
  void continue_round(const std::shared_ptr<round>& r);
  void end_round(const round& r);
  void tell_all(round& r, const std::vector<solana::signature>& asked, const statuses_view& answer);
  void tell(watcher& w, std::size_t at, const solana::signature& id, const observation& seen);
  void forget(const solana::signature& id, const caf::actor_addr& to);

  endpoint_pool& pool;
  std::unordered_map<solana::signature, std::vector<watcher>> watched;
  std::map<caf::actor_addr, std::set<solana::signature>> watched_by;
  std::size_t watches = 0;
  runtime::gauge_handle watches_gauge;
};

}  // namespace landfall::executor
