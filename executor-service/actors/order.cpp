#include "executor-service/actors/order.hpp"

#include <algorithm>
#include <utility>

#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"
#include "executor-service/actors/construction.hpp"

namespace landfall::executor {

using domain::order_state;
using runtime::field;

namespace {

struct order_worker {
  static inline const char* name = "order";

  order_actor::pointer self = nullptr;
  order o;
  std::shared_ptr<const order_dependencies> with;

  /// The attempt being resolved, and what was seen of it since.
  std::optional<domain::attempt_id> watched;
  observation_set seen;
  /// A commit or a question is under way; what comes meanwhile waits for its answer.
  bool busy = false;
  bool stopping = false;
  std::uint64_t round = 0;
  int pauses = 0;

  // --- log lines carry order, attempt and signature ---

  void log(runtime::level level, std::string_view event, std::string_view why = {},
           std::string_view detail = {}) const {
    const auto* a = watched ? const_cast<order&>(o).find(*watched) : nullptr;
    runtime::log(level, event,
                 {field{"order_id", o.id.to_string()}, field{"state", to_string(o.state)},
                  field{"attempt_id", a == nullptr ? std::string{} : a->id.to_string()},
                  field{"signature", a == nullptr ? std::string{} : a->signature.to_string()}, field{"why", why},
                  field{"detail", detail}});
  }

  // --- asking what to do ---

  void proceed() {
    if (stopping)
      return give_back(with->clock->now());
    std::visit([this](const auto& s) { perform(s); }, next_step(o, with->clock->now(), with->config.steps));
  }

  void perform(const step::release& s) {
    give_back(std::max(s.until, with->clock->now()));
  }

  void perform(const step::move& s) {
    move_to(s.to, s.reason, {}, {}, s.retry_after);
  }

  void perform(const step::resolve& s) {
    start_watching(s.attempt);
  }

  void perform(const step::check_deposit&) {
    busy = true;
    const auto* deposit = o.latest(attempt_kind::deposit);
    chain::accounts_request request;
    request.keys = {o.order_account};
    request.level = commitment::confirmed;
    request.min_context_slot = deposit->slot ? deposit->slot : deposit->confirmed_slot;
    self->request(with->chain, with->config.request_timeout, std::move(request))
        .then(
            [this, id = deposit->id](const chain::accounts_read& read) {
              busy = false;
              const auto& account = read.view.accounts.front();
              if (account && account->owner == o.input.token_program) {
                const auto decoded = solana::token::decode_account(account->data);
                if (decoded.ok() && decoded->owner == o.vault && decoded->mint == o.input.mint &&
                    decoded->amount >= o.input_amount.units())
                  return move_to(order_state::open, "deposit_confirmed", {}, id);
              }
              pause("deposit_not_seen", "the order account does not hold the deposit at the slot it was confirmed in");
            },
            [this](const caf::error& e) {
              busy = false;
              pause("accounts_unread", caf::to_string(e));
            });
  }

  void perform(const step::build& s) {
    busy = true;
    const auto builder = spawn_construction(self->system(), o, s.kind, with);
    self->request(builder, 4 * with->config.request_timeout, construct{})
        .then(
            [this, kind = s.kind](const constructed& answer) {
              busy = false;
              std::visit([&](const auto& result) { on_built(kind, result); }, *answer.result);
            },
            [this](const caf::error& e) {
              busy = false;
              pause("not_built", caf::to_string(e));
            });
  }

  void perform(const step::validate_swap& s) {
    busy = true;
    const auto* swap = o.find(s.attempt);
    self->request(with->chain, with->config.request_timeout,
                  chain::transaction_request{swap->signature, commitment::finalized})
        .then(
            [this, id = s.attempt](const chain::transaction_found& found) {
              busy = false;
              if (!found.view)
                return pause("transaction_unread", "no endpoint has the finalized transaction");
              on_swap_read(id, *found.view);
            },
            [this](const caf::error& e) {
              busy = false;
              pause("transaction_unread", caf::to_string(e));
            });
  }

  // --- what building gave ---

  void on_built(attempt_kind kind, const built::ready& ready) {
    if (stopping)
      return proceed();
    count_signed(kind);
    std::vector<order_write> writes;
    writes.push_back(write::insert_attempt{ready.what, ready.quote});
    if (kind == attempt_kind::payout && o.state != order_state::withdrawing)
      writes.push_back(move_write(order_state::withdrawing, "payout_signed", {}, ready.what.id));
    commit(std::move(writes));
  }

  void on_built(attempt_kind kind, const built::refused& refused) {
    with->metrics.build_failures.inc();
    log(runtime::level::warn, "not_signed", refused.reason, refused.detail);
    if (kind == attempt_kind::swap)
      return move_to(order_state::execute_failed, refused.reason, refused.detail);
    give_back(with->clock->now() + retry_delay(++pauses + 2, with->config.steps));
  }

  void on_built(attempt_kind, const built::later& later) {
    pause(later.reason, later.detail);
  }

  void on_built(attempt_kind, const built::nothing&) {
    const auto to = o.state == order_state::withdrawing       ? order_state::fill_success
                    : o.state == order_state::ready_to_cancel ? order_state::cancelled
                                                              : order_state::expired;
    const auto kind = o.state == order_state::withdrawing ? attempt_kind::payout : attempt_kind::refund;
    move_to(to, kind == attempt_kind::payout ? "paid_out" : "refunded", {}, o.latest(kind)->id);
  }

  void on_swap_read(const domain::attempt_id& id, const transaction_view& view) {
    const auto* swap = o.find(id);
    const auto input = view.token_delta(o.order_account);
    const auto output = view.token_delta(o.output_account);
    const auto expected = static_cast<domain::int128>(o.input_amount.units());
    const auto least = static_cast<domain::int128>(swap->minimum_output.value_or(domain::token_amount{1}).units());
    if (!input || !output || input->delta() != -expected || output->delta() < least || view.err)
      return move_to(order_state::fill_failed, "balances_contradict_swap",
                     "the finalized swap does not show the deposit leaving and at least " +
                         std::to_string(static_cast<std::uint64_t>(least)) + " arriving",
                     id);
    commit({write::record_fill{o.input_amount, domain::token_amount{static_cast<std::uint64_t>(output->delta())}},
            move_write(order_state::ready_withdraw_output, "swap_finalized", {}, id)});
  }

  // --- resolving a stored attempt ---

  void start_watching(const domain::attempt_id& id) {
    if (watched && *watched == id)
      return;
    stop_watching();
    watched = id;
    const auto* a = o.find(id);
    self->send(with->chain, chain::watch{a->signature, observer()});
    log(runtime::level::info, "attempt_watched", to_string(a->kind));
    if (!a->confirmed_slot)
      send_stored(*a);
    schedule(with->config.rebroadcast);
  }

  void stop_watching() {
    if (!watched)
      return;
    self->send(with->chain, chain::unwatch{o.find(*watched)->signature, observer()});
    watched.reset();
    seen = {};
    sent = false;
  }

  chain::observer observer() const {
    return caf::actor_cast<chain::observer>(self);
  }

  /// The bytes that the database holds, and only they.
  void send_stored(const attempt& a) {
    self->send(with->chain, chain::broadcast{a.signature, a.transaction});
    if (!std::exchange(sent, true))
      note_broadcast(a.id);
  }
  bool sent = false;

  /// For people only: nothing depends on it, so nothing waits for it.
  void note_broadcast(const domain::attempt_id& id) {
    commit_unit request;
    request.unit = {o.id, o.order_account, o.lease_epoch, {write::note_broadcast{id, with->clock->now()}}};
    self->request(with->ledger, caf::infinite, std::move(request))
        .then([](const commit_reply&) {}, [](const caf::error&) {});
  }

  void on_observed(const chain::observed& m) {
    if (!watched || o.find(*watched)->signature != m.id)
      return;
    if (accumulate(seen, m.seen))
      consider();
  }

  void consider() {
    if (busy || !watched || stopping)
      return;
    const auto* a = o.find(*watched);
    std::visit([&](const auto& proven) { on_proven(*a, proven); },
               resolve(*a, seen, with->config.resolution, with->clock->now()));
  }

  void on_proven(const attempt& a, const fate::in_doubt& doubt) {
    if (doubt.balance_min_slot)
      read_balance(a, *doubt.balance_min_slot);
  }

  void on_proven(const attempt& a, const fate::gone_again&) {
    with->metrics.rollbacks.inc();
    log(runtime::level::warn, "rolled_back");
    std::vector<order_write> writes{write::unconfirm{a.id}};
    if (a.kind == attempt_kind::swap && o.state == order_state::execute_success)
      writes.push_back(move_write(order_state::executing, "rolled_back", {}, a.id));
    commit(std::move(writes));
  }

  void on_proven(const attempt& a, const fate::landed& landed) {
    if (landed.finalized)
      return finish_landed(a.id, landed.slot);
    if (a.confirmed_slot)
      return;
    log(runtime::level::info, "attempt_confirmed");
    std::vector<order_write> writes{write::confirm{a.id, landed.slot}};
    if (a.kind == attempt_kind::swap && o.state == order_state::executing)
      writes.push_back(move_write(order_state::execute_success, "swap_confirmed", {}, a.id));
    commit(std::move(writes));
  }

  /// The fee is worth a look at the transaction, but not a delay: without an answer it stays unknown.
  void finish_landed(const domain::attempt_id& id, std::uint64_t slot) {
    with_fee(id, [this, id, slot](std::optional<std::uint64_t> fee) {
      with->metrics.landed.inc();
      log(runtime::level::info, "attempt_landed");
      const auto* a = o.find(id);
      std::vector<order_write> writes;
      if (!a->confirmed_slot)
        writes.push_back(write::confirm{id, slot});
      writes.push_back(write::resolve{id, attempt_outcome::landed, slot, fee, {}, {}});
      if (a->kind == attempt_kind::swap && o.state == order_state::executing)
        writes.push_back(move_write(order_state::execute_success, "swap_finalized", {}, id));
      commit(std::move(writes));
    });
  }

  void on_proven(const attempt& a, const fate::landed_failed& failed) {
    with_fee(a.id, [this, id = a.id, failed](std::optional<std::uint64_t> fee) {
      with->metrics.landed_failed.inc();
      log(runtime::level::warn, "attempt_landed_failed", failed.err);
      finish_without_effect(id, write::resolve{id, attempt_outcome::landed_failed, failed.slot, fee, failed.err, {}},
                            "landed_failed", failed.err);
    });
  }

  void on_proven(const attempt& a, const fate::dead& dead) {
    with->metrics.dead.inc();
    log(runtime::level::warn, "attempt_dead");
    finish_without_effect(a.id, write::resolve{a.id, attempt_outcome::dead, {}, {}, {}, dead.certificate.to_json()},
                          "dead", {});
  }

  /// The attempt is over and moved nothing: its outcome, and the move that follows from it, in one commit.
  void finish_without_effect(const domain::attempt_id& id, write::resolve outcome, const std::string& how,
                             const std::string& detail) {
    const auto kind = o.find(id)->kind;
    std::vector<order_write> writes;
    const bool was_confirmed = o.find(id)->confirmed_slot.has_value();
    if (was_confirmed)
      writes.push_back(write::unconfirm{id});
    auto state = o.state;
    if (kind == attempt_kind::swap && state == order_state::execute_success) {
      writes.push_back(move_write(order_state::executing, "rolled_back", {}, id));
      state = order_state::executing;
    }
    writes.push_back(std::move(outcome));
    if (kind == attempt_kind::swap && state == order_state::executing)
      writes.push_back(write::move{state, order_state::execute_failed, "swap_" + how, detail, id, 1, {}});
    else if (kind == attempt_kind::deposit && state == order_state::depositing)
      writes.push_back(move_write(order_state::deposit_failed, "deposit_" + how, detail, id));
    else if (kind == attempt_kind::payout && state == order_state::withdrawing)
      writes.push_back(move_write(order_state::withdraw_failed, "payout_" + how, detail, id));
    if (kind == attempt_kind::swap || kind == attempt_kind::deposit)
      return commit(std::move(writes));
    // The next payout, refund or close comes after a growing while.
    writes.push_back(write::release{with->clock->now() + retry_delay(o.count(kind), with->config.steps),
                                    kind == attempt_kind::payout ? order_state::withdraw_failed : o.state});
    leave_with(std::move(writes));
  }

  template <class Then>
  void with_fee(const domain::attempt_id& id, Then then) {
    busy = true;
    self->request(with->chain, with->config.request_timeout,
                  chain::transaction_request{o.find(id)->signature, commitment::finalized})
        .then(
            [this, then](const chain::transaction_found& found) {
              busy = false;
              then(found.view ? std::optional{found.view->fee_lamports} : std::nullopt);
            },
            [this, then](const caf::error&) {
              busy = false;
              then(std::nullopt);
            });
  }

  void read_balance(const attempt& a, std::uint64_t min_slot) {
    busy = true;
    chain::accounts_request request;
    // The account that the attempt takes from.
    const bool from_output = a.kind == attempt_kind::payout;
    request.keys = {from_output ? o.output_account : o.order_account};
    request.level = commitment::confirmed;
    request.min_context_slot = min_slot;
    self->request(with->chain, with->config.request_timeout, std::move(request))
        .then(
            [this,
             program = from_output ? o.output.token_program : o.input.token_program](const chain::accounts_read& read) {
              busy = false;
              balance_observation balance;
              balance.endpoint = read.endpoint;
              balance.slot = read.view.context_slot;
              const auto& account = read.view.accounts.front();
              if (account && account->owner == program) {
                const auto decoded = solana::token::decode_account(account->data);
                // Data that cannot be read is no balance, and no absence either.
                if (!decoded.ok())
                  return stopping ? proceed() : void();
                balance.balance = domain::token_amount{decoded->amount};
              }
              if (stopping)
                return proceed();
              if (accumulate(seen, std::move(balance)))
                consider();
            },
            [this](const caf::error&) {
              busy = false;
              if (stopping)
                proceed();
            });
  }

  // --- time ---

  void schedule(domain::milliseconds delay) {
    self->delayed_send(self, delay, order_tick{++round});
  }

  void on_tick(const order_tick& tick) {
    if (tick.round != round)
      return;
    if (!watched)
      return busy ? schedule(with->config.pause) : proceed();
    const auto* a = o.find(*watched);
    if (!a->confirmed_slot)
      send_stored(*a);
    consider();
    schedule(with->config.rebroadcast);
  }

  /// Something could not be answered: the same question again after a while, and never for ever on one lease.
  void pause(const std::string& reason, const std::string& detail) {
    log(runtime::level::warn, "waiting", reason, detail);
    if (stopping || ++pauses > max_pauses)
      return give_back(with->clock->now() + with->config.pause);
    schedule(with->config.pause);
  }
  static constexpr int max_pauses = 20;

  void on_stop() {
    stopping = true;
    if (!busy)
      proceed();
  }

  // --- writing ---

  write::move move_write(order_state to, std::string reason, std::string detail = {},
                         std::optional<domain::attempt_id> about = {}) const {
    const bool counts = o.state == order_state::executing && to == order_state::execute_failed;
    return {o.state, to, std::move(reason), std::move(detail), about, counts ? 1 : 0, {}};
  }

  void move_to(order_state to, std::string reason, std::string detail = {},
               std::optional<domain::attempt_id> about = {}, domain::milliseconds retry_after = {}) {
    auto w = move_write(to, std::move(reason), std::move(detail), about);
    w.retry_after = retry_after;
    if (retry_after.count() == 0)
      return commit({std::move(w)});
    leave_with({w, write::release{with->clock->now() + retry_after, w.to}});
  }

  void give_back(domain::utc_time until) {
    leave_with({release_until(until)});
  }
  write::release release_until(domain::utc_time until) const {
    return {until, o.state};
  }

  void commit(std::vector<order_write> writes) {
    store(std::move(writes), false);
  }
  void leave_with(std::vector<order_write> writes) {
    store(std::move(writes), true);
  }

  void store(std::vector<order_write> writes, bool leave) {
    busy = true;
    commit_unit request;
    request.unit = {o.id, o.order_account, o.lease_epoch, writes};
    self->request(with->ledger, caf::infinite, std::move(request))
        .then(
            [this, writes = std::move(writes), leave](const commit_reply& reply) mutable {
              if (reply.error)
                return on_refused(*reply.error, std::move(writes), leave);
              busy = false;
              for (const auto& w : writes)
                std::visit([this](const auto& one) { apply(one); }, w);
              if (leave)
                return self->quit();
              pauses = 0;
              after_commit();
            },
            [this](const caf::error& e) {
              log(runtime::level::error, "ledger_gone", caf::to_string(e));
              self->quit();
            });
  }

  void on_refused(const postgres::database_error& e, std::vector<order_write> writes, bool leave) {
    using kind = postgres::error_kind;
    if ((e.kind == kind::unavailable || e.kind == kind::conflict) && !stopping) {
      // Nothing was committed. The lease decides how long this may go on: a later try is refused once it ran out.
      log(runtime::level::warn, "commit_retried", to_string(e.kind), e.message);
      repeat = [this, writes = std::move(writes), leave]() mutable { store(std::move(writes), leave); };
      self->delayed_send(self, with->config.pause, order_tick{0});
      return;
    }
    if (e.kind == kind::constraint && !leave && !is_lease_lost(e)) {
      // Somebody else moved the order, or a rule says no. What is stored is the truth: give it back and read it anew; a
      // rule's no is worth a person's look, and no hot loop.
      const bool moved = e.sqlstate == moved_meanwhile;
      log(moved ? runtime::level::info : runtime::level::error, moved ? "order_moved_by_other" : "commit_refused",
          e.sqlstate, e.message);
      return give_back(with->clock->now() + (moved ? domain::milliseconds{0} : with->config.steps.retry_cap));
    }
    // In doubt, without a lease, or on the way out: whoever claims the order next reads what is stored.
    log(runtime::level::warn, is_lease_lost(e) ? "lease_lost" : "commit_not_known", to_string(e.kind), e.message);
    self->quit();
  }
  static bool is_lease_lost(const postgres::database_error& e) {
    return e.sqlstate == "LF003" || e.sqlstate == "LF005";
  }
  std::function<void()> repeat;

  void after_commit() {
    // A confirmation leaves the same attempt to be watched until it is final.
    if (watched) {
      const auto* a = o.find(*watched);
      if (a->outcome)
        stop_watching();
    }
    proceed();
    if (watched)
      consider();
  }

  // --- the stored order follows what was committed ---

  void apply(const write::move& w) {
    const auto* a = w.attempt ? o.find(*w.attempt) : nullptr;
    runtime::log_info("order_moved",
                      {field{"order_id", o.id.to_string()}, field{"from", to_string(w.from)},
                       field{"to", to_string(w.to)}, field{"reason", w.reason}, field{"detail", w.detail},
                       field{"attempt_id", a == nullptr ? std::string{} : a->id.to_string()},
                       field{"signature", a == nullptr ? std::string{} : a->signature.to_string()}});
    o.state = w.to;
    o.attempts_made += w.tries;
  }
  void apply(const write::insert_attempt& w) {
    runtime::log_info("attempt_stored",
                      {field{"order_id", o.id.to_string()}, field{"attempt_id", w.what.id.to_string()},
                       field{"signature", w.what.signature.to_string()}, field{"kind", to_string(w.what.kind)}});
    o.attempts.push_back(w.what);
  }
  void apply(const write::note_broadcast&) {}
  void apply(const write::confirm& w) {
    o.find(w.attempt)->confirmed_slot = w.slot;
  }
  void apply(const write::unconfirm& w) {
    o.find(w.attempt)->confirmed_slot.reset();
    seen = {};
  }
  void apply(const write::resolve& w) {
    o.find(w.attempt)->outcome = w.outcome;
    o.find(w.attempt)->slot = w.slot;
  }
  void apply(const write::record_fill& w) {
    o.output_amount = w.output_amount;
  }
  void apply(const write::release&) {}

  void count_signed(attempt_kind kind) const {
    const auto& m = with->metrics;
    (kind == attempt_kind::swap     ? m.signed_swaps
     : kind == attempt_kind::payout ? m.signed_payouts
     : kind == attempt_kind::refund ? m.signed_refunds
                                    : m.signed_closes)
        .inc();
  }
};

order_actor::behavior_type order_behavior(order_actor::stateful_pointer<order_worker> self, order o,
                                          std::shared_ptr<const order_dependencies> with) {
  auto& state = self->state;
  state.self = self;
  state.o = std::move(o);
  state.with = std::move(with);
  self->send(self, order_tick{0});
  return {
      [self](const chain::observed& m) { self->state.on_observed(m); },
      [self](const order_tick& tick) {
        auto& s = self->state;
        if (tick.round != 0)
          return s.on_tick(tick);
        // The first tick starts the work; later ones of this number repeat a commit that did not happen.
        if (s.repeat)
          return std::exchange(s.repeat, nullptr)();
        if (s.round == 0 && !s.busy && !s.watched)
          s.proceed();
      },
      [self](order_stop) { self->state.on_stop(); },
  };
}

}  // namespace

order_actor spawn_order(caf::actor_system& system, order o, std::shared_ptr<const order_dependencies> with) {
  return system.spawn(order_behavior, std::move(o), std::move(with));
}

}  // namespace landfall::executor
