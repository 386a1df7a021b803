#include "executor-service/order/build/core/payment_plan.hpp"

#include <string>

#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

namespace {

std::optional<token_balance> if_token_account(const token_balance& balance) {
  return balance.amount ? std::optional{balance} : std::nullopt;
}

}  // namespace

void payment_plan::on_accounts() {
  const auto& o = x_setup.o;
  switch (x_setup.kind) {
    case attempt_kind::payout:
      return pay(balance_at(output_account_at, o.output), o.output_amount);
    case attempt_kind::refund:
      return pay(balance_at(order_account_at, o.input), o.input_amount);
    case attempt_kind::close:
      return instructions().empty() ? finish(built::nothing{}) : estimate_fee();
    case attempt_kind::deposit:
    case attempt_kind::swap:
      return refuse("deposits_are_signed_by_users");
  }
}

void payment_plan::pay(const token_balance& balance, std::optional<domain::token_amount> known) {
  if (!balance.amount || balance.amount->units() == 0 || (known && *balance.amount < *known))
    return later("balance_not_there", "the account to pay from holds " +
                                          (balance.amount ? balance.amount->to_string() : std::string{"nothing"}) +
                                          " of " + (known ? known->to_string() : std::string{"an unknown amount"}));
  x_amount = mutated(mutant::payment_pays_balance) ? *balance.amount : known.value_or(*balance.amount);
  estimate_fee();
}

std::vector<solana::instruction> payment_plan::instructions() const {
  const auto& o = x_setup.o;
  switch (x_setup.kind) {
    case attempt_kind::payout:
      return payout_instructions(o, x_setup.fee_payer, x_fees, x_amount);
    case attempt_kind::refund:
      return refund_instructions(o, x_setup.fee_payer, x_fees, x_amount);
    default:
      return close_instructions(o, x_setup.fee_payer, x_fees, if_token_account(balance_at(order_account_at, o.input)),
                                if_token_account(balance_at(output_account_at, o.output)));
  }
}

guard_result payment_plan::check_message(const solana::message& message) const {
  return check_compiled(message, message_policy());
}

void payment_plan::complete(built::ready& ready) const {
  if (x_setup.kind == attempt_kind::close)
    return;
  // Of the account that pays: the output account for a payout.
  ready.what.order_account_balance = x_amount;
  ready.what.expected_input = x_amount;
}

}  // namespace landfall::executor
