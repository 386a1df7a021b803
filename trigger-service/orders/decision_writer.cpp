#include "trigger-service/orders/decision_writer.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <deque>
#include <optional>
#include <random>
#include <utility>

#include "common/fault/database_fault.hpp"
#include "common/runtime/log.hpp"

namespace landfall::trigger {

namespace {

using runtime::log_debug;
using runtime::log_error;
using runtime::log_info;
using runtime::log_warn;

/// The request that a decision came with: answered when none of it is left.
struct open_request {
  caf::typed_response_promise<decision_outcomes> promise;
  std::vector<decision_outcome> outcomes;
  std::size_t left = 0;
};

struct queued_decision {
  decision what;
  std::shared_ptr<open_request> request;
  std::size_t index = 0;
};

struct writer_state {
  static inline const char* name = "decision_writer";

  decision_writer_config config;
  std::unique_ptr<decision_sink> sink;
  std::deque<queued_decision> queue;
  /// A flush is on its way to us.
  bool flush_due = false;
  /// The last write failed: no new one before its wait is over.
  bool waiting_to_retry = false;
  net::backoff retry;
  std::mt19937_64 random;
  std::optional<caf::typed_response_promise<drained>> drain;
};

using self_pointer = decision_writer_actor::stateful_pointer<writer_state>;

void report(const writer_state& state, const decision& d, decision_outcome outcome, std::string_view why) {
  state.config.metrics->decisions(to_string(d.to), to_string(outcome)).inc();
  const auto order = d.order.to_string();
  const auto evidence = d.evidence.id.to_string();
  switch (outcome) {
    case decision_outcome::applied: {
      const auto took = state.config.clock->now() - d.evidence.received_at;
      state.config.metrics->decision_latency.observe(static_cast<double>(took.count()) / 1000);
      log_info("order_decided", {{"order_id", order},
                                 {"to_state", to_string(d.to)},
                                 {"reason", d.reason},
                                 {"detail", d.detail},
                                 {"evidence_id", evidence},
                                 {"took_ms", took.count()}});
      break;
    }
    case decision_outcome::refused:
      log_error("decision_refused",
                {{"order_id", order}, {"to_state", to_string(d.to)}, {"evidence_id", evidence}, {"why", why}});
      break;
    case decision_outcome::not_applied:
      log_debug("order_not_open", {{"order_id", order}, {"to_state", to_string(d.to)}});
      break;
    case decision_outcome::lapsed:
    case decision_outcome::overloaded:
      log_warn("decision_not_written", {{"order_id", order}, {"outcome", to_string(outcome)}});
      break;
  }
}

void settle(const writer_state& state, const queued_decision& entry, decision_outcome outcome,
            std::string_view why = {}) {
  report(state, entry.what, outcome, why);
  auto& request = *entry.request;
  request.outcomes[entry.index] = outcome;
  if (--request.left == 0)
    request.promise.deliver(decision_outcomes{std::move(request.outcomes)});
}

decision_outcome outcome_of(write_outcome outcome) {
  switch (outcome) {
    case write_outcome::applied:
      return decision_outcome::applied;
    case write_outcome::not_applied:
      return decision_outcome::not_applied;
    case write_outcome::refused:
      return decision_outcome::refused;
  }
  domain::broken_invariant("write outcome outside its enumeration");
}

void count_pending(const writer_state& state) {
  state.config.metrics->pending_decisions.set(static_cast<double>(state.queue.size()));
}

void flush_after(self_pointer self, std::chrono::milliseconds wait) {
  if (std::exchange(self->state.flush_due, true))
    return;
  if (wait.count() == 0)
    self->send(self, flush_decisions{});
  else
    self->delayed_send(self, wait, flush_decisions{});
}

void drop_lapsed(writer_state& state) {
  const auto now = state.config.clock->now();
  std::erase_if(state.queue, [&](const queued_decision& entry) {
    if (!entry.what.write_by || now <= *entry.what.write_by)
      return false;
    settle(state, entry, decision_outcome::lapsed);
    return true;
  });
}

void answer_drain(writer_state& state) {
  if (auto promise = std::exchange(state.drain, std::nullopt))
    promise->deliver(drained{state.queue.size()});
}

void write_failed(self_pointer self, const postgres::database_error& error) {
  auto& state = self->state;
  const auto wait = state.retry.next(state.random());
  state.config.metrics->write_failures(to_string(error.kind)).inc();
  log_warn("decisions_not_written", {{"kind", to_string(error.kind)},
                                     {"sqlstate", error.sqlstate},
                                     {"why", error.message},
                                     {"queued", state.queue.size()},
                                     {"retry_ms", wait.count()}});
  state.waiting_to_retry = true;
  answer_drain(state);
  flush_after(self, wait);
}

/// One for each decision, by its target state.
std::vector<fault::point> points_of(fault::effect what, const std::vector<decision>& batch) {
  std::vector<fault::point> points;
  for (const auto& d : batch)
    points.push_back({what, to_string(d.to)});
  return points;
}

/// One batch, one commit. Whatever the error, the decisions stay queued and are written again.
void write_batch(self_pointer self) {
  auto& state = self->state;
  std::vector<decision> batch;
  const auto size = std::min(state.queue.size(), state.config.max_batch);
  batch.reserve(size);
  for (std::size_t i = 0; i < size; ++i)
    batch.push_back(state.queue[i].what);
  if (!state.sink)
    state.sink = state.config.open_sink();
  const auto written = fault::around_all(
      points_of(fault::effect::decision_commit, batch), [&] { return state.sink->write(batch); },
      fault::database_fault);
  if (!written) {
    write_failed(self, written.error());
    return;
  }
  state.retry.reset();
  for (const auto& one : *written) {
    const auto entry = std::move(state.queue.front());
    state.queue.pop_front();
    settle(state, entry, outcome_of(one.outcome), one.error);
  }
}

void flush(self_pointer self) {
  auto& state = self->state;
  state.flush_due = false;
  state.waiting_to_retry = false;
  drop_lapsed(state);
  if (!state.queue.empty())
    write_batch(self);
  count_pending(state);
  if (state.queue.empty())
    answer_drain(state);
  else
    flush_after(self, std::chrono::milliseconds{0});
}

caf::result<decision_outcomes> enqueue(self_pointer self, const std::vector<decision>& decisions) {
  auto& state = self->state;
  const auto count = decisions.size();
  if (count == 0)
    return decision_outcomes{};
  if (state.queue.size() + count > state.config.max_queued) {
    for (const auto& d : decisions)
      report(state, d, decision_outcome::overloaded, {});
    return decision_outcomes{std::vector<decision_outcome>(count, decision_outcome::overloaded)};
  }
  auto request = std::make_shared<open_request>();
  request->promise = self->make_response_promise<decision_outcomes>();
  request->outcomes.resize(count);
  request->left = count;
  for (std::size_t i = 0; i < count; ++i)
    state.queue.push_back({decisions[i], request, i});
  count_pending(state);
  if (!state.waiting_to_retry && state.queue.size() >= state.config.max_batch)
    flush(self);
  else
    flush_after(self, state.config.max_batch_wait);
  return request->promise;
}

decision_writer_actor::behavior_type behaviour(self_pointer self, decision_writer_config config) {
  auto& state = self->state;
  state.retry = net::backoff{config.retry};
  state.random.seed(config.seed);
  state.config = std::move(config);
  return {
      [self](const write_decisions& request) { return enqueue(self, request.decisions); },
      [self](flush_decisions) { flush(self); },
      [self](drain_decisions) -> caf::result<drained> {
        auto promise = self->make_response_promise<drained>();
        self->state.drain = promise;
        flush(self);
        return promise;
      },
  };
}

}  // namespace

std::string_view to_string(decision_outcome outcome) {
  switch (outcome) {
    case decision_outcome::applied:
      return "applied";
    case decision_outcome::not_applied:
      return "not_applied";
    case decision_outcome::refused:
      return "refused";
    case decision_outcome::lapsed:
      return "lapsed";
    case decision_outcome::overloaded:
      return "overloaded";
  }
  domain::broken_invariant("decision outcome outside its enumeration");
}

std::string decision_writer_config::validate() const {
  if (max_batch == 0)
    return "a batch holds at least one decision";
  if (max_queued < max_batch)
    return "at least one batch of decisions must be able to wait";
  if (max_batch_wait.count() <= 0)
    return "the wait for a batch must be positive";
  if (!clock || !metrics || !open_sink)
    return "clock, metrics and sink are needed";
  return {};
}

decision_writer_actor spawn_decision_writer(caf::actor_system& system, decision_writer_config config) {
  if (config.detached)
    return system.spawn<caf::detached>(behaviour, std::move(config));
  return system.spawn(behaviour, std::move(config));
}

}  // namespace landfall::trigger
