// What an order's engine has written, and what it does when that was refused or is in doubt.
#include <utility>

#include "common/domain/rule_error.hpp"
#include "executor-service/order/core/engine.hpp"
#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

using notice_kind = effects::notice::kind;

namespace {

bool is(const commit_error& e, domain::rule_error rule) {
  return e.sqlstate == sqlstate_of(rule);
}

bool is_lease_lost(const commit_error& e) {
  return is(e, domain::rule_error::lease_not_in_force) || is(e, domain::rule_error::lease_refused);
}

/// Nothing was committed, and nothing speaks against the same again.
bool may_repeat(const commit_error& e) {
  if (e.kind == commit_fault::in_doubt && mutated(mutant::in_doubt_retried))
    return true;
  if (e.kind == commit_fault::constraint && !is_lease_lost(e) && mutated(mutant::refusal_retried))
    return true;
  return e.kind == commit_fault::unavailable || e.kind == commit_fault::conflict;
}

bool taken_as_done(const commit_error& e) {
  return (e.kind == commit_fault::in_doubt && mutated(mutant::in_doubt_taken_as_done)) ||
         (is_lease_lost(e) && mutated(mutant::lost_lease_ignored)) ||
         (e.kind == commit_fault::constraint && !is_lease_lost(e) && mutated(mutant::refusal_taken_as_done));
}

}  // namespace

/// One commit. With it the order is left to whoever claims it next, or what to do is asked anew.
void order_engine::commit(std::vector<order_write> writes, bool leave) {
  writes_ = std::move(writes);
  leave_ = leave;
  begin(task::commit, effects::commit{writes_});
}

void order_engine::commit(consequence c) {
  commit(std::move(c.writes), c.leave);
}

void order_engine::release(domain::utc_time until) {
  commit({write::release{until, o_.state}}, true);
}

void order_engine::handle(const events::committed& e) {
  if (task_ != task::commit)
    return;
  if (e.error && !taken_as_done(*e.error))
    return on_refused(*e.error);
  task_ = task::none;
  on_committed();
}

void order_engine::on_committed() {
  for (auto& w : std::exchange(writes_, {})) {
    executor::apply(o_, w);
    effects_.push_back(effects::written{std::move(w)});
  }
  if (leave_)
    return finish();
  pauses_ = 0;
  // A confirmation leaves the same attempt to be watched until it is final.
  if (const auto* a = watched(); a != nullptr && a->outcome)
    stop_watching();
  proceed();
  consider();
}

void order_engine::on_refused(const commit_error& e) {
  if (may_repeat(e) && !stopping_) {
    // The lease decides how long this may go on: a later try is refused once it ran out.
    log(notice_kind::commit_retried, std::string{to_string(e.kind)}, e.message);
    effects_.push_back(effects::timer{policy_.pause, events::commit_retry{}});
    return;
  }
  if (e.kind == commit_fault::constraint && !leave_ && !is_lease_lost(e)) {
    // Another role changed the state, or a rule refuses the write. What is stored is the truth: release the order, and
    // read it anew. A refusal is for a person to see, and waits before it is tried again.
    const bool changed = is(e, domain::rule_error::transition_refused);
    log(changed                                     ? notice_kind::order_changed_by_other
        : is(e, domain::rule_error::signing_halted) ? notice_kind::signing_halted
                                                    : notice_kind::commit_refused,
        e.sqlstate, e.message);
    return release(now_ + (changed ? domain::milliseconds{0} : policy_.steps.retry_cap));
  }
  // In doubt, without a lease, or on the way out: whoever claims the order next reads what is stored.
  log(is_lease_lost(e) ? notice_kind::lease_lost : notice_kind::commit_not_known, std::string{to_string(e.kind)},
      e.message);
  finish();
}

void order_engine::handle(const events::commit_retry&) {
  if (task_ == task::commit)
    begin(task::commit, effects::commit{writes_});
}

void order_engine::handle(const events::commit_lost& e) {
  log(notice_kind::commit_lost, e.detail);
  finish();
}

}  // namespace landfall::executor
