#include "tests/simulation/database.hpp"

#include <algorithm>

namespace landfall::simulation {

using domain::order_state;
using domain::role;
using executor::attempt_kind;
using executor::attempt_outcome;

namespace {

commit_result refuse(std::string_view sqlstate, std::string_view why) {
  return {commit_status::constraint, sqlstate, why};
}

constexpr auto needs_executor = std::to_array<order_state>(
    {order_state::pending_deposit, order_state::depositing, order_state::ready_execute, order_state::ready_expire,
     order_state::executing, order_state::execute_success, order_state::execute_failed,
     order_state::partial_fill_success, order_state::ready_withdraw_output, order_state::withdrawing,
     order_state::withdraw_failed, order_state::ready_to_cancel});

bool may_store(attempt_kind kind, order_state state) {
  switch (kind) {
    case attempt_kind::deposit:
      return false;
    case attempt_kind::swap:
      return state == order_state::executing;
    case attempt_kind::payout:
      return state == order_state::ready_withdraw_output || state == order_state::withdraw_failed ||
             state == order_state::withdrawing;
    case attempt_kind::refund:
      return state == order_state::ready_to_cancel || state == order_state::ready_expire;
    case attempt_kind::close:
      return state != order_state::pending_deposit && state != order_state::depositing && state != order_state::open &&
             state != order_state::ready_execute && state != order_state::executing;
  }
  return false;
}

/// Our own id never changes. A maker's is stored while the chain shows the attempt, and only then.
commit_result check_id(const executor::attempt& a, const std::optional<solana::signature>& found_as, bool shown) {
  if (!a.maker)
    return found_as && found_as != a.signature ? refuse("LF004", "what an attempt is never changes") : commit_result{};
  if ((found_as || a.signature) != shown)
    return refuse("LF007", "a maker's id is stored while the chain shows it, and only then");
  return {};
}

}  // namespace

void database::create(stored_order o) {
  orders_.push_back(std::move(o));
  if (calls_ != nullptr)
    calls_->created(orders_.back());
}

commit_result database::commit(const write_unit& unit, instant now) {
  const auto result = write_all(orders_[unit.order], unit, now);
  if (calls_ != nullptr)
    calls_->committed(unit, result);
  return result;
}

commit_result database::write_all(stored_order& o, const write_unit& unit, instant now) {
  auto before = o;
  for (const auto& w : unit.writes) {
    const auto result = write(o, unit.lease_epoch, w, now);
    if (result.what != commit_status::done) {
      o = std::move(before);
      return result;
    }
  }
  return {};
}

commit_result database::write(stored_order& o, std::uint64_t epoch, const executor::order_write& w, instant now) {
  namespace write = executor::write;
  if (const auto* transition_write = std::get_if<write::transition>(&w))
    return make_transition(o, epoch, *transition_write, now);
  if (const auto* inserted = std::get_if<write::insert_attempt>(&w))
    return insert(o, epoch, *inserted, now);
  if (const auto* resolved = std::get_if<write::resolve>(&w))
    return resolve(o, epoch, *resolved);
  if (const auto* released = std::get_if<write::release>(&w)) {
    if (epoch != o.row.lease_epoch)
      return refuse("LF001", "a release found the row changed");
    executor::apply(o.row, w);
    o.lease_holder = -1;
    o.lease_until = 0;
    o.next_attempt_at = o.row.state == released->state ? domain::unix_ms(released->until) : now;
    return {};
  }
  if (const auto* sent = std::get_if<write::mark_broadcast>(&w)) {
    // Only the first time is stored: whoever comes later finds no row, and is refused nothing.
    const auto* a = o.row.find(sent->attempt);
    const bool stored = std::find(o.broadcast.begin(), o.broadcast.end(), sent->attempt) != o.broadcast.end();
    if (a == nullptr || a->outcome || stored)
      return {};
    if (stale(o, epoch))
      return refuse("LF003", "stale epoch");
    o.broadcast.push_back(sent->attempt);
    return {};
  }
  if (std::holds_alternative<write::record_fill>(w)) {
    if (stale(o, epoch))
      return refuse("LF003", "stale epoch");
    executor::apply(o.row, w);
    return {};
  }
  // A confirmation, or that it is gone. A maker's id comes and goes with it.
  const auto* confirmed = std::get_if<write::confirm>(&w);
  auto* a = o.row.find(confirmed != nullptr ? confirmed->attempt : std::get<write::unconfirm>(w).attempt);
  if (a == nullptr || a->outcome)
    return refuse("LF001", "a confirmation found the row changed");
  if (stale(o, epoch))
    return refuse("LF003", "stale epoch");
  if (confirmed != nullptr)
    if (const auto refused = check_id(*a, confirmed->found_as, true); refused.what != commit_status::done)
      return refused;
  if (confirmed != nullptr)
    observer_.confirms(o, *a);
  executor::apply(o.row, w);
  return {};
}

commit_result database::make_transition(stored_order& o, std::uint64_t epoch, const executor::write::transition& w,
                                        instant now) {
  if (o.row.state != w.from)
    return refuse("LF001", "changed meanwhile");
  if (stale(o, epoch))
    return refuse("LF003", "stale epoch");
  if (w.to == w.from)
    return refuse("LF001", "it is in that state already");
  if (o.held)
    return refuse("LF002", "held");
  if (!domain::may_transition(w.from, w.to, role::executor))
    return refuse("LF001", "no such transition");
  if (unleased(o, now))
    return refuse("LF003", "no lease in force");
  if (w.attempt && o.row.find(*w.attempt) == nullptr)
    return refuse("LF009", "last_attempt_id is no attempt on its account");
  const bool unguarded = is(mutant::failed_while_unresolved) && w.to == order_state::execute_failed;
  if (const auto missing = missing_precondition(o, w.to, role::executor, now); !missing.empty() && !unguarded)
    return refuse("LF009", missing);
  observer_.makes_transition(o, w.to, role::executor, epoch);
  executor::apply(o.row, w);
  o.next_attempt_at = now + w.retry_after.count();
  return {};
}

commit_result database::insert(stored_order& o, std::uint64_t epoch, const executor::write::insert_attempt& w,
                               instant now) {
  const auto& a = w.what;
  if (o.held)
    return refuse("LF002", "held");
  if (!may_store(a.kind, o.row.state))
    return refuse("LF007", "no such attempt in this state");
  if (stale(o, epoch))
    return refuse("LF003", "stale epoch");
  if (unleased(o, now))
    return refuse("LF003", "no lease in force");
  if (a.maker && a.signature)
    return refuse("LF007", "an attempt with a maker is stored before its id is known");
  if (!a.maker && !a.signature)
    return refuse("23514", "attempt_check");
  if (a.maker && (a.kind != attempt_kind::swap || !a.order_account_balance || !a.expected_input || !a.minimum_output))
    return refuse("23514", "attempt_quote");
  const bool unguarded =
      is(mutant::signed_while_unresolved) || is(mutant::failed_while_unresolved) || is(mutant::router_while_in_doubt);
  for (const auto& other : o.row.attempts) {
    if (other.id == a.id || (a.signature && other.signature == a.signature) ||
        (other.kind == a.kind && other.ordinal == a.ordinal))
      return refuse("23505", "attempt exists");
    if (!other.outcome && other.kind != attempt_kind::deposit && !unguarded)
      return refuse("23505", "attempt_unresolved");
  }
  observer_.inserts(o, a, epoch);
  executor::apply(o.row, w);
  return {};
}

commit_result database::resolve(stored_order& o, std::uint64_t epoch, const executor::write::resolve& w) {
  const auto* a = o.row.find(w.attempt);
  if (a == nullptr || a->outcome)
    return refuse("LF001", "an outcome found the row changed");
  if (stale(o, epoch))
    return refuse("LF003", "stale epoch");
  const bool shown = a->confirmed_slot || w.outcome != attempt_outcome::dead;
  if (const auto refused = check_id(*a, w.found_as, shown); refused.what != commit_status::done)
    return refused;
  if (w.outcome == attempt_outcome::dead) {
    if (a->confirmed_slot)
      return refuse("LF008", "it is marked as confirmed");
    if (const auto fault = certificate_fault(*a, w.certificate); !fault.empty())
      return refuse("LF008", fault);
  }
  if (w.outcome != attempt_outcome::dead && !w.slot)
    return refuse("23514", "an outcome without slot");
  if (w.outcome == attempt_outcome::landed_failed && w.error.empty())
    return refuse("23514", "a failure without error");
  observer_.resolves(o, *a, w, epoch);
  executor::apply(o.row, w);
  return {};
}

void database::claim(int holder, instant now, std::int64_t lease_ms, std::int64_t expiry_grace_ms,
                     std::vector<std::size_t>& claimed) {
  for (auto& o : orders_) {
    if (o.next_attempt_at > now || o.lease_until > now || o.held)
      continue;
    const auto& row = o.row;
    bool wanted = std::find(needs_executor.begin(), needs_executor.end(), row.state) != needs_executor.end();
    if (row.state == order_state::open) {
      const auto* deposit = row.latest(attempt_kind::deposit);
      wanted = domain::unix_ms(row.expires_at) < now - expiry_grace_ms || (deposit != nullptr && !deposit->outcome);
    }
    if (!wanted)
      continue;
    ++o.row.lease_epoch;
    o.lease_holder = holder;
    o.lease_until = now + lease_ms;
    claimed.push_back(o.number);
  }
  if (calls_ != nullptr)
    calls_->claimed(holder, lease_ms, expiry_grace_ms, claimed);
}

bool database::renew(std::size_t order, std::uint64_t epoch, int holder, instant now, std::int64_t lease_ms) {
  const bool done = write_renewal(orders_[order], epoch, holder, now, lease_ms);
  if (calls_ != nullptr)
    calls_->renewed(order, epoch, holder, lease_ms, done);
  return done;
}

bool database::write_renewal(stored_order& o, std::uint64_t epoch, int holder, instant now, std::int64_t lease_ms) {
  if (o.row.lease_epoch != epoch || o.lease_holder != holder || o.lease_until <= now || o.held)
    return false;
  o.lease_until = now + lease_ms;
  return true;
}

commit_result database::store_deposit(std::size_t order, const executor::attempt& deposit) {
  auto& o = orders_[order];
  const auto result = o.held ? refuse("LF002", "held") : commit_result{};
  if (result.what == commit_status::done) {
    o.row.attempts.push_back(deposit);
    observer_.makes_transition(o, order_state::depositing, role::api, o.row.lease_epoch);
    o.row.state = order_state::depositing;
  }
  if (calls_ != nullptr)
    calls_->deposited(order, deposit, result);
  return result;
}

commit_result database::open_order(std::size_t order, std::uint64_t slot, instant now) {
  const auto result = write_open(orders_[order], slot, now);
  if (calls_ != nullptr)
    calls_->opened(order, slot, result);
  return result;
}

/// The confirmation and the transition are one commit: without the second there is no first.
commit_result database::write_open(stored_order& o, std::uint64_t slot, instant now) {
  if (o.held)
    return refuse("LF002", "held");
  auto after = o;
  const executor::attempt* confirmed = nullptr;
  for (std::size_t i = 0; i < o.row.attempts.size(); ++i)
    if (const auto& a = o.row.attempts[i]; a.kind == attempt_kind::deposit && !a.outcome && !a.confirmed_slot) {
      after.row.attempts[i].confirmed_slot = slot;
      confirmed = &a;
    }
  if (const auto missing = missing_precondition(after, order_state::open, role::api, now); !missing.empty())
    return refuse("LF009", missing);
  if (confirmed != nullptr)
    observer_.confirms(o, *confirmed);
  o = std::move(after);
  observer_.makes_transition(o, order_state::open, role::api, o.row.lease_epoch);
  o.row.state = order_state::open;
  return {};
}

bool database::decide(std::size_t order, order_state to, instant now) {
  const bool done = write_decision(orders_[order], to, now);
  if (calls_ != nullptr)
    calls_->decided(order, to, done);
  return done;
}

bool database::write_decision(stored_order& o, order_state to, instant now) {
  if (!domain::may_transition(o.row.state, to, role::trigger) || o.held ||
      !missing_precondition(o, to, role::trigger, now).empty())
    return false;
  observer_.makes_transition(o, to, role::trigger, o.row.lease_epoch);
  o.row.state = to;
  return true;
}

void database::hold(std::size_t order, bool on) {
  orders_[order].held = on;
  if (calls_ != nullptr)
    calls_->held(order, on);
}

}  // namespace landfall::simulation
