#include "executor-service/order/core/engine.hpp"

#include <algorithm>
#include <utility>

#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

using domain::order_state;
using notice_kind = effects::notice::kind;

namespace {

/// A lease is released after so many pauses in a row.
constexpr int max_pauses = 20;

}  // namespace

std::vector<order_effect> order_engine::on(const order_event& event, domain::utc_time now) {
  now_ = now;
  if (!finished_)
    std::visit([this](const auto& e) { handle(e); }, event);
  return std::exchange(effects_, {});
}

void order_engine::begin(task what, order_effect effect) {
  task_ = what;
  effects_.push_back(std::move(effect));
}

bool order_engine::ends(task what) {
  if (task_ != what)
    return false;
  task_ = task::none;
  return true;
}

void order_engine::log(notice_kind what, std::string why, std::string detail) {
  effects_.push_back(
      effects::notice{what, watch_ ? std::optional{watch_->attempt} : std::nullopt, std::move(why), std::move(detail)});
}

// --- what to do next ---

void order_engine::handle(const events::started&) {
  if (round_ == 0 && !busy() && !watch_)
    proceed();
}

void order_engine::handle(const events::stop&) {
  stopping_ = true;
  if (!busy() || task_ == task::permit)
    proceed();
}

void order_engine::proceed() {
  if (stopping_)
    return release(now_);
  std::visit([this](const auto& s) { perform(s); }, next_step(o_, now_, policy_.steps));
}

void order_engine::perform(const step::release& s) {
  release(std::max(s.until, now_));
}

void order_engine::perform(const step::transition& s) {
  auto w = transition_from(o_, s.to, s.reason);
  w.retry_after = s.retry_after;
  if (s.retry_after.count() == 0)
    return commit({std::move(w)}, false);
  commit({w, write::release{now_ + s.retry_after, w.to}}, true);
}

void order_engine::perform(const step::resolve& s) {
  start_watching(s.attempt);
}

void order_engine::perform(const step::check_deposit&) {
  const auto* deposit = o_.latest(attempt_kind::deposit);
  begin(task::deposit, effects::read_deposit{deposit->slot ? deposit->slot : deposit->confirmed_slot});
}

void order_engine::on_deposit(const balance_observation& seen) {
  const auto* deposit = o_.latest(attempt_kind::deposit);
  if (seen.balance && *seen.balance >= o_.input_amount)
    return commit({transition_from(o_, order_state::open, "deposit_confirmed", {}, deposit->id)}, false);
  // Confirmed, and yet not there: its fork may have died. Only the attempt's own fate decides.
  if (!deposit->outcome)
    return start_watching(deposit->id);
  pause("deposit_not_seen", "the order account does not hold the deposit at the slot it was confirmed in");
}

void order_engine::perform(const step::validate_swap& s) {
  validating_ = s.attempt;
  begin(task::swap_record, effects::read_swap{o_.find(s.attempt)->signature.value()});
}

void order_engine::handle(const events::swap_read& e) {
  if (!ends(task::swap_record))
    return;
  if (!e.record)
    return pause("transaction_unread", "no endpoint has the finalized transaction");
  auto follows = swap_validated(o_, *o_.find(validating_), *e.record);
  if (follows.nothing())
    return pause("transaction_unread", e.endpoint + " does not show what the finalized swap moved");
  commit(std::move(follows));
}

void order_engine::handle(const events::unanswered& e) {
  if (ends(task::deposit))
    return pause("accounts_unread", e.detail);
  if (ends(task::swap_record))
    return pause("transaction_unread", e.detail);
  if (ends(task::balance))
    return after_read();
  // The fee is worth a question, but no delay: without an answer it stays unknown.
  if (ends(task::fee))
    conclude(std::exchange(watch_->proven, {}), {});
}

// --- building ---

/// Building waits for a permit. It is held until what was built is on its way, or will not be: no more is signed than
/// the endpoints take.
void order_engine::perform(const step::build& s) {
  if (!permit_)
    return begin(task::permit, effects::acquire_permit{s.kind});
  building_ = s.kind;
  begin(task::build, effects::build{s.kind});
}

void order_engine::handle(const events::permit_granted&) {
  permit_ = true;
  // Stopped meanwhile: the release is being committed, and the permit goes with this order's end.
  if (!ends(task::permit))
    return;
  // Time has passed: what to do is asked anew.
  proceed();
  if (task_ != task::build)
    release_permit();
}

void order_engine::handle(const events::permit_failed& e) {
  if (ends(task::permit))
    pause("not_built", e.detail);
}

void order_engine::release_permit() {
  if (mutated(mutant::permit_kept))
    return;
  if (std::exchange(permit_, false))
    effects_.push_back(effects::release_permit{});
}

void order_engine::handle(const events::submitted&) {
  release_permit();
}

void order_engine::handle(const events::built& e) {
  if (!ends(task::build))
    return;
  if (!std::holds_alternative<built::ready>(e.result))
    release_permit();
  std::visit([this](const auto& result) { on_built(building_, result); }, e.result);
}

void order_engine::handle(const events::build_failed& e) {
  if (!ends(task::build))
    return;
  release_permit();
  pause("not_built", e.detail);
}

void order_engine::on_built(attempt_kind kind, const built::ready& ready) {
  // Stopped meanwhile: what was signed has not left this process, and never will.
  if (stopping_ && !mutated(mutant::stop_ignored_while_building))
    return proceed();
  effects_.push_back(effects::attempt_signed{kind});
  if (ready.what.maker ? mutated(mutant::submitted_before_store) : mutated(mutant::send_before_store))
    effects_.push_back(ready.what.maker ? order_effect{effects::submit{ready.what}}
                                        : order_effect{effects::broadcast{ready.what}});
  commit(store_signed(o_, ready.what, ready.quote));
  if (mutated(mutant::retry_sent_before_commit) && ready.what.ordinal > 1 && !ready.what.maker)
    effects_.push_back(effects::broadcast{ready.what});
}

void order_engine::on_built(attempt_kind kind, const built::refused& refused) {
  log(notice_kind::not_signed, refused.reason, refused.detail);
  commit(build_refused(o_, kind, refused.reason, refused.detail, now_, policy_.steps));
}

void order_engine::on_built(attempt_kind, const built::later& later) {
  pause(later.reason, later.detail);
}

void order_engine::on_built(attempt_kind, const built::nothing&) {
  commit(nothing_to_close(o_));
}

// --- time ---

void order_engine::schedule(domain::milliseconds delay) {
  effects_.push_back(effects::timer{delay, events::tick{++round_}});
}

void order_engine::handle(const events::tick& e) {
  if (e.round != round_ && !mutated(mutant::stale_tick_obeyed))
    return;
  if (!watch_)
    return busy() ? schedule(policy_.pause) : proceed();
  send_stored();
  // A maker's has to be searched for, each time anew.
  if (watched()->maker)
    watch(*watched());
  consider();
  if (abandoned())
    proceed();
  // Its lease is for another order meanwhile. Nothing else is signed for this one: the same attempt is taken up again.
  if (const auto until = rest_until(); until && !busy() && !stopping_)
    return release(*until);
  schedule(policy_.rebroadcast);
}

/// Something could not be answered: the same question again after a while, and never for ever on one lease.
void order_engine::pause(std::string reason, std::string detail) {
  log(notice_kind::waiting, std::move(reason), std::move(detail));
  if (stopping_ || ++pauses_ > max_pauses)
    return release(now_ + policy_.pause);
  schedule(policy_.pause);
}

void order_engine::finish() {
  finished_ = true;
  effects_.push_back(effects::finish{});
}

}  // namespace landfall::executor
