#include "executor-service/order/core/consequence.hpp"

namespace landfall::executor {

using domain::order_state;

namespace {

/// The attempt is over without effect: its outcome, and the transition that follows from it.
consequence without_effect(const order& o, const attempt& a, write::resolve outcome, const std::string& how,
                           const std::string& detail, domain::utc_time now, const step_policy& policy) {
  consequence c;
  if (a.confirmed_slot)
    c.writes.push_back(write::unconfirm{a.id});
  auto state = o.state;
  if (a.kind == attempt_kind::swap && state == order_state::execute_success) {
    c.writes.push_back(transition_from(o, order_state::executing, "rolled_back", {}, a.id));
    state = order_state::executing;
  }
  c.writes.push_back(std::move(outcome));
  if (a.kind == attempt_kind::swap && state == order_state::executing)
    c.writes.push_back(write::transition{state, order_state::execute_failed, "swap_" + how, detail, a.id, 1, {}});
  else if (a.kind == attempt_kind::deposit && state == order_state::depositing)
    c.writes.push_back(transition_from(o, order_state::deposit_failed, "deposit_" + how, detail, a.id));
  else if (a.kind == attempt_kind::payout && state == order_state::withdrawing) {
    c.writes.push_back(transition_from(o, order_state::withdraw_failed, "payout_" + how, detail, a.id));
    state = order_state::withdraw_failed;
  }
  if (a.kind != attempt_kind::swap && a.kind != attempt_kind::deposit) {
    // The next payout, refund or close comes after a growing while.
    c.writes.push_back(write::release{now + retry_delay(o.count(a.kind), policy), state});
    c.leave = true;
  }
  return c;
}

consequence landed(const order& o, const attempt& a, const fate::landed& seen,
                   std::optional<std::uint64_t> fee_lamports) {
  consequence c;
  if (!a.confirmed_slot)
    c.writes.push_back(write::confirm{a.id, seen.slot, seen.found_as});
  if (seen.finalized)
    c.writes.push_back(write::resolve{a.id, attempt_outcome::landed, seen.slot, fee_lamports, {}, {}, seen.found_as});
  if (c.nothing())
    return c;
  if (a.kind == attempt_kind::swap && o.state == order_state::executing)
    c.writes.push_back(transition_from(o, order_state::execute_success,
                                       seen.finalized ? "swap_finalized" : "swap_confirmed", {}, a.id));
  return c;
}

consequence after_rollback(const order& o, const attempt& a) {
  consequence c;
  c.writes.push_back(write::unconfirm{a.id});
  if (a.kind == attempt_kind::swap && o.state == order_state::execute_success)
    c.writes.push_back(transition_from(o, order_state::executing, "rolled_back", {}, a.id));
  return c;
}

}  // namespace

write::transition transition_from(const order& o, order_state to, std::string reason, std::string detail,
                                  std::optional<domain::attempt_id> about) {
  return {o.state, to, std::move(reason), std::move(detail), about, 0, {}};
}

consequence consequence_of(const order& o, const attempt& a, const resolution& proven,
                           std::optional<std::uint64_t> fee_lamports, domain::utc_time now, const step_policy& policy) {
  if (const auto* seen = std::get_if<fate::landed>(&proven))
    return landed(o, a, *seen, fee_lamports);
  if (std::holds_alternative<fate::rolled_back>(proven))
    return after_rollback(o, a);
  if (const auto* failed = std::get_if<fate::landed_failed>(&proven))
    return without_effect(
        o, a, {a.id, attempt_outcome::landed_failed, failed->slot, fee_lamports, failed->err, {}, failed->found_as},
        "landed_failed", failed->err, now, policy);
  if (const auto* dead = std::get_if<fate::dead>(&proven))
    return without_effect(o, a, {a.id, attempt_outcome::dead, {}, {}, {}, dead->certificate.to_json()}, "dead", {}, now,
                          policy);
  return {};
}

consequence store_signed(const order& o, const attempt& signed_attempt, std::string quote) {
  consequence c;
  c.writes.push_back(write::insert_attempt{signed_attempt, std::move(quote)});
  if (signed_attempt.kind == attempt_kind::payout && o.state != order_state::withdrawing)
    c.writes.push_back(transition_from(o, order_state::withdrawing, "payout_signed", {}, signed_attempt.id));
  return c;
}

consequence build_refused(const order& o, attempt_kind kind, std::string reason, std::string detail,
                          domain::utc_time now, const step_policy& policy) {
  if (kind == attempt_kind::swap) {
    auto failed = transition_from(o, order_state::execute_failed, std::move(reason), std::move(detail));
    failed.tries = 1;
    return {{std::move(failed)}, false};
  }
  // Nothing is stored of it that would make the wait grow, so it is the longest.
  return {{write::release{now + policy.retry_cap, o.state, kind == attempt_kind::close ? 1 : 0}}, true};
}

consequence nothing_to_close(const order& o) {
  const bool paid = o.state == order_state::withdrawing;
  const auto to = paid                                      ? order_state::fill_success
                  : o.state == order_state::ready_to_cancel ? order_state::cancelled
                                                            : order_state::expired;
  const auto* last = o.latest(paid ? attempt_kind::payout : attempt_kind::refund);
  if (last == nullptr)
    domain::broken_invariant("an order is closed without a payout or refund");
  return {{transition_from(o, to, paid ? "paid_out" : "refunded", {}, last->id)}, false};
}

consequence swap_validated(const order& o, const attempt& swap, const swap_record& seen) {
  const auto expected = static_cast<domain::int128>(o.input_amount.units());
  const auto least = swap.minimum_output.value_or(domain::token_amount{1});
  // The swap is known to have succeeded, and changes both balances: any other record is not of this swap.
  if (seen.failed || !seen.order_account_delta || !seen.output_account_delta)
    return {};
  const bool as_expected = *seen.order_account_delta == -expected &&
                           *seen.output_account_delta >= static_cast<domain::int128>(least.units());
  if (!as_expected)
    return {{transition_from(
                o, order_state::fill_failed, "balances_contradict_swap",
                "the finalized swap does not show the deposit leaving and at least " + least.to_string() + " arriving",
                swap.id)},
            false};
  return {
      {write::record_fill{o.input_amount, domain::token_amount{static_cast<std::uint64_t>(*seen.output_account_delta)}},
       transition_from(o, order_state::ready_withdraw_output, "swap_finalized", {}, swap.id)},
      false};
}

}  // namespace landfall::executor
