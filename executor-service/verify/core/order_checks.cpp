#include "executor-service/verify/core/order_checks.hpp"

#include "executor-service/verify/core/check_list.hpp"

namespace landfall::executor::verify {

namespace {

bool at_rest(domain::order_state state) {
  return domain::order_states[static_cast<std::size_t>(state)].is_final || state == domain::order_state::expired;
}

}  // namespace

check& check_list::add(finding_kind kind, check_result is, std::uint64_t slot) {
  check c;
  c.kind = kind;
  c.subject = stored.id.to_string();
  c.order = stored.id;
  c.is = is;
  c.slot = slot;
  c.endpoint = seen.endpoint;
  c.money = touches_money(kind, at_rest(stored.state));
  checks.push_back(std::move(c));
  return checks.back();
}

check& check_list::add(const attempt_facts& a, finding_kind kind, check_result is) {
  auto& c = add(kind, is, seen.finalized_slot);
  c.subject = a.id.to_string();
  c.attempt = a.id;
  return c;
}

std::vector<check> check_order(const order_facts& stored, const chain_facts& seen) {
  check_list list{stored, seen};
  check_accounts(list);
  check_totals(list);
  for (const auto& a : stored.attempts)
    if (a.order == stored.id)
      check_attempt(list, a);
  return std::move(list.checks);
}

}  // namespace landfall::executor::verify
