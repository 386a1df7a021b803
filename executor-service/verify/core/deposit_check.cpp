#include "executor-service/verify/core/deposit_check.hpp"

namespace landfall::executor::verify {

check check_of(const unclaimed_deposit& deposit, const account_reading& reading, const std::string& endpoint) {
  const auto amount = static_cast<domain::int128>(deposit.amount.units());
  const auto held = held_in(reading.account, deposit.program, deposit.mint, deposit.vault);
  check c;
  c.kind = finding_kind::deposit_without_order;
  c.subject = deposit.id.to_string();
  c.is = held >= amount ? check_result::found : check_result::right;
  c.detail = "a deposit arrived in " + deposit.order_account.to_string() +
             ", and no order was made of it in time; the same create call makes one still";
  c.expected = "less than " + to_text(amount);
  c.observed = to_text(held);
  c.slot = reading.slot;
  c.endpoint = endpoint;
  c.money = true;
  return c;
}

judgement compare_deposits(std::span<const unclaimed_deposit> list, std::span<const endpoint_readings> readings,
                           std::size_t needed) {
  std::vector<std::vector<check>> answers;
  for (const auto& [endpoint, accounts] : readings) {
    auto& checks = answers.emplace_back();
    for (std::size_t i = 0; i < list.size(); ++i)
      checks.push_back(check_of(list[i], accounts[i], endpoint));
  }
  return judge(answers, needed);
}

}  // namespace landfall::executor::verify
