#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/backoff.hpp"

namespace landfall::net {

/// What a request to another host is for. The order is the rank: where capacity is short, the first goes first.
enum class purpose : std::uint8_t {
  confirmation,  ///< what became of money in flight: statuses, heights, landed transactions
  broadcast,     ///< signed bytes on their way
  verification,  ///< the verifier's reads of the chain
  read,          ///< blockhashes, accounts, simulations: what is needed before anything is signed
  quote,         ///< offers and prices, good only for new work
  stream,        ///< opening a stream of prices
};
inline constexpr std::size_t purpose_count = 6;

[[nodiscard]] std::string_view to_string(purpose p) noexcept;

/// What one purpose is entitled to, and how long it waits.
struct purpose_budget {
  std::uint32_t share_percent;         ///< of the window; kept free for it, so that nobody starves
  std::chrono::milliseconds max_wait;  ///< for a permit; refused after it
  std::size_t max_waiting;             ///< in queue; refused above it
};
/// By purpose. The shares leave a third of the window to whoever ranks highest.
inline constexpr std::array<purpose_budget, purpose_count> purpose_budgets{{
    {25, std::chrono::milliseconds{10'000}, 4'096},
    {15, std::chrono::milliseconds{5'000}, 4'096},
    {5, std::chrono::milliseconds{10'000}, 256},
    {10, std::chrono::milliseconds{5'000}, 1'024},
    {5, std::chrono::milliseconds{3'000}, 512},
    {5, std::chrono::milliseconds{3'000}, 16},
}};

/// What a server lets one client ask: so many requests in any stretch of `window`.
struct rate_limit {
  std::uint32_t requests_per_window = 10'000;
  std::chrono::milliseconds window{1'000};
};

/// What an answer says about the server's limit.
struct limit_signal {
  int status = 0;  ///< of HTTP; 0: no answer came
  std::optional<std::chrono::milliseconds> retry_after;
  std::optional<std::int64_t> remaining;              ///< requests left; may be negative
  std::optional<std::chrono::milliseconds> reset_in;  ///< until one more is free
};

/// Decides who may send to one host, and when. Pure: time is an argument, and it never waits itself. Three tiers:
/// - proactive: at most `requests_per_window` in any window as the server sees it. A request counts from its permit
/// until
///   a window after its answer, for only that bounds when it arrived. The limit is lowered to what the server really
///   took when it refuses, grows back slowly, and follows x-ratelimit headers;
/// - reactive: 429 and 503 pause everything for Retry-After or a backoff with jitter;
/// - budget: each purpose has a share of its own; what is left goes by rank, but not what ranks above are entitled to.
/// Not thread-safe; time must not go back.
class rate_limiter {
public:
  using time = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  /// Longer waits that a server asks for are cut down to this: money in flight is asked about again at least so often.
  static constexpr milliseconds max_pause{60'000};
  /// After a refusal the limit stays lowered for so many windows, then grows by a tenth each.
  static constexpr int clean_windows_before_growth = 10;
  /// Refusals never lower the limit below this; a server that allows less has to be configured.
  static constexpr std::uint32_t least_learned_limit = 5;

  explicit rate_limiter(rate_limit limit, std::uint64_t seed = 1);

  /// Queues for a permit; `settle` returns what became of the ticket.
  [[nodiscard]] std::uint64_t ask(purpose p, time now);
  /// No longer wanted; unknown tickets are ignored.
  void cancel(std::uint64_t ticket);

  struct settled {
    std::uint64_t ticket = 0;
    purpose what = purpose::read;
    bool granted = false;  ///< then `answered` has to follow, exactly once
    milliseconds waited{0};
    milliseconds retry_after{0};  ///< refused: when there may be capacity
  };
  /// Grants what may be sent now and refuses what waited too long or cannot make it.
  [[nodiscard]] std::vector<settled> settle(time now);
  /// When `settle` is due again, unless an answer comes first; nothing while nobody waits.
  [[nodiscard]] std::optional<time> next_settle(time now) const;

  /// Without lining up: nothing if it may be sent now (then `answered` has to follow), else how long to wait.
  [[nodiscard]] std::optional<milliseconds> try_take(purpose p, time now);

  /// The answer to a granted request, or that there was none.
  void answered(time now, const limit_signal& signal);

  /// Whether there is capacity for what is only nice to have, such as a hedge: more than half of the window is free,
  /// nobody waits, and the host has refused nothing for a while.
  [[nodiscard]] bool has_spare(time now) const;

  [[nodiscard]] std::uint32_t limit() const {
    return limit_;
  }
  [[nodiscard]] milliseconds pause_left(time now) const;
  [[nodiscard]] std::size_t waiting(purpose p) const {
    return queues_[index(p)].size();
  }
  /// The longest that the head of a queue waits while the server answers within `answer_time` and refuses nothing.
  [[nodiscard]] milliseconds longest_wait(purpose p, milliseconds answer_time) const;

private:
  struct waiter {
    std::uint64_t ticket;
    time since;
  };
  struct used_slot {
    time free_at;
    bool accepted;
  };

  static constexpr std::size_t index(purpose p) {
    return static_cast<std::size_t>(p);
  }
  void advance(time now);
  void refill(time now);
  [[nodiscard]] std::int64_t free_slots() const;
  [[nodiscard]] std::int64_t tokens(std::size_t p) const {
    return budget_[p] / token_cost();
  }
  [[nodiscard]] std::int64_t token_cost() const {
    return 100 * std::chrono::duration_cast<std::chrono::microseconds>(settings_.window).count();
  }
  [[nodiscard]] std::int64_t token_bound(std::size_t p) const;
  [[nodiscard]] std::int64_t held_back(std::size_t p) const;
  [[nodiscard]] bool is_open(time now) const;
  [[nodiscard]] std::optional<std::size_t> choose(time now) const;
  [[nodiscard]] time token_at(std::size_t p, time now) const;
  [[nodiscard]] milliseconds wait_estimate(std::size_t p, time now) const;
  void take(std::size_t p);
  void slow_down(time now, const limit_signal& signal);
  void learn(time now, const limit_signal& signal);
  [[nodiscard]] std::uint64_t random();

  rate_limit settings_;
  std::uint32_t limit_;
  std::size_t in_flight_ = 0;
  std::deque<used_slot> used_;
  std::array<std::deque<waiter>, purpose_count> queues_;
  /// Scaled: a token is `token_cost()`.
  std::array<std::int64_t, purpose_count> budget_{};
  /// Only what has been asked for on this host has a share kept free.
  std::array<bool, purpose_count> seen_{};
  time refilled_at_{};
  bool started_ = false;
  time paused_until_{};
  time grow_at_{};
  /// Requests that the server's headers leave, until it frees one.
  std::optional<std::int64_t> credit_;
  time credit_until_{};
  backoff backoff_;
  std::uint64_t random_state_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace landfall::net
