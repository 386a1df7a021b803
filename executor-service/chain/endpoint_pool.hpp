#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "common/domain/time.hpp"
#include "common/runtime/clock.hpp"
#include "executor-service/chain/chain_config.hpp"
#include "executor-service/chain/protocol.hpp"

namespace landfall::executor {

/// How an endpoint answered one send; for metrics only.
enum class send_result { taken, already_processed, blockhash_not_found, error, skipped };
inline constexpr std::array<const char*, 5> send_result_names{"taken", "already_processed", "blockhash_not_found",
                                                              "error", "skipped"};

struct endpoint_metrics {
  /// One for each kind of error, then success.
  std::array<runtime::counter_handle, 7> calls;
  std::array<runtime::counter_handle, 5> sends;
  runtime::counter_handle stale_answers;
  runtime::histogram_handle latency_seconds;
  runtime::counter_handle hedges_asked;
  runtime::counter_handle hedges_won;
  runtime::gauge_handle up;
  runtime::gauge_handle slots_behind;
  runtime::gauge_handle sends_waiting;
  runtime::gauge_handle latency_ms;
  runtime::gauge_handle errors_permille;

  endpoint_metrics() = default;
  endpoint_metrics(runtime::metrics& m, const std::string& endpoint);
};

/// Latencies of an endpoint's last answers.
class latency_window {
public:
  void add(std::uint64_t ms) {
    last_[next_++ % last_.size()] = ms;
  }
  /// The 90th percentile; nothing before `least` answers are known.
  [[nodiscard]] std::optional<std::uint64_t> p90_ms() const;

private:
  static constexpr std::size_t least = 8;
  std::array<std::uint64_t, 64> last_{};
  std::size_t next_ = 0;
};

struct endpoint {
  std::shared_ptr<rpc_api> api;
  bool up = false;
  /// Smoothed; includes the wait for a rate limit permit.
  std::uint64_t latency_ms = 0;
  latency_window latencies;
  /// Smoothed share of calls without a usable answer.
  std::uint64_t errors_permille = 0;
  std::string last_error = "not asked yet";
  /// Highest ever answered at `finalized`; answers below are ignored.
  std::uint64_t finalized_slot = 0;
  std::uint64_t finalized_block_height = 0;
  /// Highest context slot of the polls before this one; status answers below are ignored.
  std::uint64_t status_slot_floor = 0;
  /// Since when its finalized slot is below `finalized_slot`; nothing while it is not.
  std::optional<domain::utc_time> behind_itself_since;
  bool poll_in_flight = false;
  domain::utc_time last_poll_at{};
  domain::utc_time quiet_until{};
  std::size_t in_flight = 0;
  /// Counted apart from reads, which therefore never delay a broadcast.
  std::size_t sends_in_flight = 0;
  endpoint_metrics metrics;
};

/// The endpoints of the chain actor: calls whose answers run inside the actor, the health of each endpoint, hedged
/// reads and their queue. Part of the actor's state.
class endpoint_pool {
public:
  void start(chain_actor::pointer me, const chain_config& c, std::vector<std::shared_ptr<rpc_api>> apis,
             const runtime::clock& time, chain_reports r);

  [[nodiscard]] domain::utc_time now() const {
    return clock->now();
  }
  /// True if `since` is less than `bound_ms` ago; false for a time in the future, after the clock was set back.
  [[nodiscard]] bool younger(domain::utc_time since, std::uint32_t bound_ms) const {
    const auto age = now() - since;
    return age >= domain::milliseconds{0} && age < domain::milliseconds{bound_ms};
  }

  /// A callback for other threads that runs `f` inside the actor, if the actor is still alive.
  template <class T, class F>
  rpc_done<T> in_actor(F f) {
    return [to = caf::actor_addr{self->address()}, f = std::move(f)](rpc_result<T> r) {
      const auto alive = caf::actor_cast<caf::strong_actor_ptr>(to);
      if (!alive)
        return;
      auto handle = std::make_shared<std::function<void()>>([f, r = std::move(r)]() mutable { f(std::move(r)); });
      caf::anon_send(caf::actor_cast<chain_actor>(alive), chain::arrived{std::move(handle)});
    };
  }

  /// Calls one endpoint. `take` gets the answer after health and metrics are updated.
  template <class T, class Call, class Take>
  void call(std::size_t at, const Call& make, Take take) {
    const auto asked_at = now();
    make(*endpoints[at].api, in_actor<T>([this, at, asked_at, take = std::move(take)](rpc_result<T> r) {
      on_answer(at, asked_at, r ? nullptr : &r.error());
      take(std::move(r));
    }));
  }

  /// The same, counted in `count`; check its bound first. Status polls have bounds of their own and do not
  /// count.
  template <class T, class Call, class Take>
  void bounded_call(std::size_t at, const Call& make, Take take, std::size_t endpoint::*count = &endpoint::in_flight) {
    ++(endpoints[at].*count);
    call<T>(at, make, [this, at, count, take = std::move(take)](rpc_result<T> r) {
      --(endpoints[at].*count);
      take(std::move(r));
      if (count == &endpoint::in_flight)
        start_waiting_reads();
    });
  }

  /// A read that any endpoint may answer: endpoints are asked one after the other until an answer is accepted. If an
  /// endpoint is slower than its 90th percentile, the next is asked as well (the hedge), and the first good answer
  /// counts.
  template <class T>
  struct pending_read {
    std::function<void(rpc_api&, rpc_done<T>)> call;
    /// False for an unusable answer: the next endpoint is asked.
    std::function<bool(std::size_t at, T& answer)> accept;
    std::function<void(caf::error)> give_up;
    std::vector<std::size_t> order;
    domain::utc_time asked_at;
    std::size_t next = 0;
    std::size_t in_flight = 0;
    std::size_t answers = 0;
    std::size_t refusals = 0;
    bool settled = false;
    std::string last_error = "every endpoint is busy";
  };

  template <class T>
  void read(std::function<void(rpc_api&, rpc_done<T>)> make, std::function<bool(std::size_t, T&)> accept,
            std::function<void(caf::error)> give_up) {
    auto q = std::make_shared<pending_read<T>>();
    q->call = std::move(make);
    q->accept = std::move(accept);
    q->give_up = std::move(give_up);
    q->order = ranked();
    q->asked_at = now();
    if (has_capacity())
      try_next(q, false);
    else
      enqueue(q);
  }

  template <class T>
  void try_next(const std::shared_ptr<pending_read<T>>& q, bool is_hedge) {
    while (q->next < q->order.size()) {
      const auto at = q->order[q->next++];
      if (endpoints[at].in_flight >= config.max_in_flight_per_endpoint)
        continue;
      ++q->in_flight;
      if (is_hedge)
        endpoints[at].metrics.hedges_asked.inc();
      bounded_call<T>(at, q->call, [this, q, at, is_hedge](rpc_result<T> r) {
        --q->in_flight;
        if (q->settled)
          return;
        if (r && q->accept(at, *r)) {
          q->settled = true;
          if (is_hedge)
            endpoints[at].metrics.hedges_won.inc();
          return;
        }
        ++q->answers;
        if (!r) {
          q->last_error = endpoints[at].api->name() + ": " + r.error().message;
          q->refusals += r.error().proves_nothing() ? 0 : 1;
        } else {
          q->last_error = endpoints[at].api->name() + ": unusable answer";
        }
        try_next(q, false);
      });
      schedule_hedge(q, at);
      return;
    }
    if (q->in_flight > 0)
      return;
    q->settled = true;
    const bool all_refused = q->answers > 0 && q->refusals == endpoints.size();
    q->give_up(all_refused ? refused(q->last_error) : unavailable(q->last_error));
  }

  /// Queues a read while every endpoint is at its bound. Reads start in order; one that waited too long fails.
  template <class T>
  void enqueue(const std::shared_ptr<pending_read<T>>& q) {
    if (waiting_reads.size() >= config.max_waiting_reads)
      return q->give_up(unavailable(q->last_error));
    waiting_reads.push_back([this, q] {
      if (!younger(q->asked_at, config.max_read_wait_ms))
        return q->give_up(unavailable(q->last_error));
      q->order = ranked();
      try_next(q, false);
    });
  }
  [[nodiscard]] bool has_capacity() const {
    return std::ranges::any_of(endpoints,
                               [this](const endpoint& e) { return e.in_flight < config.max_in_flight_per_endpoint; });
  }
  void start_waiting_reads() {
    while (!waiting_reads.empty() && has_capacity()) {
      const auto start_read = std::move(waiting_reads.front());
      waiting_reads.pop_front();
      start_read();
    }
  }

  /// Asks the next endpoint as well if `q` is not settled after `hedge_delay(at)`.
  template <class T>
  void schedule_hedge(const std::shared_ptr<pending_read<T>>& q, std::size_t at) {
    if (q->next == q->order.size())
      return;
    auto handle = std::make_shared<std::function<void()>>([this, open = std::weak_ptr{q}, asked = q->next] {
      const auto still = open.lock();
      if (still && !still->settled && still->next == asked && asked < still->order.size() &&
          endpoints[still->order[asked]].api->has_spare())
        try_next(still, true);
    });
    self->delayed_send(self, hedge_delay(at), chain::arrived{std::move(handle)});
  }

  /// The 90th percentile of the endpoint's latency, within the bounds of the configuration.
  [[nodiscard]] domain::milliseconds hedge_delay(std::size_t at) const;
  void on_answer(std::size_t at, domain::utc_time asked_at, const rpc_error* error);
  void publish_health();
  [[nodiscard]] std::uint64_t slots_behind(const endpoint& e) const;
  /// Indexes of `endpoints`, the healthiest first.
  [[nodiscard]] std::vector<std::size_t> ranked() const;
  [[nodiscard]] std::vector<chain::endpoint_health> health() const;

  chain_actor::pointer self = nullptr;
  chain_config config;
  const runtime::clock* clock = nullptr;
  chain_reports reports;
  std::vector<endpoint> endpoints;
  /// Reads queued until an endpoint has capacity.
  std::deque<std::function<void()>> waiting_reads;
};

}  // namespace landfall::executor
