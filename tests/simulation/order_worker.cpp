#include "tests/simulation/order_worker.hpp"

#include <algorithm>
#include <utility>

#include "tests/simulation/process.hpp"

namespace landfall::simulation {

namespace step = executor::step;
namespace fate = executor::fate;
namespace write = executor::write;
using domain::order_state;
using executor::attempt;
using executor::attempt_kind;
using executor::consequence;
using executor::order_write;

namespace {

constexpr std::int64_t pause_ms = 1'000;
constexpr std::int64_t rebroadcast_ms = 1'000;
constexpr int max_pauses = 20;
constexpr auto overdue_look = domain::milliseconds{5'000};
constexpr auto impatient_after = domain::milliseconds{4'000};

}  // namespace

order_worker::order_worker(process& home, const stored_order& loaded, std::uint64_t serial)
    : home_(home), w_(home.around()), o_(loaded.row), number_(loaded.number), serial_(serial) {}

std::optional<std::size_t> order_worker::watches(std::size_t endpoint) const {
  if (ended_ || !watched_ || by_maker_watched_ || told_final_[endpoint])
    return std::nullopt;
  return watched_transaction_;
}

void order_worker::proceed() {
  if (stopping_)
    return give_back(home_.now());
  auto next = next_step(o_, home_.now(), w_.steps);
  const auto* pending = std::get_if<step::resolve>(&next);
  if (pending != nullptr && o_.state == order_state::executing) {
    const auto* a = o_.find(pending->attempt);
    const bool impatient = a->kind == attempt_kind::swap && home_.now() - a->signed_at > impatient_after;
    if (impatient && w_.is(mutant::signed_while_unresolved))
      next = step::build{attempt_kind::swap};
    if (impatient && a->maker && w_.is(mutant::router_while_in_doubt))
      next = step::build{attempt_kind::swap};
    if (impatient && w_.is(mutant::failed_while_unresolved))
      next = step::move{order_state::execute_failed, "timeout"};
  }
  std::visit([this](const auto& s) { perform(s); }, next);
}

void order_worker::perform(const step::release& s) {
  give_back(std::max(s.until, home_.now()));
}

void order_worker::perform(const step::move& s) {
  auto w = move_from(o_, s.to, s.reason);
  w.retry_after = s.retry_after;
  if (s.retry_after.count() == 0)
    return store({std::move(w)}, false);
  const auto to = w.to;
  store({std::move(w), write::release{home_.now() + s.retry_after, to}}, true);
}

void order_worker::perform(const step::resolve& s) {
  start_watching(s.attempt);
}

void order_worker::perform(const step::check_deposit&) {
  busy_ = true;
  const auto* deposit = o_.latest(attempt_kind::deposit);
  account_ = w_.read_account(number_, deposit->slot ? deposit->slot : deposit->confirmed_slot);
  ask(question::deposit);
}

void order_worker::perform(const step::build& s) {
  busy_ = true;
  building_ = s.kind;
  by_maker_ = false;
  std::optional<std::uint64_t> min_slot;
  for (const auto& a : o_.attempts)
    if (const auto slot = a.slot ? a.slot : a.confirmed_slot)
      min_slot = std::max(min_slot.value_or(0), *slot);
  account_ = w_.read_account(number_, min_slot);
  ask(question::accounts);
}

void order_worker::perform(const step::validate_swap& s) {
  busy_ = true;
  record_.reset();
  record_answered_ = true;
  const auto* swap = o_.find(s.attempt);
  const auto id = transaction_of(*swap);
  for (std::size_t e = 0; e < static_cast<std::size_t>(w_.plan.endpoints) && !record_; ++e) {
    if (w_.goes_wrong(w_.plan.rpc_error)) {
      record_answered_ = false;
      continue;
    }
    const auto view = w_.backend();
    const auto found = w_.chain.find(view, id, true);
    if (found && swap->signature == signature_of(id, found->copy) &&
        w_.chain.level(view, *found) == solana::commitment::finalized)
      record_ = found;
  }
  ask(question::swap_record);
}

void order_worker::ask(question what) {
  home_.later(w_.network_ms(), serial_, [what](order_worker& to) { to.on_answer(what); });
}

void order_worker::on_answer(question what) {
  switch (what) {
    case question::deposit:
      return on_deposit_read();
    case question::accounts:
      return on_accounts();
    case question::route:
      if (router_silent_)
        return not_now("router_unreachable");
      if (router_refuses_)
        return refuse("no_route");
      by_maker_ = may_ask_makers(o_) && w_.dice.chance(w_.plan.maker);
      return fetch_blockhash();
    case question::blockhash:
      return fetch_blockhash();
    case question::simulation:
      return on_simulated();
    case question::swap_record:
      return on_swap_record();
    case question::fee:
      busy_ = false;
      return conclude();
    case question::balance:
      return on_balance();
  }
}

void order_worker::on_deposit_read() {
  busy_ = false;
  if (account_ && account_->account.order_open && account_->account.order_balance >= o_.input_amount.units()) {
    store({move_from(o_, order_state::open, "deposit_confirmed", {}, o_.latest(attempt_kind::deposit)->id)}, false);
    return;
  }
  if (const auto* deposit = o_.latest(attempt_kind::deposit); account_ && !deposit->outcome)
    return start_watching(deposit->id);
  pause("deposit_not_seen");
}

void order_worker::on_swap_record() {
  busy_ = false;
  if (!record_)
    return pause("transaction_unread");
  const auto* swap = o_.latest(attempt_kind::swap);
  auto follows = swap_validated(o_, *swap, {record_->order_delta, record_->output_delta, record_->failed});
  if (follows.nothing())
    return pause("transaction_unread");
  write_down(std::move(follows));
}

// --- resolving a stored attempt ---

void order_worker::start_watching(const domain::attempt_id& id) {
  if (watched_ && *watched_ == id)
    return;
  stop_watching();
  watched_ = id;
  since_ = home_.now();
  const auto* a = o_.find(id);
  watched_transaction_ = transaction_of(*a);
  watch(*a);
  if (!a->confirmed_slot)
    send_stored(*a);
  schedule(rebroadcast_ms);
}

/// What the endpoints say of it is told as it comes, or has to be looked for where a maker chooses its id.
void order_worker::watch(const attempt& a) {
  by_maker_watched_ = a.maker.has_value();
  told_final_.fill(false);
  if (by_maker_watched_)
    home_.look_for(serial_, watched_transaction_);
}

void order_worker::stop_watching() {
  watched_.reset();
  seen_ = {};
  sent_ = false;
}

void order_worker::send_stored(const attempt& a) {
  if (a.maker)
    home_.hand_over(serial_, transaction_of(a));
  else
    home_.broadcast(transaction_of(a));
  if (!std::exchange(sent_, true))
    home_.commit(serial_, {number_, o_.lease_epoch, {write::note_broadcast{a.id, home_.now()}}}, false, true);
}

void order_worker::on_observed(std::size_t transaction, const executor::observation& seen) {
  if (!watched_ || transaction != watched_transaction_)
    return;
  if (seen.status && seen.status->level == solana::commitment::finalized)
    told_final_[static_cast<std::size_t>(seen.endpoint.front() - 'a')] = true;
  auto next = seen;
  misread(w_.broken, next);
  if (accumulate(seen_, std::move(next)))
    consider();
}

void order_worker::on_history(std::size_t transaction, const executor::observation& seen) {
  if (watched_ && transaction == watched_transaction_ && accumulate(seen_, seen))
    consider();
}

/// Logged and counted: it proves nothing.
void order_worker::on_maker_said(std::size_t transaction, bool accepted) {
  w_.tell("  the maker ", accepted ? "accepts" : "rejects", " #", transaction);
  if (busy_ || !watched_ || stopping_ || transaction != watched_transaction_)
    return;
  const auto slot = w_.chain.at(w_.chain.behind(0), w_.chain.tip()).slot;
  if (auto wrong = believed(w_.broken, *o_.find(*watched_), seen_, policy(), accepted, slot)) {
    proven_ = *std::move(wrong);
    conclude();
  }
}

executor::resolve_policy order_worker::policy() const {
  executor::resolve_policy with;
  with.endpoints_configured = static_cast<std::size_t>(w_.plan.endpoints);
  with.overdue_after = domain::milliseconds{45'000};
  with.longest_rest = domain::milliseconds{15'000};
  return with;
}

executor::resolution order_worker::judge(const attempt& a) const {
  if (auto wrong = judged_wrongly(w_.broken, a, seen_, policy(), home_.now()))
    return *std::move(wrong);
  return resolve(a, seen_, policy(), home_.now());
}

void order_worker::consider() {
  if (busy_ || !watched_ || stopping_)
    return;
  const auto* a = o_.find(*watched_);
  auto proven = judge(*a);
  if (const auto* doubt = std::get_if<fate::in_doubt>(&proven)) {
    if (doubt->overdue)
      w_.tell("  process ", home_.number(), " order ", number_, " is in doubt of #", watched_transaction_, ": ",
              to_string(doubt->why));
    if (doubt->balance_min_slot) {
      busy_ = true;
      account_ = w_.read_account(number_, doubt->balance_min_slot);
      ask(question::balance);
    }
    return;
  }
  if (consequence_of(o_, *a, proven, {}, home_.now(), w_.steps).nothing())
    return;
  proven_ = std::move(proven);
  const auto* landed = std::get_if<fate::landed>(&proven_);
  // A maker pays its own fee.
  if (!a->maker && ((landed != nullptr && landed->finalized) || std::holds_alternative<fate::landed_failed>(proven_))) {
    busy_ = true;
    return ask(question::fee);
  }
  conclude();
}

void order_worker::conclude() {
  if (std::holds_alternative<fate::gone_again>(proven_)) {
    seen_ = {};
    since_ = home_.now();
    // Watched once more: all is told again.
    watch(*o_.find(*watched_));
  }
  const auto proven = std::exchange(proven_, fate::in_doubt{});
  write_down(consequence_of(o_, *o_.find(*watched_), proven, {}, home_.now(), w_.steps));
}

void order_worker::on_balance() {
  busy_ = false;
  if (!account_)
    return stopping_ ? proceed() : void();
  const auto& a = account_->account;
  const bool from_output = watched_ && o_.find(*watched_)->kind == attempt_kind::payout;
  executor::balance_observation balance{
      std::string(1, static_cast<char>('a' + account_->endpoint)), account_->slot, {}};
  if (from_output ? a.output_open : a.order_open)
    balance.balance = domain::token_amount{from_output ? a.output_balance : a.order_balance};
  if (stopping_)
    return proceed();
  if (accumulate(seen_, std::move(balance)))
    consider();
}

// --- time ---

void order_worker::schedule(std::int64_t delay) {
  home_.later(delay, serial_, [round = ++round_](order_worker& to) { to.on_tick(round); });
}

void order_worker::on_tick(std::uint64_t round) {
  if (round != round_)
    return;
  if (!watched_)
    return busy_ ? schedule(pause_ms) : proceed();
  const auto* a = o_.find(*watched_);
  if (!a->confirmed_slot)
    send_stored(*a);
  if (a->maker)
    watch(*a);
  consider();
  if (!busy_ && (w_.is(mutant::signed_while_unresolved) || w_.is(mutant::failed_while_unresolved) ||
                 w_.is(mutant::router_while_in_doubt)))
    proceed();
  if (!busy_ && !stopping_ && watched_ && home_.now() - since_ >= overdue_look &&
      is_overdue(*o_.find(*watched_), policy(), home_.now()))
    return give_back(home_.now() + rest_of_overdue(*o_.find(*watched_), policy(), home_.now()));
  schedule(rebroadcast_ms);
}

void order_worker::pause(const char* why) {
  w_.tell("  process ", home_.number(), " order ", number_, " waits: ", why);
  if (stopping_ || ++pauses_ > max_pauses)
    return give_back(home_.now() + domain::milliseconds{pause_ms});
  schedule(pause_ms);
}

void order_worker::on_stop() {
  stopping_ = true;
  if (!busy_)
    proceed();
}

// --- writing ---

void order_worker::write_down(consequence c) {
  store(std::move(c.writes), c.leave);
}

void order_worker::give_back(domain::utc_time until) {
  store({write::release{until, o_.state}}, true);
}

void order_worker::store(std::vector<order_write> writes, bool leave) {
  busy_ = true;
  home_.commit(serial_, {number_, o_.lease_epoch, std::move(writes)}, leave, false);
}

void order_worker::on_committed(const commit_result& result, std::vector<order_write> writes, bool leave) {
  const bool done =
      result.what == verdict::done || (result.what == verdict::in_doubt && w_.is(mutant::in_doubt_taken_as_done));
  if (done) {
    busy_ = false;
    for (const auto& w : writes)
      apply(o_, w);
    if (leave)
      return end();
    pauses_ = 0;
    return after_commit();
  }
  if (result.what == verdict::unavailable && !stopping_) {
    repeated_ = std::move(writes);
    repeated_leave_ = leave;
    home_.later(pause_ms, serial_, [](order_worker& to) { to.store(std::move(to.repeated_), to.repeated_leave_); });
    return;
  }
  if (result.what == verdict::constraint && !leave && result.sqlstate != "LF003" && result.sqlstate != "LF005")
    return give_back(home_.now() + (result.sqlstate == "LF001" ? domain::milliseconds{0} : w_.steps.retry_cap));
  end();
}

void order_worker::after_commit() {
  if (watched_ && o_.find(*watched_)->outcome)
    stop_watching();
  proceed();
  if (watched_)
    consider();
}

}  // namespace landfall::simulation
