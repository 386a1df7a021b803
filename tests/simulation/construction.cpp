#include <algorithm>
#include <utility>

#include "tests/simulation/order_worker.hpp"
#include "tests/simulation/process.hpp"

namespace landfall::simulation {

using executor::attempt;
using executor::attempt_kind;

void order_worker::not_now(const char* why) {
  busy_ = false;
  pause(why);
}

void order_worker::refuse(const char* why) {
  // The router's route is there all the time.
  if (std::exchange(by_maker_, false))
    return fetch_blockhash();
  busy_ = false;
  w_.tell("  process ", home_.number(), " order ", number_, " signs nothing: ", why);
  write_down(build_refused(o_, building_, why, {}, home_.now(), w_.steps));
}

void order_worker::on_accounts() {
  if (!account_)
    return not_now("accounts_unread");
  const auto& a = account_->account;
  const auto pay = [&](bool open, std::uint64_t balance, std::optional<domain::token_amount> known) {
    if (!open || balance == 0 || (known && balance < known->units()))
      return not_now("balance_not_there");
    paid_ = known ? known->units() : balance;
    fetch_blockhash();
  };
  switch (building_) {
    case attempt_kind::swap:
      if (!a.order_open || a.order_balance < o_.input_amount.units())
        return refuse("order_account_short");
      router_silent_ = w_.goes_wrong(w_.plan.router_trouble);
      router_refuses_ = w_.goes_wrong(w_.plan.router_trouble / 2);
      return ask(question::route);
    case attempt_kind::payout:
      return pay(a.output_open, a.output_balance, o_.output_amount);
    case attempt_kind::refund:
      return pay(a.order_open, a.order_balance, o_.input_amount);
    default:
      break;
  }
  if (!a.order_open && !a.output_open) {
    busy_ = false;
    return write_down(nothing_to_close(o_));
  }
  fetch_blockhash();
}

void order_worker::fetch_blockhash() {
  const auto fresh = home_.blockhash();
  if (!fresh)
    return not_now("no_fresh_blockhash");
  hash_height_ = fresh->height;
  hash_id_ = fresh->id;

  simulation_error_.reset();
  simulation_silent_ = w_.goes_wrong(w_.plan.rpc_error / 2);
  const auto view = w_.backend();
  const auto height = w_.chain.confirmed(view);
  const auto& a = w_.chain.account(view, height, number_);
  const auto fail = [&](const char* why) { simulation_error_ = why; };
  if (height < hash_height_ || w_.chain.at(view, hash_height_).id != hash_id_)
    simulation_silent_ = true;
  else if (building_ == attempt_kind::swap &&
           (!a.order_open || a.order_balance < o_.input_amount.units() || w_.goes_wrong(w_.plan.slippage / 2)))
    fail("simulation_failed");
  else if (building_ == attempt_kind::payout && (!a.output_open || a.output_balance < paid_))
    fail("simulation_failed");
  else if (building_ == attempt_kind::refund && (!a.order_open || a.order_balance < paid_))
    fail("simulation_failed");
  ask(question::simulation);
}

void order_worker::on_simulated() {
  if (simulation_silent_)
    return not_now("not_simulated");
  if (simulation_error_)
    return refuse("simulation_failed");
  sign();
}

void order_worker::sign() {
  const auto& a = account_->account;
  sim_transaction t;
  t.order = number_;
  t.kind = building_;
  t.hash_height = hash_height_;
  t.hash_id = hash_id_;
  attempt fresh;
  fresh.kind = building_;
  fresh.ordinal = o_.count(building_) + 1;
  fresh.last_valid_block_height = t.last_valid_height();
  fresh.signed_at = home_.now();
  switch (building_) {
    case attempt_kind::swap:
      t.take = w_.is(mutant::swap_takes_balance) ? a.order_balance : o_.input_amount.units();
      t.give = 900 + w_.dice.below(200);
      t.least = by_maker_ ? t.give : t.give - 20;
      if (!by_maker_ && w_.goes_wrong(w_.plan.short_fill))
        t.give = t.least - 100;
      fresh.order_account_balance = o_.input_amount;
      fresh.expected_input = o_.input_amount;
      fresh.minimum_output = domain::token_amount{t.least};
      break;
    case attempt_kind::payout:
    case attempt_kind::refund:
      t.take = paid_;
      t.native = building_ == attempt_kind::payout ? o_.output.decimals == 9 : o_.input.decimals == 9;
      fresh.order_account_balance = domain::token_amount{paid_};
      fresh.expected_input = domain::token_amount{paid_};
      break;
    default:
      t.closes_order = a.order_open;
      t.take = a.order_balance;
      t.closes_output = a.output_open;
      t.close_output = a.output_balance;
  }
  t.by_maker = building_ == attempt_kind::swap && by_maker_;
  const auto id = w_.chain.sign(t);
  fresh.id = attempt_id_of(id);
  if (t.by_maker)
    fresh.maker = "maker";
  else
    fresh.signature = signature_of(id);
  fresh.transaction = {1};
  busy_ = false;
  if (stopping_)
    return proceed();
  w_.tell("  process ", home_.number(), " signs ", to_string(building_), " #", id, t.by_maker ? " for the maker" : "",
          " of order ", number_, " under epoch ", o_.lease_epoch, ", last valid height ",
          fresh.last_valid_block_height);
  ++w_.result.signed_attempts;
  if (w_.is(mutant::send_before_store) && !t.by_maker)
    home_.broadcast(id);
  if (w_.is(mutant::handed_over_before_store) && t.by_maker)
    home_.hand_over(serial_, id);
  write_down(store_signed(o_, fresh, {}));
}

}  // namespace landfall::simulation
