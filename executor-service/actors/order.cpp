#include "executor-service/actors/order.hpp"

#include <algorithm>
#include <utility>

#include "common/fault/fault_point.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/actors/await.hpp"
#include "executor-service/actors/commit_point.hpp"
#include "executor-service/actors/construction.hpp"
#include "executor-service/core/consequence.hpp"

namespace landfall::executor {

using domain::order_state;
using fault::effect;
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
                  field{"signature", signature_of(a)}, field{"why", why}, field{"detail", detail}});
  }

  static std::string signature_of(const attempt* a) {
    return a != nullptr && a->signature ? a->signature->to_string() : std::string{};
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
          const auto& account = read.view.accounts.front();
          if (account && account->owner == o.input.token_program) {
            const auto decoded = solana::token::decode_account(account->data);
            if (decoded.ok() && decoded->owner == o.vault && decoded->mint == o.input.mint &&
                decoded->amount >= o.input_amount.units())
              return move_to(order_state::open, "deposit_confirmed", {}, id);
          }
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

  /// Building waits for its turn; what to do is asked anew when that has come, for time has passed.
  void perform(const step::build& s) {
    if (!with->turnstile || in_turn)
      return build(s);
    busy = true;
    waiting_for_turn = true;
    self->request(with->turnstile, caf::infinite, turn_request{})
        .then(
            [this](turn_granted) {
              waiting_for_turn = false;
              in_turn = true;
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
  bool in_turn = false;
  bool building = false;

  void leave_turn() {
    building = false;
    if (std::exchange(in_turn, false))
      self->send(with->turnstile, turn_done{});
  }

  void build(const step::build& s) {
    busy = true;
    building = true;
    const auto builder = spawn_construction(self->system(), o, s.kind, with);
    await(
        {effect::build, to_string(s.kind)}, self, builder, 4 * with->config.request_timeout, construct{},
        [this, kind = s.kind](const constructed& answer) {
          busy = false;
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
          on_swap_read(id, *found.view);
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
    count_signed(kind);
    write_down(store_signed(o, ready.what, ready.quote));
  }

  void on_built(attempt_kind kind, const built::refused& refused) {
    with->metrics.build_failures.inc();
    log(runtime::level::warn, "not_signed", refused.reason, refused.detail);
    write_down(
        build_refused(o, kind, refused.reason, refused.detail, ++pauses, with->clock->now(), with->config.steps));
  }

  void on_built(attempt_kind, const built::later& later) {
    pause(later.reason, later.detail);
  }

  void on_built(attempt_kind, const built::nothing&) {
    write_down(nothing_to_close(o));
  }

  void on_swap_read(const domain::attempt_id& id, const transaction_view& view) {
    const auto delta = [&](const solana::pubkey& account) -> std::optional<domain::int128> {
      const auto change = view.token_delta(account);
      return change ? std::optional{change->delta()} : std::nullopt;
    };
    write_down(swap_validated(o, *o.find(id), {delta(o.order_account), delta(o.output_account), view.err.has_value()}));
  }

  // --- resolving a stored attempt ---

  void start_watching(const domain::attempt_id& id) {
    if (watched && *watched == id)
      return;
    stop_watching();
    watched = id;
    const auto* a = o.find(id);
    watch(*a);
    log(runtime::level::info, "attempt_watched", to_string(a->kind));
    if (!a->confirmed_slot)
      send_stored(*a);
    schedule(with->config.rebroadcast);
  }

  void stop_watching() {
    if (!watched)
      return;
    if (const auto* a = o.find(*watched); !a->maker)
      self->send(with->chain, chain::unwatch{a->signature.value(), observer()});
    watched.reset();
    seen = {};
    sent.reset();
    noted = false;
  }

  chain::observer observer() const {
    return caf::actor_cast<chain::observer>(self);
  }

  /// What the endpoints say of it is told as it comes, or has to be looked for where a maker chooses its id.
  void watch(const attempt& a) {
    if (!a.maker)
      return self->send(with->chain, chain::watch{a.signature.value(), observer()});
    const auto tx = solana::parse_transaction(a.transaction);
    const auto* deposit = o.latest(attempt_kind::deposit);
    if (!tx || deposit == nullptr || !deposit->signature)
      return log(runtime::level::error, "message_unreadable", "the stored bytes are no transaction, or no deposit is");
    self->send(with->chain,
               chain::history_look{a.id, solana::message_bytes(*tx), tx->body.static_keys.front(), o.order_account,
                                   o.input.token_program, *deposit->signature, self->address()});
  }

  /// The bytes that the database holds, and only they.
  void send_stored(const attempt& a) {
    if (a.maker) {
      fault::around_send({sent ? effect::handed_over_again : effect::handed_over}, [&] {
        self->send(with->maker, maker::hand_over{a.id, *a.maker, a.quote_id(), a.transaction});
      });
    } else {
      fault::around_send({sent ? effect::rebroadcast : effect::broadcast, to_string(a.kind)}, [&] {
        self->send(with->chain, chain::broadcast{a.signature.value(), a.transaction});
      });
    }
    if (!sent)
      sent = with->clock->now();
    if (!std::exchange(noted, true))
      note_broadcast(a.id);
  }
  /// When this process first sent the attempt, and whether that is written down or on its way.
  std::optional<domain::utc_time> sent;
  bool noted = false;

  /// For people only: nothing depends on it, so nothing waits for it. What fails is tried again with the next send.
  void note_broadcast(const domain::attempt_id& id) {
    commit_unit request;
    request.unit = {o.id, o.order_account, o.lease_epoch, {write::note_broadcast{id, *sent}}};
    request.point = commit_point(o, request.unit.writes);
    self->request(with->ledger, caf::infinite, std::move(request))
        .then([this](const commit_reply& reply) { noted = !reply.error; },
              [this](const caf::error&) { noted = false; });
  }

  void on_observed(const chain::history_observed& m) {
    if (watched == m.attempt && accumulate(seen, m.seen))
      consider();
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
    const auto proven = resolve(*a, seen, with->config.resolution, with->clock->now());
    if (const auto* doubt = std::get_if<fate::in_doubt>(&proven)) {
      if (doubt->balance_min_slot)
        read_balance(*a, *doubt->balance_min_slot);
      return;
    }
    if (consequence_of(o, *a, proven, {}, with->clock->now(), with->config.steps).nothing())
      return;
    // The fee is worth a look at the transaction once it is final, but no delay: without an answer it stays unknown.
    const auto* seen_landed = std::get_if<fate::landed>(&proven);
    // A maker pays its own.
    if (!a->maker &&
        ((seen_landed != nullptr && seen_landed->finalized) || std::holds_alternative<fate::landed_failed>(proven)))
      return with_fee(a->id, [this, proven](std::optional<std::uint64_t> fee) { conclude(proven, fee); });
    conclude(proven, {});
  }

  void conclude(const resolution& proven, std::optional<std::uint64_t> fee_lamports) {
    tell(proven);
    if (std::holds_alternative<fate::gone_again>(proven)) {
      // What was told before does not count any more, but it may be all there is to tell: have it told again.
      seen = {};
      watch(*o.find(*watched));
    }
    write_down(consequence_of(o, *o.find(*watched), proven, fee_lamports, with->clock->now(), with->config.steps));
  }

  void tell(const resolution& proven) const {
    const auto& m = with->metrics;
    if (const auto* landed = std::get_if<fate::landed>(&proven)) {
      log(runtime::level::info, landed->finalized ? "attempt_landed" : "attempt_confirmed");
      if (landed->finalized)
        m.landed.inc();
    } else if (const auto* failed = std::get_if<fate::landed_failed>(&proven)) {
      log(runtime::level::warn, "attempt_landed_failed", failed->err);
      m.landed_failed.inc();
    } else if (std::holds_alternative<fate::dead>(proven)) {
      log(runtime::level::warn, "attempt_dead");
      m.dead.inc();
    } else {
      log(runtime::level::warn, "rolled_back");
      m.rollbacks.inc();
    }
  }

  template <class Then>
  void with_fee(const domain::attempt_id& id, Then then) {
    busy = true;
    await(
        {effect::fee_read, to_string(o.find(id)->kind)}, self, with->chain, with->config.request_timeout,
        chain::transaction_request{o.find(id)->signature.value(), commitment::finalized},
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
    await(
        {effect::balance_read, to_string(a.kind)}, self, with->chain, with->config.request_timeout, std::move(request),
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
    if (a->maker)
      watch(*a);
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
    request.point = commit_point(o, writes);
    self->request(with->ledger, caf::infinite, std::move(request))
        .then(
            [this, writes = std::move(writes), leave](const commit_reply& reply) mutable {
              if (reply.error)
                return on_refused(*reply.error, std::move(writes), leave);
              busy = false;
              for (const auto& w : writes)
                follow(w);
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
      const bool halted = e.sqlstate == "LF011";
      log(moved    ? runtime::level::info
          : halted ? runtime::level::warn
                   : runtime::level::error,
          moved    ? "order_moved_by_other"
          : halted ? "signing_halted"
                   : "commit_refused",
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

  // --- the loaded order follows what was committed ---

  void follow(const order_write& w) {
    apply(o, w);
    if (const auto* move = std::get_if<write::move>(&w)) {
      const auto* a = move->attempt ? o.find(*move->attempt) : nullptr;
      runtime::log_info(
          "order_moved",
          {field{"order_id", o.id.to_string()}, field{"from", to_string(move->from)}, field{"to", to_string(move->to)},
           field{"reason", move->reason}, field{"detail", move->detail},
           field{"attempt_id", a == nullptr ? std::string{} : a->id.to_string()}, field{"signature", signature_of(a)}});
    } else if (const auto* stored = std::get_if<write::insert_attempt>(&w)) {
      runtime::log_info("attempt_stored",
                        {field{"order_id", o.id.to_string()}, field{"attempt_id", stored->what.id.to_string()},
                         field{"signature", signature_of(&stored->what)},
                         field{"maker", stored->what.maker.value_or("")}, field{"kind", to_string(stored->what.kind)}});
    }
  }

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
      [self](const chain::history_observed& m) { self->state.on_observed(m); },
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
