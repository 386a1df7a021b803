// How an order's engine finds out what became of the one stored attempt whose fate is not proven: it sends the stored
// bytes, keeps what the endpoints show of them, and writes down what that proves.
#include <utility>

#include "executor-service/order/core/engine.hpp"
#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

using notice_kind = effects::notice::kind;

void order_engine::start_watching(const domain::attempt_id& id) {
  if (watch_ && watch_->attempt == id)
    return;
  stop_watching();
  watch_.emplace();
  watch_->attempt = id;
  watch_->since = now_;
  watch(*watched());
  log(notice_kind::attempt_watched, std::string{to_string(watched()->kind)});
  send_stored();
  schedule(policy_.rebroadcast);
}

void order_engine::stop_watching() {
  if (const auto* a = watched(); a != nullptr && !a->maker)
    effects_.push_back(effects::unwatch{a->signature.value()});
  watch_.reset();
}

/// Our signature is known: its status is reported as it comes. A maker's is unknown until it lands: the account's
/// history is searched.
void order_engine::watch(const attempt& a) {
  if (a.maker)
    effects_.push_back(effects::search_history{a});
  else
    effects_.push_back(effects::watch{a.id, a.signature.value()});
}

void order_engine::handle(const events::watch_refused& e) {
  if (!watch_ || watch_->attempt != e.attempt)
    return;
  watch_->refused = true;
  log(notice_kind::not_watched, e.detail);
}

/// Sends the bytes that the database holds, and only they, unless they are seen confirmed.
void order_engine::send_stored() {
  const auto& a = *watched();
  if (a.confirmed_slot)
    return release_permit();
  const bool again = watch_->sent_at.has_value();
  if (a.maker) {
    effects_.push_back(effects::submit{a, again});
    release_permit();
  } else {
    effects_.push_back(effects::broadcast{a, again});
  }
  if (!again)
    watch_->sent_at = now_;
  // Nothing depends on it, so nothing waits for it. What fails is tried again with the next send.
  if (!std::exchange(watch_->sent_marked, true))
    effects_.push_back(effects::mark_broadcast{{a.id, *watch_->sent_at}});
}

void order_engine::handle(const events::broadcast_marked& e) {
  if (watch_ && watch_->attempt == e.attempt)
    watch_->sent_marked = e.written;
}

void order_engine::handle(const events::observed& e) {
  if (const auto* a = watched(); a != nullptr && a->signature == e.id)
    add(e.seen);
}

void order_engine::handle(const events::history_observed& e) {
  if (watch_ && watch_->attempt == e.attempt)
    add(e.seen);
}

void order_engine::add(const observation& seen) {
  if (accumulate(watch_->seen, seen))
    consider();
}

/// What all that was seen of the attempt proves, if nothing else is under way.
void order_engine::consider() {
  if ((busy() && !mutated(mutant::considered_while_busy)) || stopping_ || !watch_)
    return;
  const auto& a = *watched();
  auto proven = resolve(a, watch_->seen, policy_.resolution, now_);
  if (const auto* doubt = std::get_if<fate::in_doubt>(&proven)) {
    if (doubt->overdue && !std::exchange(watch_->overdue_logged, true))
      log(notice_kind::attempt_overdue, std::string{to_string(doubt->why)});
    if (doubt->balance_min_slot)
      begin(task::balance, effects::read_balance{a.kind, *doubt->balance_min_slot});
    return;
  }
  if (consequence_of(o_, a, proven, {}, now_, policy_.steps).nothing())
    return;
  const auto* landed = std::get_if<fate::landed>(&proven);
  const bool final = (landed != nullptr && landed->finalized) || std::holds_alternative<fate::landed_failed>(proven);
  // A maker pays its own fee.
  if (!final || a.maker)
    return conclude(proven, {});
  watch_->proven = std::move(proven);
  begin(task::fee, effects::read_fee{a.kind, a.signature.value()});
}

void order_engine::handle(const events::balance_read& e) {
  if (ends(task::deposit))
    return on_deposit(e.seen);
  if (!ends(task::balance))
    return;
  const bool news = accumulate(watch_->seen, e.seen);
  after_read();
  if (news)
    consider();
}

/// A stop that came while a balance was read takes effect now.
void order_engine::after_read() {
  if (stopping_)
    proceed();
}

void order_engine::handle(const events::fee_read& e) {
  if (ends(task::fee))
    conclude(std::exchange(watch_->proven, {}), e.lamports);
}

void order_engine::conclude(const resolution& proven, std::optional<std::uint64_t> fee_lamports) {
  log_proven(proven);
  const auto& a = *watched();
  if (std::holds_alternative<fate::rolled_back>(proven) && !mutated(mutant::rollback_observations_kept)) {
    // What was seen before does not count any more, but it may be all there is to see.
    watch_->seen = {};
    watch_->since = now_;
    watch(a);
  }
  commit(consequence_of(o_, a, proven, fee_lamports, now_, policy_.steps));
}

void order_engine::log_proven(const resolution& proven) {
  if (const auto* landed = std::get_if<fate::landed>(&proven))
    log(landed->finalized ? notice_kind::attempt_landed : notice_kind::attempt_confirmed);
  else if (const auto* failed = std::get_if<fate::landed_failed>(&proven))
    log(notice_kind::attempt_landed_failed, failed->err);
  else
    log(std::holds_alternative<fate::dead>(proven) ? notice_kind::attempt_dead : notice_kind::rolled_back);
}

/// Until when the attempt rests: it is overdue and was polled long enough under this claim, or its watch was refused.
/// Nothing: keep watching.
std::optional<domain::utc_time> order_engine::rest_until() const {
  if (!watch_ || mutated(mutant::overdue_never_rested))
    return std::nullopt;
  if (watch_->refused)
    return now_ + policy_.steps.retry_cap;
  const auto& a = *watched();
  if (now_ - watch_->since < policy_.overdue_polling || !is_overdue(a, policy_.resolution, now_))
    return std::nullopt;
  return now_ + rest_of_overdue(a, policy_.resolution, now_);
}

/// Only a broken rule goes on while an attempt is watched.
bool order_engine::abandoned() const {
  return !busy() && (mutated(mutant::signed_while_unresolved) || mutated(mutant::failed_while_unresolved) ||
                     mutated(mutant::router_while_in_doubt));
}

}  // namespace landfall::executor
