#include "tests/simulation/checker.hpp"

#include "common/domain/decimal.hpp"
#include "tests/simulation/identity.hpp"

namespace landfall::simulation {

using domain::order_state;
using domain::role;
using executor::attempt;
using executor::attempt_kind;
using executor::attempt_outcome;

namespace {

constexpr std::uint64_t most_rent = 4'000'000;
constexpr int slippage_bps = 100;

/// A maker's transaction that failed moved nothing: only an index of signatures shows it, and that may be behind
/// everywhere. Then it counts as dead, which it is but for its fee, and the maker pays that.
bool failed_unseen(const attempt& a, const sim_transaction& t) {
  return a.maker && t.now.failed;
}

}  // namespace

bool at_end(const stored_order& o) {
  switch (o.row.state) {
    case order_state::deposit_failed:
    case order_state::fill_success:
    case order_state::fill_failed:
    case order_state::expired:
    case order_state::cancelled:
    case order_state::oco_cancelled:
      return true;
    default:
      return false;
  }
}

void checker::fail(const stored_order& o, const std::string& what) {
  if (broken_.empty())
    broken_ = "order " + std::to_string(o.number) + " (" + std::string{to_string(o.row.state)} + "): " + what;
}

void checker::under_lease(const stored_order& o, std::uint64_t epoch, const char* what, bool in_force) {
  if (epoch != o.row.lease_epoch)
    fail(o, std::string{what} + " written under a stale lease epoch");
  else if (in_force && o.lease_until <= time_.now())
    fail(o, std::string{what} + " written although no lease is in force");
}

void checker::makes_transition(const stored_order& o, order_state to, role by, std::uint64_t epoch) {
  if (!domain::may_transition(o.row.state, to, by))
    fail(o, "a transition outside the table");
  if (by == role::executor)
    under_lease(o, epoch, "a transition", true);
  if (to != order_state::execute_failed)
    return;
  for (const auto& a : o.row.attempts) {
    if (a.kind != attempt_kind::swap)
      continue;
    const auto& t = truth_.transaction(transaction_of(a));
    if (truth_.may_still_land(t))
      fail(o, "execute_failed while its swap may still land");
    else if (truth_.is_final(t) && !t.now.failed)
      fail(o, "execute_failed although its swap landed");
  }
}

void checker::inserts(const stored_order& o, const attempt& a, std::uint64_t epoch) {
  under_lease(o, epoch, "an attempt", true);
  for (const auto& other : o.row.attempts) {
    const auto& t = truth_.transaction(transaction_of(other));
    if (other.kind == attempt_kind::deposit) {
      if (other.outcome != attempt_outcome::landed)
        fail(o, "something was signed before the deposit was final");
    } else if (!other.outcome) {
      fail(o, "signed while an attempt is unresolved");
    } else if (truth_.may_still_land(t)) {
      fail(o, "signed while an earlier attempt may still land");
    }
  }
  const auto& t = truth_.transaction(transaction_of(a));
  if (a.kind == attempt_kind::swap && t.take != o.row.input_amount.units())
    fail(o, "the swap takes something else than the order's input");
  builds(o, a, t);
  if (a.maker.has_value() != t.by_maker || a.signature.has_value() == t.by_maker)
    fail(o, "the id of a maker's transaction was given by us");
  if (a.kind != t.kind || t.order != o.number || a.last_valid_block_height != t.last_valid_height())
    fail(o, "the row is not the transaction");
}

/// What no transaction may ask for, whatever endpoints, router and makers say.
void checker::builds(const stored_order& o, const attempt& a, const sim_transaction& t) {
  if (t.rent > most_rent)
    fail(o, "the fee payer pays a rent that no token account ever had");
  if (a.kind == attempt_kind::swap && t.by_maker && t.give <= t.quoted)
    fail(o, "a maker was taken that pays no more than the router");
  if (a.kind == attempt_kind::swap && !t.by_maker) {
    const auto least = domain::less_slippage(domain::token_amount{t.quoted}, slippage_bps).units();
    if (a.minimum_output.value_or(domain::token_amount{}).units() < least || t.floor < least)
      fail(o, "the chain is asked for less than the router's quote and the slippage allow");
  }
  if (a.kind == attempt_kind::payout && o.row.output_amount && t.take != o.row.output_amount->units())
    fail(o, "the payout pays something else than what the swap brought");
  if (a.kind == attempt_kind::refund && !t.closes_order && t.take != o.row.input_amount.units())
    fail(o, "the refund pays something else than the deposit");
}

void checker::resolves(const stored_order& o, const attempt& a, const executor::write::resolve& w,
                       std::uint64_t epoch) {
  under_lease(o, epoch, "an outcome", false);
  const auto& t = truth_.transaction(transaction_of(a));
  const bool final = truth_.is_final(t);
  switch (w.outcome) {
    case attempt_outcome::dead:
      if (t.now.height != 0 && !failed_unseen(a, t))
        fail(o, "recorded dead, but it is on the chain");
      else if (truth_.may_still_land(t))
        fail(o, "recorded dead while it may still land");
      return;
    case attempt_outcome::landed:
      if (!final || t.now.failed)
        fail(o, "recorded landed, but no finalized block holds it without error");
      else if (w.slot != t.now.slot)
        fail(o, "recorded landed in another slot");
      else if (a.maker && w.found_as != signature_of(transaction_of(a), t.now.copy))
        fail(o, "recorded landed under another signature");
      return;
    case attempt_outcome::landed_failed:
      if (!final || !t.now.failed)
        fail(o, "recorded landed_failed, but no finalized block holds it with an error");
      return;
  }
}

void checker::confirms(const stored_order& o, const attempt& a) {
  if (!truth_.transaction(transaction_of(a)).ever_confirmed)
    fail(o, "marked as confirmed, but it never was");
}

void checker::leaves_process(const stored_order& o, std::size_t transaction) {
  for (const auto& a : o.row.attempts)
    if (transaction_of(a) == transaction)
      return;
  fail(o, "bytes left the process before their row was durable");
}

void checker::never_ends(const stored_order& o) {
  stuck_ = true;
  fail(o, "reached no final state although nothing goes wrong any more");
}

void checker::ends(const stored_order& o, const bank_account& at_first) {
  const auto& a = truth_.account_now(o.number);
  const auto deposit = o.row.input_amount.units();

  if (a.deposits > 1 || a.swaps > 1 || a.payouts > 1 || a.refunds > 1 || a.payouts + a.refunds > 1)
    fail(o, "money moved twice");
  if (a.wallet_input + a.order_balance + a.input_swapped != at_first.wallet_input + a.dust_input ||
      a.wallet_output + a.output_balance + a.kept_by_fee_payer != a.output_swapped + a.dust_output)
    fail(o, "money is lost");
  if (a.kept_by_fee_payer > a.dust_output)
    fail(o, "the fee payer kept more than what strangers sent");

  for (const auto& stored : o.row.attempts) {
    const auto& t = truth_.transaction(transaction_of(stored));
    const bool landed = truth_.is_final(t);
    if (stored.outcome == attempt_outcome::dead && landed && !failed_unseen(stored, t))
      fail(o, "recorded dead, but it landed");
    if (stored.outcome == attempt_outcome::landed && (!landed || t.now.failed))
      fail(o, "recorded landed, but it did not");
    if (stored.outcome == attempt_outcome::landed_failed && (!landed || !t.now.failed))
      fail(o, "recorded landed_failed, but it is not on the chain with an error");
    if (!stored.outcome && landed && !t.now.failed && stored.kind != attempt_kind::close)
      fail(o, "landed, but its order ended without noticing");
  }

  switch (o.row.state) {
    case order_state::deposit_failed:
      if (a.deposits != 0)
        fail(o, "ended without deposit, but it landed");
      return;
    case order_state::fill_success:
      if (a.swaps != 1 || a.payouts != 1 || a.wallet_output < a.output_swapped || a.input_swapped != deposit)
        fail(o, "ended filled, but the user was not paid");
      return;
    case order_state::expired:
    case order_state::cancelled:
      // A deposit that was undone for good is with the user, too.
      if (a.deposits == 0 && a.wallet_input == at_first.wallet_input)
        return;
      if (a.swaps != 0 || a.refunds != 1 || a.wallet_input < at_first.wallet_input)
        fail(o, "ended refunded, but the user does not have the deposit back");
      return;
    case order_state::fill_failed: {
      const auto* swap = o.row.latest(attempt_kind::swap);
      const bool rightly =
          swap != nullptr && a.output_swapped < swap->minimum_output.value_or(domain::token_amount{}).units();
      if (!rightly)
        fail(o, "held for a person, but the swap was as expected");
      return;
    }
    default:
      fail(o, "is at no end");
  }
}

}  // namespace landfall::simulation
