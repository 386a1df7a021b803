#include "executor-service/actors/chain.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "common/runtime/log.hpp"

namespace landfall::executor {

using domain::done;
using domain::failure;
using domain::milliseconds;
using domain::utc_time;

namespace {

/// Cached rents, by size of the account.
constexpr std::size_t max_rents = 64;

confirmation to_confirmation(commitment c) {
  return static_cast<confirmation>(c);
}
static_assert(static_cast<int>(confirmation::finalized) == static_cast<int>(commitment::finalized));

caf::error unavailable(std::string why) {
  return caf::make_error(caf::sec::runtime_error, std::move(why));
}
caf::error refused(std::string why) {
  return caf::make_error(caf::sec::invalid_argument, std::move(why));
}

/// What became of one send, for metrics only.
enum class send_class { taken, already_processed, blockhash_not_found, error, skipped };
constexpr std::array<const char*, 5> send_class_names{"taken", "already_processed", "blockhash_not_found", "error",
                                                      "skipped"};

send_class classify(const rpc_result<solana::signature>& sent) {
  if (sent)
    return send_class::taken;
  if (sent.error().already_processed())
    return send_class::already_processed;
  if (sent.error().blockhash_not_found())
    return send_class::blockhash_not_found;
  return send_class::error;
}

struct endpoint_metrics {
  /// One for each kind of error, then success.
  std::array<runtime::counter_handle, 7> calls;
  std::array<runtime::counter_handle, 5> sends;
  runtime::counter_handle stale_answers;
  runtime::histogram_handle latency_seconds;
  runtime::gauge_handle up;
  runtime::gauge_handle slots_behind;

  endpoint_metrics() = default;
  endpoint_metrics(runtime::metrics& m, const std::string& endpoint) {
    const runtime::metric_labels labels{{"endpoint", endpoint}};
    const auto with = [&](const char* key, std::string_view value) {
      auto more = labels;
      more.emplace(key, std::string{value});
      return more;
    };
    for (std::size_t i = 0; i < calls.size(); ++i)
      calls[i] = m.counter("landfall_rpc_calls_total", "calls of an RPC endpoint, by result",
                           with("result", i < 6 ? to_string(static_cast<rpc_error::kind>(i)) : "ok"));
    for (std::size_t i = 0; i < sends.size(); ++i)
      sends[i] = m.counter("landfall_rpc_sends_total", "transactions sent to an RPC endpoint, by its answer",
                           with("answer", send_class_names[i]));
    stale_answers =
        m.counter("landfall_rpc_stale_answers_total", "answers ignored because they go back in time", labels);
    latency_seconds = m.histogram("landfall_rpc_latency_seconds", "time an RPC endpoint takes to answer",
                                  runtime::latency_buckets_seconds(), labels);
    up = m.gauge("landfall_rpc_up", "whether the last call of an RPC endpoint was answered", labels);
    slots_behind = m.gauge("landfall_rpc_slots_behind", "finalized slots behind the best endpoint", labels);
  }
};

struct endpoint {
  std::shared_ptr<rpc_api> api;
  bool up = false;
  std::uint64_t latency_ms = 0;
  std::string last_error = "not asked yet";
  /// Highest ever answered at `finalized`; answers below are ignored.
  std::uint64_t finalized_slot = 0;
  std::uint64_t finalized_block_height = 0;
  /// Highest context slot of the rounds before this one; status answers below are ignored.
  std::uint64_t status_slot_floor = 0;
  bool round_under_way = false;
  utc_time last_round_at{};
  utc_time quiet_until{};
  std::size_t in_flight = 0;
  endpoint_metrics metrics;
};

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

struct hash_and_epoch {
  latest_blockhash_view hash;
  epoch_view now;
};

bool is_final(const std::optional<observation>& told) {
  return told && told->status && told->status->level == confirmation::finalized;
}

/// Whether `next` tells a watcher more than what it heard last from the same endpoint.
bool is_news(const std::optional<observation>& told, const observation& next) {
  if (!told || told->status != next.status)
    return true;
  if (is_final(told))
    return false;
  return told->finalized_slot != next.finalized_slot || told->status_context_slot != next.status_context_slot;
}

std::uint64_t percentile_of(std::vector<priority_fee_sample> samples, std::uint32_t percent) {
  if (samples.empty())
    return 0;
  const auto at = (samples.size() - 1) * percent / 100;
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(at);
  std::ranges::nth_element(samples, nth, {}, &priority_fee_sample::micro_lamports_per_unit);
  return nth->micro_lamports_per_unit;
}

struct chain_state {
  static inline const char* name = "chain";

  chain_actor::pointer self = nullptr;
  chain_config config;
  const runtime::clock* clock = nullptr;
  chain_reports reports;
  std::vector<endpoint> endpoints;
  runtime::gauge_handle watches_gauge;

  std::unordered_map<solana::signature, std::vector<watcher>> watched;
  std::map<caf::actor_addr, std::set<solana::signature>> watched_by;
  std::size_t watches = 0;

  std::optional<chain::fresh_blockhash> blockhash;
  utc_time blockhash_at{};
  std::vector<caf::typed_response_promise<chain::fresh_blockhash>> waiting_for_blockhash;

  std::map<std::uint64_t, std::pair<chain::rent, utc_time>> rents;

  void start(chain_actor::pointer me, chain_config c, std::vector<std::shared_ptr<rpc_api>> apis,
             const runtime::clock& time, chain_reports r) {
    self = me;
    config = c;
    clock = &time;
    reports = std::move(r);
    for (auto& api : apis) {
      endpoint e;
      if (reports.metrics != nullptr)
        e.metrics = endpoint_metrics{*reports.metrics, api->name()};
      e.api = std::move(api);
      endpoints.push_back(std::move(e));
    }
    if (reports.metrics != nullptr)
      watches_gauge = reports.metrics->gauge("landfall_chain_watches", "signatures watched, times their watchers");
  }

  [[nodiscard]] utc_time now() const {
    return clock->now();
  }

  /// Whether `since` is less than `bound_ms` ago. A clock that was set back makes nothing young.
  [[nodiscard]] bool younger(utc_time since, std::uint32_t bound_ms) const {
    const auto age = now() - since;
    return age >= milliseconds{0} && age < milliseconds{bound_ms};
  }

  // ---- Calls of endpoints ----

  /// Makes a callback for other threads that runs `f` in this actor, if it still lives.
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

  /// Calls one endpoint; `take` gets its answer after health and metrics have seen it.
  template <class T, class Call, class Take>
  void call(std::size_t at, const Call& make, Take take) {
    const auto asked_at = now();
    make(*endpoints[at].api, in_actor<T>([this, at, asked_at, take = std::move(take)](rpc_result<T> r) {
      note(at, asked_at, r ? nullptr : &r.error());
      take(std::move(r));
    }));
  }

  /// The same within the bound of calls under way; rounds, which have bounds of their own, never wait behind it.
  template <class T, class Call, class Take>
  void bounded_call(std::size_t at, const Call& make, Take take) {
    ++endpoints[at].in_flight;
    call<T>(at, make, [this, at, take = std::move(take)](rpc_result<T> r) {
      --endpoints[at].in_flight;
      take(std::move(r));
    });
  }

  void note(std::size_t at, utc_time asked_at, const rpc_error* error) {
    auto& e = endpoints[at];
    const auto took = std::max(now() - asked_at, milliseconds{0});
    e.metrics.latency_seconds.observe(std::chrono::duration<double>(took).count());
    e.metrics.calls[error == nullptr ? 6 : static_cast<std::size_t>(error->what)].inc();
    const bool was_up =
        std::exchange(e.up, error == nullptr || (error->what == rpc_error::kind::rpc && !error->node_unhealthy()));
    if (error == nullptr) {
      const auto ms = static_cast<std::uint64_t>(took.count());
      e.latency_ms = e.latency_ms == 0 ? ms : (e.latency_ms * 7 + ms) / 8;
    } else {
      e.last_error = std::string{to_string(error->what)} + ": " + error->message;
      if (error->what == rpc_error::kind::rate_limited)
        e.quiet_until = now() + milliseconds{error->retry_after_ms.value_or(config.quiet_after_429_ms)};
    }
    if (was_up != e.up) {
      if (e.up)
        runtime::log_info("rpc_endpoint_up", {{"endpoint", e.api->name()}});
      else
        runtime::log_warn("rpc_endpoint_down", {{"endpoint", e.api->name()}, {"why", e.last_error}});
      e.metrics.up.set(e.up ? 1 : 0);
      publish_health();
    }
  }

  void publish_health() {
    if (reports.health == nullptr)
      return;
    const bool any = std::ranges::any_of(endpoints, &endpoint::up);
    reports.health->set(reports.health_check, any, any ? "" : "no RPC endpoint answers");
  }

  [[nodiscard]] std::uint64_t slots_behind(const endpoint& e) const {
    std::uint64_t best = 0;
    for (const auto& other : endpoints)
      best = std::max(best, other.finalized_slot);
    return best - e.finalized_slot;
  }

  /// Endpoints, the healthiest first.
  [[nodiscard]] std::vector<std::size_t> ranked() const {
    std::vector<std::size_t> order;
    for (std::size_t at = 0; at < endpoints.size(); ++at)
      order.push_back(at);
    const auto key = [this](std::size_t at) {
      const auto& e = endpoints[at];
      return std::tuple{!e.up, e.quiet_until > now(), slots_behind(e) > config.max_slots_behind, e.latency_ms};
    };
    std::ranges::stable_sort(order, {}, key);
    return order;
  }

  /// A question that any endpoint may answer: asked of one after the other until one answer is accepted.
  template <class T>
  struct question {
    std::function<void(rpc_api&, rpc_done<T>)> ask;
    /// False for an answer that is no use: the next endpoint is asked.
    std::function<bool(std::size_t at, T& answer)> accept;
    std::function<void(caf::error)> give_up;
    std::vector<std::size_t> order;
    std::size_t next = 0;
    std::size_t answers = 0;
    std::size_t verdicts = 0;
    std::string last_error = "every endpoint is busy";
  };

  template <class T>
  void ask(std::function<void(rpc_api&, rpc_done<T>)> make, std::function<bool(std::size_t, T&)> accept,
           std::function<void(caf::error)> give_up) {
    auto q = std::make_shared<question<T>>();
    q->ask = std::move(make);
    q->accept = std::move(accept);
    q->give_up = std::move(give_up);
    q->order = ranked();
    ask_next(q);
  }

  template <class T>
  void ask_next(const std::shared_ptr<question<T>>& q) {
    while (q->next < q->order.size()) {
      const auto at = q->order[q->next++];
      if (endpoints[at].in_flight >= config.max_in_flight_per_endpoint)
        continue;
      bounded_call<T>(at, q->ask, [this, q, at](rpc_result<T> r) {
        if (r && q->accept(at, *r))
          return;
        ++q->answers;
        if (!r) {
          q->last_error = endpoints[at].api->name() + ": " + r.error().message;
          q->verdicts += r.error().proves_nothing() ? 0 : 1;
        } else {
          q->last_error = endpoints[at].api->name() + ": an answer of no use";
        }
        ask_next(q);
      });
      return;
    }
    const bool is_verdict = q->answers > 0 && q->verdicts == endpoints.size();
    q->give_up(is_verdict ? refused(q->last_error) : unavailable(q->last_error));
  }

  // ---- Rounds of status questions ----

  void tick() {
    publish_health();
    for (std::size_t at = 0; at < endpoints.size(); ++at) {
      auto& e = endpoints[at];
      e.metrics.slots_behind.set(static_cast<double>(slots_behind(e)));
      if (e.round_under_way || e.quiet_until > now())
        continue;
      if (watches == 0 && younger(e.last_round_at, config.idle_poll_ms))
        continue;
      begin_round(at);
    }
    self->delayed_send(self, milliseconds{config.poll_ms}, chain::tick{});
  }

  /// The finalized height first: a status that is asked for afterwards is evaluated after that block.
  void begin_round(std::size_t at) {
    auto r = std::make_shared<round>();
    r->at = at;
    for (const auto& [signature, watchers] : watched)
      if (std::ranges::any_of(watchers, [at](const watcher& w) { return !is_final(w.told[at]); }))
        r->signatures.push_back(signature);
    endpoints[at].round_under_way = true;
    endpoints[at].last_round_at = now();
    call<epoch_view>(
        at, [](rpc_api& api, rpc_done<epoch_view> d) { api.epoch_info(commitment::finalized, std::move(d)); },
        [this, r](const rpc_result<epoch_view>& answer) {
          if (answer && advance(r->at, *answer)) {
            r->finalized = *answer;
            continue_round(r);
          } else {
            end_round(*r);
          }
        });
  }

  bool advance(std::size_t at, const epoch_view& finalized) {
    auto& e = endpoints[at];
    if (finalized.absolute_slot < e.finalized_slot || finalized.block_height < e.finalized_block_height) {
      e.metrics.stale_answers.inc();
      return false;
    }
    e.finalized_slot = finalized.absolute_slot;
    e.finalized_block_height = finalized.block_height;
    return true;
  }

  void continue_round(const std::shared_ptr<round>& r) {
    while (r->next < r->signatures.size() && r->in_flight < config.max_status_calls_in_flight) {
      const auto count = std::min(max_statuses_per_call, r->signatures.size() - r->next);
      const auto begin = r->signatures.begin() + static_cast<std::ptrdiff_t>(r->next);
      std::vector<solana::signature> some(begin, begin + static_cast<std::ptrdiff_t>(count));
      r->next += count;
      ++r->in_flight;
      call<statuses_view>(
          r->at, [&some](rpc_api& api, rpc_done<statuses_view> d) { api.signature_statuses(some, true, std::move(d)); },
          [this, r, some](const rpc_result<statuses_view>& answer) {
            --r->in_flight;
            if (answer)
              tell_all(*r, some, *answer);
            continue_round(r);
          });
    }
    if (r->in_flight == 0 && r->next == r->signatures.size())
      end_round(*r);
  }

  void end_round(const round& r) {
    auto& e = endpoints[r.at];
    e.status_slot_floor = std::max(e.status_slot_floor, r.highest_context_slot);
    e.round_under_way = false;
  }

  void tell_all(round& r, const std::vector<solana::signature>& asked, const statuses_view& answer) {
    auto& e = endpoints[r.at];
    if (answer.context_slot < e.status_slot_floor || answer.statuses.size() != asked.size()) {
      e.metrics.stale_answers.inc();
      return;
    }
    r.highest_context_slot = std::max(r.highest_context_slot, answer.context_slot);
    observation seen;
    seen.endpoint = e.api->name();
    seen.finalized_block_height = r.finalized.block_height;
    seen.finalized_slot = r.finalized.absolute_slot;
    seen.status_context_slot = answer.context_slot;
    seen.searched_history = true;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto found = watched.find(asked[i]);
      if (found == watched.end())
        continue;
      seen.status.reset();
      if (const auto& status = answer.statuses[i])
        seen.status = signature_status{status->slot, to_confirmation(status->level), status->err};
      for (auto& w : found->second)
        tell(w, r.at, asked[i], seen);
    }
  }

  void tell(watcher& w, std::size_t at, const solana::signature& id, const observation& seen) {
    auto& told = w.told[at];
    // Within one round a watcher hears nothing older than before either.
    if (told && seen.status_context_slot < told->status_context_slot)
      return;
    if (!is_news(told, seen))
      return;
    const auto alive = caf::actor_cast<caf::strong_actor_ptr>(w.to);
    if (!alive)
      return;
    told = seen;
    self->send(caf::actor_cast<chain::observer>(alive), chain::observed{id, seen});
  }

  // ---- Watches ----

  caf::result<void> watch(const chain::watch& w) {
    const auto to = caf::actor_cast<caf::actor_addr>(w.to);
    auto& signatures = watched_by[to];
    if (signatures.contains(w.id)) {
      for (auto& one : watched[w.id])
        if (one.to == to)
          one.told.assign(endpoints.size(), std::nullopt);
      return caf::unit;
    }
    if (watches >= config.max_watches) {
      if (signatures.empty())
        watched_by.erase(to);
      runtime::log_warn("chain_watch_refused", {{"signature", w.id.to_string()}, {"watches", watches}});
      return unavailable("too many signatures are watched");
    }
    if (signatures.empty())
      self->monitor(w.to);
    signatures.insert(w.id);
    watched[w.id].push_back({to, std::vector<std::optional<observation>>(endpoints.size())});
    watches_gauge.set(static_cast<double>(++watches));
    return caf::unit;
  }

  void unwatch(const solana::signature& id, const caf::actor_addr& to) {
    const auto by = watched_by.find(to);
    if (by == watched_by.end() || by->second.erase(id) == 0)
      return;
    if (by->second.empty()) {
      self->demonitor(to);
      watched_by.erase(by);
    }
    forget(id, to);
  }

  void forget(const solana::signature& id, const caf::actor_addr& to) {
    const auto found = watched.find(id);
    std::erase_if(found->second, [&](const watcher& w) { return w.to == to; });
    if (found->second.empty())
      watched.erase(found);
    watches_gauge.set(static_cast<double>(--watches));
  }

  void gone(const caf::actor_addr& to) {
    const auto by = watched_by.find(to);
    if (by == watched_by.end())
      return;
    for (const auto& id : by->second)
      forget(id, to);
    watched_by.erase(by);
  }

  // ---- Sends ----

  void broadcast(const chain::broadcast& b) {
    for (std::size_t at = 0; at < endpoints.size(); ++at) {
      if (endpoints[at].in_flight >= config.max_in_flight_per_endpoint) {
        count_send(at, send_class::skipped);
        runtime::log_warn("broadcast_skipped",
                          {{"endpoint", endpoints[at].api->name()}, {"signature", b.id.to_string()}});
        continue;
      }
      bounded_call<solana::signature>(
          at,
          [&b](rpc_api& api, rpc_done<solana::signature> d) {
            api.send_transaction(b.transaction, send_options{}, std::move(d));
          },
          [this, at, id = b.id](const rpc_result<solana::signature>& sent) {
            const auto what = classify(sent);
            count_send(at, what);
            if (what != send_class::taken && what != send_class::already_processed)
              runtime::log_info("broadcast_unconfirmed", {{"endpoint", endpoints[at].api->name()},
                                                          {"signature", id.to_string()},
                                                          {"answer", send_class_names[static_cast<std::size_t>(what)]},
                                                          {"why", endpoints[at].last_error}});
          });
    }
  }

  void count_send(std::size_t at, send_class what) {
    endpoints[at].metrics.sends[static_cast<std::size_t>(what)].inc();
  }

  // ---- Questions ----

  caf::typed_response_promise<chain::fresh_blockhash> latest_blockhash() {
    auto promise = self->make_response_promise<chain::fresh_blockhash>();
    if (blockhash && younger(blockhash_at, config.blockhash_max_age_ms)) {
      promise.deliver(*blockhash);
    } else if (waiting_for_blockhash.size() >= config.max_waiting) {
      promise.deliver(unavailable("too many requests wait for a blockhash"));
    } else {
      waiting_for_blockhash.push_back(promise);
      if (waiting_for_blockhash.size() == 1)
        fetch_blockhash();
    }
    return promise;
  }

  void fetch_blockhash() {
    const auto asked_at = now();
    // The height after the hash, of the same endpoint: what is left is never overstated.
    const auto make = [](rpc_api& api, rpc_done<hash_and_epoch> d) {
      api.latest_blockhash(commitment::confirmed, [&api, d = std::move(d)](rpc_result<latest_blockhash_view> hash) {
        if (!hash)
          return d(failure{hash.error()});
        api.epoch_info(commitment::confirmed, [hash = *hash, d](const rpc_result<epoch_view>& epoch) {
          if (!epoch)
            return d(failure{epoch.error()});
          d(hash_and_epoch{hash, *epoch});
        });
      });
    };
    const auto accept = [this, asked_at](std::size_t at, hash_and_epoch& answer) {
      const auto& [hash, epoch] = answer;
      const auto height = hash.last_valid_block_height;
      const auto left = height > epoch.block_height ? height - epoch.block_height : 0;
      if (left < config.blockhash_min_blocks_left || left > config.blockhash_max_blocks_left) {
        runtime::log_warn("blockhash_refused", {{"endpoint", endpoints[at].api->name()}, {"blocks_left", left}});
        return false;
      }
      blockhash = chain::fresh_blockhash{endpoints[at].api->name(), hash.context_slot, hash.hash, height, left};
      blockhash_at = asked_at;
      for (auto& promise : std::exchange(waiting_for_blockhash, {}))
        promise.deliver(*blockhash);
      return true;
    };
    const auto give_up = [this](const caf::error& e) {
      for (auto& promise : std::exchange(waiting_for_blockhash, {}))
        promise.deliver(e);
    };
    ask<hash_and_epoch>(make, accept, give_up);
  }

  template <class Reply>
  static std::function<void(caf::error)> deliver_error(caf::typed_response_promise<Reply> promise) {
    return [promise](caf::error e) mutable { promise.deliver(std::move(e)); };
  }

  caf::typed_response_promise<chain::simulated> simulate(const chain::simulate_request& r) {
    auto promise = self->make_response_promise<chain::simulated>();
    ask<simulation>([r](rpc_api& api, rpc_done<simulation> d) { api.simulate(r.transaction, r.options, std::move(d)); },
                    [this, promise, min = r.options.min_context_slot](std::size_t at, simulation& s) mutable {
                      if (min && s.context_slot < *min)
                        return false;
                      promise.deliver(chain::simulated{endpoints[at].api->name(), std::move(s)});
                      return true;
                    },
                    deliver_error(promise));
    return promise;
  }

  caf::typed_response_promise<chain::accounts_read> accounts(const chain::accounts_request& r) {
    auto promise = self->make_response_promise<chain::accounts_read>();
    if (r.keys.empty() || r.keys.size() > max_accounts_per_call) {
      promise.deliver(refused("no accounts, or more than one call takes"));
      return promise;
    }
    ask<accounts_view>(
        [r](rpc_api& api, rpc_done<accounts_view> d) {
          api.accounts(r.keys, r.level, r.min_context_slot, std::move(d));
        },
        [this, promise, r](std::size_t at, accounts_view& view) mutable {
          if (view.accounts.size() != r.keys.size() || (r.min_context_slot && view.context_slot < *r.min_context_slot))
            return false;
          promise.deliver(chain::accounts_read{endpoints[at].api->name(), std::move(view)});
          return true;
        },
        deliver_error(promise));
    return promise;
  }

  caf::typed_response_promise<chain::transaction_found> find_transaction(const chain::transaction_request& r) {
    auto promise = self->make_response_promise<chain::transaction_found>();
    auto denials = std::make_shared<std::size_t>(0);
    ask<std::optional<transaction_view>>(
        [r](rpc_api& api, rpc_done<std::optional<transaction_view>> d) {
          api.transaction(r.id, r.level, std::move(d));
        },
        [this, promise, denials](std::size_t at, std::optional<transaction_view>& found) mutable {
          // One that does not know it proves nothing: the others are asked too.
          if (!found && ++*denials < endpoints.size())
            return false;
          promise.deliver(chain::transaction_found{endpoints[at].api->name(), std::move(found)});
          return true;
        },
        deliver_error(promise));
    return promise;
  }

  caf::typed_response_promise<chain::rent> rent_of(std::uint64_t space_bytes) {
    auto promise = self->make_response_promise<chain::rent>();
    const auto known = rents.find(space_bytes);
    if (known != rents.end() && younger(known->second.second, config.rent_max_age_ms)) {
      promise.deliver(known->second.first);
      return promise;
    }
    ask<std::uint64_t>(
        [space_bytes](rpc_api& api, rpc_done<std::uint64_t> d) {
          api.minimum_balance_for_rent_exemption(space_bytes, std::move(d));
        },
        [this, promise, space_bytes](std::size_t, std::uint64_t& lamports) mutable {
          if (rents.size() >= max_rents)
            rents.clear();
          rents[space_bytes] = {chain::rent{lamports}, now()};
          promise.deliver(chain::rent{lamports});
          return true;
        },
        deliver_error(promise));
    return promise;
  }

  caf::typed_response_promise<chain::fee_estimate> fee_for(const chain::fee_request& r) {
    auto promise = self->make_response_promise<chain::fee_estimate>();
    auto keys = r.writable_accounts;
    keys.resize(std::min(keys.size(), max_fee_accounts_per_call));
    ask<std::vector<priority_fee_sample>>(
        [keys](rpc_api& api, rpc_done<std::vector<priority_fee_sample>> d) {
          api.recent_prioritization_fees(keys, std::move(d));
        },
        [this, promise](std::size_t, std::vector<priority_fee_sample>& samples) mutable {
          const auto fee = std::clamp(percentile_of(std::move(samples), config.fee_percentile),
                                      config.fee_floor_micro_lamports, config.fee_cap_micro_lamports);
          promise.deliver(chain::fee_estimate{fee, true});
          return true;
        },
        [promise, floor = config.fee_floor_micro_lamports](const caf::error&) mutable {
          promise.deliver(chain::fee_estimate{floor, false});
        });
    return promise;
  }

  [[nodiscard]] chain::health_report health() const {
    chain::health_report report;
    report.watches = watches;
    for (const auto& e : endpoints)
      report.endpoints.push_back(
          {e.api->name(), e.up, e.latency_ms, e.finalized_slot, slots_behind(e), e.up ? "" : e.last_error});
    return report;
  }
};

chain_actor::behavior_type chain_behavior(chain_actor::stateful_pointer<chain_state> self, chain_config config,
                                          std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock* clock,
                                          chain_reports reports) {
  self->state.start(self, config, std::move(endpoints), *clock, std::move(reports));
  self->set_down_handler([self](const caf::down_msg& down) { self->state.gone(down.source); });
  self->send(self, chain::tick{});
  return {
      [self](const chain::watch& w) -> caf::result<void> { return self->state.watch(w); },
      [self](const chain::unwatch& w) { self->state.unwatch(w.id, caf::actor_cast<caf::actor_addr>(w.to)); },
      [self](const chain::broadcast& b) { self->state.broadcast(b); },
      [self](const chain::blockhash_request&) { return self->state.latest_blockhash(); },
      [self](const chain::simulate_request& r) { return self->state.simulate(r); },
      [self](const chain::accounts_request& r) { return self->state.accounts(r); },
      [self](const chain::transaction_request& r) { return self->state.find_transaction(r); },
      [self](const chain::rent_request& r) { return self->state.rent_of(r.space_bytes); },
      [self](const chain::fee_request& r) { return self->state.fee_for(r); },
      [self](const chain::health_request&) { return self->state.health(); },
      [self](const chain::tick&) { self->state.tick(); },
      [](const chain::arrived& a) { (*a.handle)(); },
  };
}

}  // namespace

domain::result<done, std::string> chain_config::validate() const {
  const auto no = [](const char* why) { return failure{std::string{why}}; };
  if (poll_ms < 10 || poll_ms > 60'000 || idle_poll_ms < poll_ms)
    return no("poll_ms has to be within 10 and 60000, idle_poll_ms not below it");
  if (blockhash_max_age_ms == 0 || blockhash_max_age_ms > 10'000)
    return no("blockhash_max_age_ms has to be within 1 and 10000");
  if (blockhash_min_blocks_left == 0 || blockhash_min_blocks_left > blockhash_max_blocks_left)
    return no("blockhash_min_blocks_left has to be within 1 and blockhash_max_blocks_left");
  if (max_watches == 0 || max_in_flight_per_endpoint == 0 || max_status_calls_in_flight == 0 || max_waiting == 0)
    return no("the bounds of the chain actor have to be at least 1");
  if (fee_percentile > 100)
    return no("fee_percentile has to be within 0 and 100");
  if (fee_floor_micro_lamports > fee_cap_micro_lamports)
    return no("fee_floor_micro_lamports is above fee_cap_micro_lamports");
  return done{};
}

bool is_refused(const caf::error& e) {
  return e == caf::sec::invalid_argument;
}

bool is_unavailable(const caf::error& e) {
  return e && !is_refused(e);
}

chain_actor spawn_chain(caf::actor_system& system, chain_config config, std::vector<std::shared_ptr<rpc_api>> endpoints,
                        const runtime::clock& clock, chain_reports reports) {
  std::set<std::string> names;
  for (const auto& e : endpoints)
    names.insert(e->name());
  // Two of one name would count as two witnesses.
  if (endpoints.empty() || names.size() != endpoints.size())
    domain::broken_invariant("RPC endpoints need names, each another one");
  if (!config.validate())
    domain::broken_invariant("an invalid configuration of the chain actor");
  return system.spawn(chain_behavior, config, std::move(endpoints), &clock, std::move(reports));
}

}  // namespace landfall::executor
