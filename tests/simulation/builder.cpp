#include "tests/simulation/builder.hpp"

#include <algorithm>
#include <utility>

#include "executor-service/order/core/transition.hpp"
#include "tests/simulation/order_driver.hpp"
#include "tests/simulation/process.hpp"

namespace landfall::simulation {

using executor::attempt;
using executor::attempt_kind;
namespace built = executor::built;

void simulated_builder::start(const executor::order& o, attempt_kind kind, done_function done) {
  o_ = o;
  kind_ = kind;
  done_ = std::move(done);
  by_maker_ = false;
  std::optional<std::uint64_t> min_slot;
  for (const auto& a : o_.attempts)
    if (const auto slot = a.slot ? a.slot : a.confirmed_slot)
      min_slot = std::max(min_slot.value_or(0), *slot);
  account_ = w_.read_account(order_number(o_), min_slot);
  ask(question::accounts);
}

void simulated_builder::ask(question what) {
  home_.later(w_.network_ms(), serial_, [what](order_driver& to) { to.builder().on_answer(what); });
}

void simulated_builder::on_answer(question what) {
  switch (what) {
    case question::accounts:
      return on_accounts();
    case question::route:
      return on_route();
    case question::simulation:
      return on_simulated();
  }
}

void simulated_builder::answer(executor::built_result result) {
  std::exchange(done_, nullptr)(std::move(result));
}

void simulated_builder::later(const char* why) {
  answer(built::later{why, {}});
}

void simulated_builder::refuse(const char* why) {
  // The router's route is there all the time.
  if (std::exchange(by_maker_, false))
    return fetch_blockhash();
  answer(built::refused{why, {}});
}

void simulated_builder::on_accounts() {
  if (!account_)
    return later("accounts_unread");
  const auto& a = account_->account;
  switch (kind_) {
    case attempt_kind::swap:
      if (!a.order_open || a.order_balance < o_.input_amount.units())
        return later("order_account_short");
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
  if (!a.order_open && !a.output_open)
    return answer(built::nothing{});
  fetch_blockhash();
}

void simulated_builder::on_route() {
  if (router_silent_)
    return later("router_unreachable");
  if (router_refuses_)
    return refuse("no_route");
  by_maker_ = may_ask_makers(o_) && w_.dice.chance(w_.plan.maker);
  fetch_blockhash();
}

void simulated_builder::pay(bool open, std::uint64_t balance, std::optional<domain::token_amount> known) {
  if (!open || balance == 0 || (known && balance < known->units()))
    return later("balance_not_there");
  paid_ = known ? known->units() : balance;
  fetch_blockhash();
}

void simulated_builder::fetch_blockhash() {
  const auto fresh = home_.blockhash();
  if (!fresh)
    return later("no_fresh_blockhash");
  hash_height_ = fresh->height;
  hash_id_ = fresh->id;

  simulation_silent_ = w_.goes_wrong(w_.plan.rpc_error / 2);
  const auto view = w_.backend();
  const auto height = w_.chain.confirmed(view);
  const auto& a = w_.chain.account(view, height, order_number(o_));
  if (height < hash_height_ || w_.chain.at(view, hash_height_).id != hash_id_)
    simulation_silent_ = true;
  const bool slips = kind_ == attempt_kind::swap && w_.goes_wrong(w_.plan.slippage / 2);
  simulation_fails_ = slips ||
                      (kind_ == attempt_kind::swap && (!a.order_open || a.order_balance < o_.input_amount.units())) ||
                      (kind_ == attempt_kind::payout && (!a.output_open || a.output_balance < paid_)) ||
                      (kind_ == attempt_kind::refund && (!a.order_open || a.order_balance < paid_));
  ask(question::simulation);
}

void simulated_builder::on_simulated() {
  if (simulation_silent_)
    return later("not_simulated");
  if (simulation_fails_)
    return refuse("simulation_failed");
  sign();
}

void simulated_builder::sign() {
  const auto& a = account_->account;
  sim_transaction t;
  t.order = order_number(o_);
  t.kind = kind_;
  t.hash_height = hash_height_;
  t.hash_id = hash_id_;
  attempt fresh;
  fresh.kind = kind_;
  fresh.ordinal = o_.count(kind_) + 1;
  fresh.last_valid_block_height = t.last_valid_height();
  fresh.signed_at = home_.now();
  switch (kind_) {
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
      t.native = kind_ == attempt_kind::payout ? o_.output.decimals == 9 : o_.input.decimals == 9;
      fresh.order_account_balance = domain::token_amount{paid_};
      fresh.expected_input = domain::token_amount{paid_};
      break;
    default:
      t.closes_order = a.order_open;
      t.take = a.order_balance;
      t.closes_output = a.output_open;
      t.close_output = a.output_balance;
  }
  t.by_maker = kind_ == attempt_kind::swap && by_maker_;
  const auto id = w_.chain.sign(t);
  fresh.id = attempt_id_of(id);
  if (t.by_maker)
    fresh.maker = "maker";
  else
    fresh.signature = signature_of(id);
  fresh.transaction = {1};
  w_.tell("  process ", home_.number(), " signs ", to_string(kind_), " #", id, t.by_maker ? " for the maker" : "",
          " of order ", t.order, ", last valid height ", fresh.last_valid_block_height);
  answer(built::ready{std::move(fresh), {}});
}

}  // namespace landfall::simulation
