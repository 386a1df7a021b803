#include "executor-service/chain/endpoint_pool.hpp"

#include <tuple>

#include "common/runtime/log.hpp"

namespace landfall::executor {

using domain::milliseconds;
using domain::utc_time;

namespace {

/// Error rates are compared in steps of this size; within a step latency decides.
constexpr std::uint64_t errors_step_permille = 200;

}  // namespace

endpoint_metrics::endpoint_metrics(runtime::metrics& m, const std::string& endpoint) {
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
                         with("answer", send_result_names[i]));
  stale_answers = m.counter("landfall_rpc_stale_answers_total", "answers ignored because they go back in time", labels);
  latency_seconds = m.histogram("landfall_rpc_latency_seconds", "time an RPC endpoint takes to answer",
                                runtime::latency_buckets_seconds(), labels);
  hedges_asked = m.counter("landfall_rpc_hedges_total",
                           "reads asked of a second RPC endpoint because the first was slow", with("result", "asked"));
  hedges_won = m.counter("landfall_rpc_hedges_total", "reads asked of a second RPC endpoint because the first was slow",
                         with("result", "won"));
  latency_ms = m.gauge("landfall_rpc_smoothed_latency_ms", "time an RPC endpoint takes to answer, smoothed", labels);
  errors_permille =
      m.gauge("landfall_rpc_errors_permille", "share of calls without a usable answer, smoothed, in 1/1000", labels);
  up = m.gauge("landfall_rpc_up", "whether the last call of an RPC endpoint was answered", labels);
  sends_waiting = m.gauge("landfall_rpc_sends_waiting", "transactions queued for an RPC endpoint", labels);
  slots_behind = m.gauge("landfall_rpc_slots_behind", "finalized slots behind the best endpoint", labels);
}

void endpoint_pool::start(chain_actor::pointer me, const chain_config& c, std::vector<std::shared_ptr<rpc_api>> apis,
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
}

std::optional<std::uint64_t> latency_window::p90_ms() const {
  const auto known = std::min(next_, last_.size());
  if (known < least)
    return std::nullopt;
  auto sorted = last_;
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>((known - 1) * 9 / 10);
  std::nth_element(sorted.begin(), nth, sorted.begin() + static_cast<std::ptrdiff_t>(known));
  return *nth;
}

milliseconds endpoint_pool::hedge_delay(std::size_t at) const {
  const auto usual = endpoints[at].latencies.p90_ms().value_or(config.hedge_max_ms);
  return milliseconds{std::clamp<std::uint64_t>(usual, config.hedge_min_ms, config.hedge_max_ms)};
}

void endpoint_pool::on_answer(std::size_t at, utc_time asked_at, const rpc_error* error) {
  auto& e = endpoints[at];
  const auto took = std::max(now() - asked_at, milliseconds{0});
  e.metrics.calls[error == nullptr ? 6 : static_cast<std::size_t>(error->what)].inc();
  if (error != nullptr) {
    e.last_error = std::string{to_string(error->what)} + ": " + error->message;
    // A call that our own limiter refused was never sent and proves nothing about the endpoint.
    if (error->what == rpc_error::kind::rate_limited && error->http_status == 0 && error->retry_after_ms)
      return;
    if (error->what == rpc_error::kind::rate_limited)
      e.quiet_until = now() + milliseconds{error->retry_after_ms.value_or(config.quiet_after_429_ms)};
  }
  e.metrics.latency_seconds.observe(std::chrono::duration<double>(took).count());
  // A JSON-RPC error is an answer too, unless the node calls itself unhealthy.
  const bool usable = error == nullptr || (error->what == rpc_error::kind::rpc && !error->node_unhealthy());
  const bool was_up = std::exchange(e.up, usable);
  e.errors_permille = (e.errors_permille * 7 + (usable ? 0 : 1'000)) / 8;
  e.metrics.errors_permille.set(static_cast<double>(e.errors_permille));
  if (error == nullptr) {
    const auto ms = static_cast<std::uint64_t>(took.count());
    e.latency_ms = e.latency_ms == 0 ? ms : (e.latency_ms * 7 + ms) / 8;
    e.latencies.add(ms);
    e.metrics.latency_ms.set(static_cast<double>(e.latency_ms));
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

void endpoint_pool::publish_health() {
  if (reports.health == nullptr)
    return;
  const bool any = std::ranges::any_of(endpoints, &endpoint::up);
  reports.health->set(reports.health_check, any, any ? "" : "no RPC endpoint answers");
}

std::uint64_t endpoint_pool::slots_behind(const endpoint& e) const {
  std::uint64_t best = 0;
  for (const auto& other : endpoints)
    best = std::max(best, other.finalized_slot);
  return best - e.finalized_slot;
}

std::vector<std::size_t> endpoint_pool::ranked() const {
  std::vector<std::size_t> order;
  for (std::size_t at = 0; at < endpoints.size(); ++at)
    order.push_back(at);
  const auto key = [this](std::size_t at) {
    const auto& e = endpoints[at];
    return std::tuple{!e.up, e.quiet_until > now(), slots_behind(e) > config.max_slots_behind,
                      e.errors_permille / errors_step_permille, e.latency_ms};
  };
  std::ranges::stable_sort(order, {}, key);
  return order;
}

std::vector<chain::endpoint_health> endpoint_pool::health() const {
  std::vector<chain::endpoint_health> all;
  for (const auto& e : endpoints)
    all.push_back({e.api->name(), e.up, e.latency_ms, e.errors_permille, e.finalized_slot, slots_behind(e),
                   e.up ? "" : e.last_error});
  return all;
}

}  // namespace landfall::executor
