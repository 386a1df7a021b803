#include "executor-service/order/core/transition.hpp"

#include <algorithm>

#include "common/domain/result.hpp"
#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

using domain::order_state;

namespace {

constexpr domain::milliseconds idle{60'000};

/// Closes that were signed, and those that were refused: these are counted beyond the tries that swaps may have had.
int closes_tried(const order& o, const step_policy& policy) {
  return o.count(attempt_kind::close) + std::max(0, o.attempts_made - policy.max_swap_attempts);
}

/// After a payout or refund is final: the order's accounts are closed, then the order reaches its last state.
next close_then(const order& o, order_state last, std::string reason, const step_policy& policy) {
  const auto* close = o.latest(attempt_kind::close);
  if (close != nullptr && !close->outcome)
    return step::resolve{close->id};
  if (close != nullptr && close->outcome == attempt_outcome::landed)
    return step::transition{last, std::move(reason)};
  if (closes_tried(o, policy) >= policy.max_close_attempts)
    return step::transition{last, std::move(reason) + "_accounts_left_open"};
  return step::build{attempt_kind::close};
}

/// Payouts and refunds: one attempt at a time, until one is final.
next pay_then_close(const order& o, attempt_kind kind, order_state last, std::string reason,
                    const step_policy& policy) {
  const auto* pay = o.latest(kind);
  if (pay == nullptr)
    return step::build{kind};
  if (!pay->outcome)
    return step::resolve{pay->id};
  if (pay->outcome == attempt_outcome::landed)
    return close_then(o, last, std::move(reason), policy);
  return step::build{kind};
}

/// The deposit was seen, and then its fork died for good: there is nothing to swap and nothing to refund.
bool deposit_came_to_nothing(const order& o) {
  const auto* deposit = o.latest(attempt_kind::deposit);
  return deposit != nullptr && deposit->outcome && *deposit->outcome != attempt_outcome::landed;
}

/// What was deposited goes back to the user, once it is final and nothing else is under way.
next refund_deposit(const order& o, order_state last, const step_policy& policy) {
  if (const auto* deposit = o.latest(attempt_kind::deposit); deposit != nullptr && !deposit->outcome)
    return step::resolve{deposit->id};
  if (const auto* pending = o.unresolved())
    return step::resolve{pending->id};
  return pay_then_close(o, attempt_kind::refund, last, "refunded", policy);
}

/// A swap is never given up before its fate is proven; only a broken rule loses patience.
bool given_up(const attempt& pending, domain::utc_time now) {
  return (mutated(mutant::signed_while_unresolved) || mutated(mutant::failed_while_unresolved) ||
          (mutated(mutant::router_while_in_doubt) && pending.maker)) &&
         pending.kind == attempt_kind::swap && now - pending.signed_at > domain::milliseconds{4'000};
}

next while_executing(const order& o, domain::utc_time now, const step_policy& policy) {
  if (const auto* pending = o.unresolved()) {
    if (!given_up(*pending, now))
      return step::resolve{pending->id};
    if (mutated(mutant::failed_while_unresolved))
      return step::transition{order_state::execute_failed, "timeout"};
  }
  if (deposit_came_to_nothing(o))
    return step::transition{order_state::execute_failed, "deposit_came_to_nothing"};
  if (const auto* deposit = o.latest(attempt_kind::deposit); deposit != nullptr && !deposit->outcome)
    return step::resolve{deposit->id};
  if (now >= o.expires_at)
    return step::transition{order_state::execute_failed, "expired_before_signing"};
  if (o.cancel_requested)
    return step::transition{order_state::execute_failed, "cancel_requested"};
  // Endpoints that were away, or a long queue of builds, may have taken their time: the price has changed by now.
  if (o.triggered_at && now - *o.triggered_at > policy.evidence_max_age)
    return step::transition{order_state::execute_failed, "evidence_too_old"};
  return step::build{attempt_kind::swap};
}

next after_failure(const order& o, domain::utc_time now, const step_policy& policy) {
  if (deposit_came_to_nothing(o))
    return step::transition{order_state::ready_expire, "deposit_came_to_nothing"};
  if (o.cancel_requested)
    return step::transition{order_state::ready_to_cancel, "cancel_requested"};
  if (now >= o.expires_at)
    return step::transition{order_state::ready_expire, "expired"};
  if (o.attempts_made >= policy.max_swap_attempts)
    return step::transition{order_state::ready_expire, "attempts_exhausted"};
  return step::transition{order_state::ready_execute, "retry", retry_delay(o.attempts_made, policy)};
}

next while_depositing(const order& o, domain::utc_time now) {
  const auto* deposit = o.latest(attempt_kind::deposit);
  if (deposit == nullptr)
    return step::release{now + idle};
  if (deposit->outcome == attempt_outcome::landed_failed)
    return step::transition{order_state::deposit_failed, "deposit_landed_failed"};
  if (deposit->outcome == attempt_outcome::dead)
    return step::transition{order_state::deposit_failed, "deposit_dead"};
  if (deposit->confirmed_slot || deposit->outcome == attempt_outcome::landed)
    return step::check_deposit{};
  return step::resolve{deposit->id};
}

next while_open(const order& o, domain::utc_time now, const step_policy& policy) {
  if (now >= o.expires_at + policy.expiry_grace)
    return step::transition{order_state::ready_expire, "expired"};
  if (const auto* deposit = o.latest(attempt_kind::deposit); deposit != nullptr && !deposit->outcome)
    return step::resolve{deposit->id};
  // Due at once: the trigger service may decide any time, and open orders are claimed only for a reason.
  return step::release{now};
}

}  // namespace

bool may_ask_makers(const order& o) {
  return std::none_of(o.attempts.begin(), o.attempts.end(), [](const attempt& a) { return a.maker.has_value(); });
}

domain::milliseconds retry_delay(int tries, const step_policy& policy) {
  auto delay = policy.retry_base;
  for (int i = 1; i < tries && delay < policy.retry_cap; ++i)
    delay *= 2;
  return std::min(delay, policy.retry_cap);
}

next next_step(const order& o, domain::utc_time now, const step_policy& policy) {
  switch (o.state) {
    case order_state::pending_deposit:
      if (now > o.deposit_expires_at)
        return step::transition{order_state::deposit_failed, "craft_expired_unsigned"};
      return step::release{o.deposit_expires_at};
    case order_state::depositing:
      return while_depositing(o, now);
    case order_state::open:
      return while_open(o, now, policy);
    case order_state::ready_execute:
      if (!o.triggered_at || now - *o.triggered_at > policy.evidence_max_age)
        return step::transition{order_state::open, "evidence_too_old"};
      return step::transition{order_state::executing, "claimed"};
    case order_state::executing:
      return while_executing(o, now, policy);
    case order_state::execute_success: {
      const auto* swap = o.latest(attempt_kind::swap);
      if (swap == nullptr)
        return step::transition{order_state::fill_failed, "no_swap_attempt_stored"};
      if (!swap->outcome)
        return step::resolve{swap->id};
      return step::validate_swap{swap->id};
    }
    case order_state::execute_failed:
      return after_failure(o, now, policy);
    case order_state::ready_withdraw_output:
    case order_state::withdraw_failed:
      return step::build{attempt_kind::payout};
    case order_state::withdrawing:
      return pay_then_close(o, attempt_kind::payout, order_state::fill_success, "paid_out", policy);
    case order_state::ready_expire:
      if (deposit_came_to_nothing(o))
        return step::transition{order_state::expired, "deposit_came_to_nothing"};
      return refund_deposit(o, order_state::expired, policy);
    case order_state::ready_to_cancel:
      // Nothing to refund, and the table has no precondition for the last transition: for a person.
      if (deposit_came_to_nothing(o))
        return step::release{now + idle};
      return refund_deposit(o, order_state::cancelled, policy);
    case order_state::partial_fill_success:
    case order_state::deposit_failed:
    case order_state::fill_success:
    case order_state::fill_failed:
    case order_state::cancelled:
    case order_state::oco_cancelled:
    case order_state::expired:
      return step::release{now + idle};
  }
  domain::broken_invariant("order state outside its enumeration");
}

}  // namespace landfall::executor
