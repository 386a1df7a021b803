#include "executor-service/actors/order.hpp"

#include <algorithm>
#include <utility>

#include "common/fault/fault_point.hpp"
#include "executor-service/actors/attempt_watch.hpp"
#include "executor-service/actors/await.hpp"
#include "executor-service/actors/chain_record.hpp"
#include "executor-service/actors/commit_point.hpp"
#include "executor-service/actors/order_log.hpp"
#include "executor-service/core/consequence.hpp"

namespace landfall::executor {

using domain::order_state;
using fault::effect;

namespace {

/// The actor of one order: asks what to do, does it, and makes it durable. Everything that is written of the order is
/// written here; what becomes of a stored attempt is found out by `watch`.
struct order_worker : leased_order {
  static inline const char* name = "order";

  attempt_watch watch{*this};
  /// A commit or a question is under way; what comes meanwhile waits for its answer.
  bool busy = false;
  bool stopping = false;
  std::uint64_t round = 0;
  int pauses = 0;

  void log(runtime::level level, std::string_view event, std::string_view why = {},
           std::string_view detail = {}) const {
    log_order(o, watch.watched(), level, event, why, detail);
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
    await(
        {effect::deposit_check}, self, with->chain, with->config.request_timeout, std::move(request),
        [this, id = deposit->id](const chain::accounts_read& read) {
          busy = false;
          if (holds_deposit(o, read))
            return move_to(order_state::open, "deposit_confirmed", {}, id);
          // Confirmed, and yet not there: its fork may have died. Only the attempt's own fate tells.
          if (!o.find(id)->outcome)
            return start_watching(id);
          pause("deposit_not_seen", "the order account does not hold the deposit at the slot it was confirmed in");
        },
        [this](const caf::error& e) {
          busy = false;
          pause("accounts_unread", caf::to_string(e));
        });
  }

  /// Building waits for its turn; what to do is asked anew when that has come, for time has passed. The turn ends when
  /// what was built is on its way, or will not be: no more is signed than the endpoints take.
  void perform(const step::build& s) {
    const auto& turns = s.kind == attempt_kind::swap ? with->swap_permits : with->payment_permits;
    if (!turns || turn_of)
      return build(s);
    busy = true;
    waiting_for_turn = true;
    self->request(turns, caf::infinite, permit_request{})
        .then(
            [this, turns](permit_granted) {
              waiting_for_turn = false;
              turn_of = turns;
              // Told to stop meanwhile: the lease is on its way back, and the turn goes with this actor's end.
              if (stopping)
                return;
              busy = false;
              proceed();
              if (!building)
                leave_turn();
            },
            [this](const caf::error& e) {
              busy = false;
              waiting_for_turn = false;
              pause("not_built", caf::to_string(e));
            });
  }
  bool waiting_for_turn = false;
  /// Whose turn this order has, if any.
  semaphore_actor turn_of;
  bool building = false;

  void leave_turn() {
    building = false;
    if (const auto turns = std::exchange(turn_of, nullptr))
      self->send(turns, permit_released{});
  }

  void build(const step::build& s) {
    busy = true;
    building = true;
    const auto builder = spawn_builder(self->system(), o, s.kind, with);
    await(
        {effect::build, to_string(s.kind)}, self, builder, 4 * with->config.request_timeout, build_request{},
        [this, kind = s.kind](const build_reply& answer) {
          busy = false;
          building = false;
          if (!std::holds_alternative<built::ready>(*answer.result))
            leave_turn();
          std::visit([&](const auto& result) { on_built(kind, result); }, *answer.result);
        },
        [this](const caf::error& e) {
          busy = false;
          leave_turn();
          pause("not_built", caf::to_string(e));
        });
  }

  void perform(const step::validate_swap& s) {
    busy = true;
    const auto* swap = o.find(s.attempt);
    await(
        {effect::swap_read}, self, with->chain, with->config.request_timeout,
        chain::transaction_request{swap->signature.value(), commitment::finalized},
        [this, id = s.attempt](const chain::transaction_found& found) {
          busy = false;
          if (!found.view)
            return pause("transaction_unread", "no endpoint has the finalized transaction");
          auto follows = swap_validated(o, *o.find(id), swap_record_of(o, *found.view));
          if (follows.nothing())
            return pause("transaction_unread", found.endpoint + " does not show what the finalized swap moved");
          write_down(std::move(follows));
        },
        [this](const caf::error& e) {
          busy = false;
          pause("transaction_unread", caf::to_string(e));
        });
  }

  // --- what building gave ---

  void on_built(attempt_kind kind, const built::ready& ready) {
    // Told to stop meanwhile: what was signed has not left this process, and never will.
    if (stopping)
      return proceed();
    count_signed(kind, with->metrics);
    write_down(store_signed(o, ready.what, ready.quote));
  }

  void on_built(attempt_kind kind, const built::refused& refused) {
    with->metrics.build_failures.inc();
    log(runtime::level::warn, "not_signed", refused.reason, refused.detail);
    write_down(build_refused(o, kind, refused.reason, refused.detail, with->clock->now(), with->config.steps));
  }

  void on_built(attempt_kind, const built::later& later) {
    pause(later.reason, later.detail);
  }

  void on_built(attempt_kind, const built::nothing&) {
    write_down(nothing_to_close(o));
  }

  // --- resolving a stored attempt ---

  void start_watching(const domain::attempt_id& id) {
    if (!watch.start(id))
      return;
    log(runtime::level::info, "attempt_watched", to_string(watch.watched()->kind));
    send_stored();
    schedule(with->config.rebroadcast);
  }

  void send_stored() {
    const auto note = watch.send([this] { leave_turn(); });
    if (!note)
      return;
    // For people only: nothing depends on it, so nothing waits for it. What fails is tried again with the next send.
    self->request(with->ledger, caf::infinite, unit_of({*note}))
        .then([this](const commit_reply& reply) { watch.noted(!reply.error); },
              [this](const caf::error&) { watch.noted(false); });
  }

  template <class Observed>
  void on_observed(const Observed& m) {
    if (watch.hear(m))
      consider();
  }

  void consider() {
    if (busy || stopping || watch.watched() == nullptr)
      return;
    busy = true;
    watch.consider([this](const consideration& c) {
      busy = false;
      if (const auto* proven = std::get_if<considered::proven>(&c))
        return conclude(*proven);
      if (stopping)
        return proceed();
      if (std::holds_alternative<considered::more_seen>(c))
        consider();
    });
  }

  void conclude(const considered::proven& proven) {
    const auto* a = watch.watched();
    tell_proven(o, *a, proven.what, with->metrics);
    // What was told before does not count any more, but it may be all there is to tell.
    if (std::holds_alternative<fate::gone_again>(proven.what))
      watch.start_over();
    write_down(consequence_of(o, *a, proven.what, proven.fee_lamports, with->clock->now(), with->config.steps));
  }

  // --- time ---

  void schedule(domain::milliseconds delay) {
    self->delayed_send(self, delay, order_tick{++round});
  }

  void on_tick(const order_tick& tick) {
    if (tick.round != round)
      return;
    if (watch.watched() == nullptr)
      return busy ? schedule(with->config.pause) : proceed();
    send_stored();
    watch.look_again();
    consider();
    // Its place is for another order meanwhile. Nothing else is signed for this one: the same attempt is taken up
    // again.
    if (const auto until = watch.rest_until(); until && !busy && !stopping)
      return give_back(*until);
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
    if (!busy || waiting_for_turn)
      proceed();
  }

  // --- writing ---

  void write_down(consequence c) {
    store(std::move(c.writes), c.leave);
  }

  void move_to(order_state to, std::string reason, std::string detail = {},
               std::optional<domain::attempt_id> about = {}, domain::milliseconds retry_after = {}) {
    auto w = move_from(o, to, std::move(reason), std::move(detail), about);
    w.retry_after = retry_after;
    if (retry_after.count() == 0)
      return store({std::move(w)}, false);
    store({w, write::release{with->clock->now() + retry_after, w.to}}, true);
  }

  void give_back(domain::utc_time until) {
    store({write::release{until, o.state}}, true);
  }

  [[nodiscard]] commit_unit unit_of(std::vector<order_write> writes) const {
    const auto point = commit_point(o, writes);
    return {{o.id, o.order_account, o.lease_epoch, std::move(writes)}, point};
  }

  /// One commit. With it the order is left to whoever claims it next, or what to do is asked anew.
  void store(std::vector<order_write> writes, bool leave) {
    busy = true;
    auto unit = unit_of(writes);
    self->request(with->ledger, caf::infinite, std::move(unit))
        .then(
            [this, writes = std::move(writes), leave](const commit_reply& reply) mutable {
              if (reply.error)
                return on_refused(*reply.error, std::move(writes), leave);
              busy = false;
              for (const auto& w : writes) {
                apply(o, w);
                tell_written(o, w);
              }
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
      tell_refused(o, watch.watched(), e);
      return give_back(with->clock->now() + (e.is(domain::rule_error::transition_refused)
                                                 ? domain::milliseconds{0}
                                                 : with->config.steps.retry_cap));
    }
    // In doubt, without a lease, or on the way out: whoever claims the order next reads what is stored.
    log(runtime::level::warn, is_lease_lost(e) ? "lease_lost" : "commit_not_known", to_string(e.kind), e.message);
    self->quit();
  }
  static bool is_lease_lost(const postgres::database_error& e) {
    return e.is(domain::rule_error::lease_not_in_force) || e.is(domain::rule_error::lease_refused);
  }
  std::function<void()> repeat;

  void after_commit() {
    // A confirmation leaves the same attempt to be watched until it is final.
    if (const auto* a = watch.watched(); a != nullptr && a->outcome)
      watch.stop();
    proceed();
    consider();
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
      [self](const chain::status_update& m) { self->state.on_observed(m); },
      [self](const chain::history_update& m) { self->state.on_observed(m); },
      [self](const order_tick& tick) {
        auto& s = self->state;
        if (tick.round != 0)
          return s.on_tick(tick);
        // The first tick starts the work; later ones of this number repeat a commit that did not happen.
        if (s.repeat)
          return std::exchange(s.repeat, nullptr)();
        if (s.round == 0 && !s.busy && s.watch.watched() == nullptr)
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
