#include "executor-service/verify/core/deposit_check.hpp"

namespace landfall::executor::verify {

check check_of(const unclaimed_deposit& deposit, const account_reading& reading, const std::string& endpoint) {
  const auto amount = static_cast<domain::int128>(deposit.amount.units());
  const auto held = held_in(reading.account, deposit.program, deposit.mint, deposit.vault);
  check c;
  c.kind = finding_kind::deposit_without_order;
  c.subject = deposit.id.to_string();
  c.is = held >= amount ? verdict::found : verdict::right;
  c.detail = "a deposit arrived in " + deposit.order_account.to_string() +
             ", and no order was made of it in time; the same create call makes one still";
  c.expected = "less than " + to_text(amount);
  c.observed = to_text(held);
  c.slot = reading.slot;
  c.endpoint = endpoint;
  c.money = true;
  return c;
}

}  // namespace landfall::executor::verify
