#include "trigger-service/orders/order_loader.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <optional>
#include <random>
#include <utility>

#include "common/runtime/log.hpp"
#include "trigger-service/orders/core/decision.hpp"

namespace landfall::trigger {

namespace {

using postgres::database_error;
using runtime::log_error;
using runtime::log_info;
using runtime::log_warn;

struct loader_state {
  static inline const char* name = "order_loader";

  order_loader_config config;
  order_sink_actor sink;
  decision_writer_actor writer;
  std::unique_ptr<order_source> source;
  std::optional<std::vector<watched_token>> known_tokens;
  change_cursor changed_from;
  /// Grows with every reading of all open orders; orders carry it, so that a book knows which it has not seen again.
  std::uint64_t pass = 0;
  /// The last id read, while a reading of all is under way.
  std::optional<domain::order_id> page_after;
  domain::utc_time tokens_due;
  domain::utc_time reconcile_due;
  domain::utc_time read_at;
  bool migrated = false;
  bool expiring = false;
  bool hinted = false;
  bool unreachable = false;
  net::backoff retry;
  std::mt19937_64 random;
};

using self_pointer = order_loader_actor::stateful_pointer<loader_state>;

/// What went wrong, or nothing.
using failed = std::optional<database_error>;

failed check_migrations(loader_state& state) {
  if (state.migrated)
    return {};
  const auto current = state.source->migrations_current();
  if (!current)
    return current.error();
  state.config.health->set("migrations", *current, "the database is not migrated to this program's version");
  if (!*current)
    return database_error{postgres::error_kind::unavailable, "", "migrations are missing"};
  state.migrated = true;
  return {};
}

failed read_tokens(self_pointer self) {
  auto& state = self->state;
  const auto now = state.config.clock->now();
  if (now < state.tokens_due)
    return {};
  auto tokens = state.source->tokens();
  if (!tokens)
    return tokens.error();
  state.tokens_due = now + state.config.tokens;
  if (state.known_tokens == *tokens)
    return {};
  // Orders of a new token were read before it had a book.
  state.reconcile_due = now;
  state.known_tokens = *tokens;
  log_info("tokens_loaded", {{"tokens", tokens->size()}});
  self->send(state.sink, tokens_loaded{std::move(*tokens)});
  return {};
}

void submit_expired(self_pointer self, std::vector<decision> decisions) {
  auto& state = self->state;
  state.expiring = true;
  const bool more = decisions.size() >= state.config.max_expiries;
  self->request(state.writer, caf::infinite, write_decisions{std::move(decisions)})
      .then(
          [self, more](const decision_outcomes& answer) {
            self->state.expiring = false;
            const bool progress = std::any_of(answer.outcomes.begin(), answer.outcomes.end(),
                                              [](auto outcome) { return outcome == decision_outcome::applied; });
            if (more && progress)
              self->send(self, orders_hint{});
          },
          [self](const caf::error&) { self->state.expiring = false; });
}

failed read_expired(self_pointer self) {
  auto& state = self->state;
  if (state.expiring)
    return {};
  const auto orders = state.source->expired(state.config.max_expiries);
  if (!orders)
    return orders.error();
  std::vector<decision> decisions;
  for (const auto& order : *orders)
    if (auto decision = decide_expiry(order.id, order.expires_at, order.now)) {
      decision->evidence.id = domain::evidence_id::random();
      decisions.push_back(std::move(*decision));
    }
  if (!decisions.empty())
    submit_expired(self, std::move(decisions));
  return {};
}

/// What cannot be read decides nothing and stops nobody: it is counted and logged, and the rest goes on.
std::vector<watched_order> readable(const loader_state& state, std::vector<watched_order> orders) {
  std::erase_if(orders, [&](const watched_order& order) {
    if (order.unreadable.empty())
      return false;
    state.config.metrics->orders_unreadable.inc();
    log_error("order_unreadable", {{"order_id", order.id.to_string()}, {"why", order.unreadable}});
    return true;
  });
  return orders;
}

failed read_changed(self_pointer self) {
  auto& state = self->state;
  for (std::size_t page = 0; page < state.config.max_pages_per_poll; ++page) {
    auto changed = state.source->changed(state.changed_from, state.config.page);
    if (!changed)
      return changed.error();
    const auto count = changed->orders.size();
    state.changed_from = std::move(changed->next);
    if (count != 0)
      self->send(state.sink, orders_loaded{readable(state, std::move(changed->orders)), state.pass});
    if (count < state.config.page) {
      state.changed_from.overlap = state.config.overlap;
      return {};
    }
  }
  return {};
}

void start_reconciliation(self_pointer self) {
  auto& state = self->state;
  const auto now = state.config.clock->now();
  if (state.page_after || now < state.reconcile_due)
    return;
  state.reconcile_due = now + state.config.reconcile;
  state.page_after = domain::order_id{};
  ++state.pass;
  self->send(self, read_next_page{});
}

void mark_reached(loader_state& state) {
  state.retry.reset();
  state.config.metrics->database_up.set(1);
  state.config.health->set("postgres", true);
  if (std::exchange(state.unreachable, false))
    log_info("database_reached");
}

/// How long to wait before the next try.
std::chrono::milliseconds mark_failed(loader_state& state, const database_error& error) {
  const auto wait = state.retry.next(state.random());
  state.config.metrics->database_up.set(0);
  state.config.health->set("postgres", false, std::string{to_string(error.kind)} + ": " + error.message);
  log_warn("orders_not_loaded", {{"kind", to_string(error.kind)},
                                 {"sqlstate", error.sqlstate},
                                 {"why", error.message},
                                 {"retry_ms", wait.count()}});
  // A reading of all that lost a page proves nothing about what it did not see.
  state.page_after.reset();
  state.reconcile_due = state.config.clock->now();
  state.unreachable = true;
  return wait;
}

std::chrono::milliseconds read_due(self_pointer self) {
  auto& state = self->state;
  if (!state.source)
    state.source = state.config.open_source();
  auto error = check_migrations(state);
  if (!error)
    error = read_tokens(self);
  if (!error)
    error = read_changed(self);
  if (!error)
    error = read_expired(self);
  state.read_at = state.config.clock->now();
  if (error)
    return mark_failed(state, *error);
  mark_reached(state);
  start_reconciliation(self);
  return state.config.poll;
}

void read_page(self_pointer self) {
  auto& state = self->state;
  if (!state.page_after)
    return;
  auto orders = state.source->open(*state.page_after, state.config.page);
  if (!orders) {
    mark_failed(state, orders.error());
    return;
  }
  const auto count = orders->size();
  if (count != 0) {
    state.page_after = orders->back().id;
    self->send(state.sink, orders_loaded{readable(state, std::move(*orders)), state.pass});
  }
  if (count == state.config.page) {
    self->send(self, read_next_page{});
    return;
  }
  state.page_after.reset();
  self->send(state.sink, orders_swept{state.pass});
}

/// Hints come in crowds: one that follows a reading closely waits, and stands for those behind it.
void take_hint(self_pointer self) {
  auto& state = self->state;
  const auto since = state.config.clock->now() - state.read_at;
  if (state.unreachable || state.hinted)
    return;
  if (since < state.config.hint_gap) {
    state.hinted = true;
    self->delayed_send(self, state.config.hint_gap, read_hinted{});
    return;
  }
  read_due(self);
}

order_loader_actor::behavior_type behaviour(self_pointer self, order_loader_config config, order_sink_actor sink,
                                            decision_writer_actor writer) {
  auto& state = self->state;
  state.retry = net::backoff{config.retry};
  state.random.seed(config.seed);
  state.config = std::move(config);
  state.sink = std::move(sink);
  state.writer = std::move(writer);
  self->send(self, poll_orders{});
  return {
      [self](poll_orders) {
        const auto wait = read_due(self);
        self->delayed_send(self, wait, poll_orders{});
      },
      [self](read_next_page) { read_page(self); },
      [self](orders_hint) { take_hint(self); },
      [self](read_hinted) {
        self->state.hinted = false;
        if (!self->state.unreachable)
          read_due(self);
      },
      [self](reload_orders) { self->state.reconcile_due = self->state.config.clock->now(); },
  };
}

}  // namespace

std::string order_loader_config::validate() const {
  if (poll.count() <= 0 || reconcile.count() <= 0 || tokens.count() <= 0)
    return "the times between readings must be positive";
  if (overlap.count() < 0)
    return "the overlap of readings must not be negative";
  if (page == 0 || max_pages_per_poll == 0 || max_expiries == 0)
    return "a reading has at least one row";
  if (!clock || !metrics || !health || !open_source)
    return "clock, metrics, health and source are needed";
  return {};
}

order_loader_actor spawn_order_loader(caf::actor_system& system, order_loader_config config, order_sink_actor sink,
                                      decision_writer_actor writer) {
  if (config.detached)
    return system.spawn<caf::detached>(behaviour, std::move(config), std::move(sink), std::move(writer));
  return system.spawn(behaviour, std::move(config), std::move(sink), std::move(writer));
}

}  // namespace landfall::trigger
