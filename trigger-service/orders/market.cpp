#include "trigger-service/orders/market.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <unordered_map>
#include <utility>

#include "common/runtime/log.hpp"
#include "trigger-service/orders/core/decision.hpp"
#include "trigger-service/orders/core/trigger_book.hpp"

namespace landfall::trigger {

namespace {

using runtime::log_debug;
using runtime::log_error;

/// An order that was decided on and whose decision is not answered.
struct in_flight_order {
  /// The newest reading of it.
  watched_order order;
  /// The reading that was decided on.
  std::int64_t decided_version_us = 0;
};

struct market_state {
  static inline const char* name = "market";

  market_config config;
  decision_writer_actor writer;
  trigger_book book;
  price_history history;
  /// Not in the book, so that no later price decides on them again.
  std::unordered_map<domain::order_id, in_flight_order> in_flight;
  std::uint64_t pass = 0;
  bool full = false;
  runtime::gauge_handle book_orders;
  runtime::gauge_handle last_publish_time;
};

using self_pointer = market_actor::stateful_pointer<market_state>;

void set_book_size(const market_state& state) {
  state.book_orders.set(static_cast<double>(state.book.size() + state.in_flight.size()));
}

void insert(market_state& state, const watched_order& order) {
  if (state.book.size() >= state.config.max_orders && state.book.find(order.id) == nullptr) {
    if (!std::exchange(state.full, true))
      log_error("book_full", {{"mint", state.config.mint}, {"orders", state.book.size()}});
    return;
  }
  state.full = false;
  if (state.book.insert(order, state.pass) == trigger_book::insertion::added)
    log_debug("order_watched", {{"order_id", order.id.to_string()}, {"mint", state.config.mint}});
}

void load(market_state& state, const orders_loaded& message) {
  state.pass = std::max(state.pass, message.pass);
  for (const auto& order : message.orders) {
    const auto decided = state.in_flight.find(order.id);
    if (decided == state.in_flight.end())
      insert(state, order);
    else if (order.version_us > decided->second.order.version_us)
      decided->second.order = order;
  }
  set_book_size(state);
}

void settle(market_state& state, domain::order_id id, decision_outcome outcome) {
  const auto decided = state.in_flight.find(id);
  if (decided == state.in_flight.end())
    return;
  const auto entry = std::move(decided->second);
  state.in_flight.erase(decided);
  const bool again = outcome == decision_outcome::lapsed || outcome == decision_outcome::overloaded;
  const bool newer = entry.order.version_us > entry.decided_version_us;
  if (again || (outcome == decision_outcome::not_applied && newer))
    insert(state, entry.order);
}

void submit(self_pointer self, std::vector<decision> decisions) {
  auto& state = self->state;
  std::vector<domain::order_id> ids;
  ids.reserve(decisions.size());
  for (auto& d : decisions) {
    d.evidence.id = domain::evidence_id::random();
    if (auto order = state.book.erase(d.order))
      state.in_flight.emplace(d.order, in_flight_order{*order, order->version_us});
    ids.push_back(d.order);
  }
  self->request(state.writer, caf::infinite, write_decisions{std::move(decisions)})
      .then(
          [self, ids](const decision_outcomes& answer) {
            for (std::size_t i = 0; i < ids.size() && i < answer.outcomes.size(); ++i)
              settle(self->state, ids[i], answer.outcomes[i]);
            set_book_size(self->state);
          },
          [self, ids](const caf::error&) {
            for (const auto& id : ids)
              settle(self->state, id, decision_outcome::overloaded);
            set_book_size(self->state);
          });
}

void decide_on(self_pointer self, const accepted_price& price, domain::utc_time now) {
  auto& state = self->state;
  const auto capacity = state.config.max_in_flight - std::min(state.config.max_in_flight, state.in_flight.size());
  auto out = decide(state.book, price, now, state.config.write_within, capacity);
  for (const auto& id : out.out_of_time)
    state.book.erase(id);
  if (!out.decisions.empty())
    submit(self, std::move(out.decisions));
  set_book_size(state);
}

void count_refused(const market_state& state, const price_update& price, const gate_report& report) {
  const auto& metrics = *state.config.metrics;
  const bool held = report.outcome == gate_outcome::hold_for_confirmation;
  if (held)
    metrics.prices_held.inc();
  for (const auto which : report.failed)
    metrics.rejected(which).inc();
  log_debug(held ? "price_held" : "price_rejected",
            {{"mint", state.config.mint}, {"price_usd", price.price_usd.to_string()}, {"gates", report.gates}});
}

void on_price(self_pointer self, const price_update& price) {
  auto& state = self->state;
  const auto& config = state.config;
  const auto now = config.clock->now();
  const auto report = judge(price, state.history, config.gates, now);
  state.history = remember(std::move(state.history), price, report, config.gates);
  if (report.outcome != gate_outcome::accept) {
    count_refused(state, price, report);
    return;
  }
  config.metrics->prices_accepted.inc();
  config.metrics->mark_accepted(now);
  state.last_publish_time.set(static_cast<double>(domain::unix_ms(price.publish_time)) / 1000);
  decide_on(self, {price, report.gates}, now);
}

market_actor::behavior_type behaviour(self_pointer self, market_config config, decision_writer_actor writer) {
  auto& state = self->state;
  state.book_orders = config.metrics->book_orders(config.mint);
  state.last_publish_time = config.metrics->last_publish_time(config.mint);
  state.config = std::move(config);
  state.writer = std::move(writer);
  return {
      [self](const price_seen& seen) { on_price(self, seen.price); },
      [self](const orders_loaded& loaded) { load(self->state, loaded); },
      [self](const orders_swept& swept) {
        self->state.book.erase_unseen(swept.pass);
        set_book_size(self->state);
      },
  };
}

}  // namespace

std::string market_config::validate() const {
  if (auto why = gates.validate(); !why.empty())
    return why;
  if (write_within.count() <= 0)
    return "the time to write a decision in must be positive";
  if (max_orders == 0 || max_in_flight == 0)
    return "a market needs capacity for orders";
  if (!clock || !metrics)
    return "clock and instruments are needed";
  return {};
}

market_actor spawn_market(caf::actor_system& system, market_config config, decision_writer_actor writer) {
  return system.spawn(behaviour, std::move(config), std::move(writer));
}

}  // namespace landfall::trigger
