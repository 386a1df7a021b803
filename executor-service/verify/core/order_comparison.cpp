#include "executor-service/verify/core/order_comparison.hpp"

#include "executor-service/verify/core/order_checks.hpp"

namespace landfall::executor::verify {

order_comparison compare_orders(std::vector<order_facts> before, const std::vector<order_facts>& after,
                                const orders_view& seen) {
  order_comparison out;
  std::map<domain::order_id, const order_facts*> now;
  for (const auto& o : after)
    now.emplace(o.id, &o);
  for (std::size_t i = 0; i < before.size(); ++i) {
    auto& stored = before[i];
    const auto same = now.find(stored.id);
    if (same == now.end() || *same->second != stored) {
      ++out.in_flight;
      continue;
    }
    ++out.orders;
    out.attempts += stored.attempts.size();
    for (auto& a : stored.attempts) {
      const auto found = seen.movements.find(a.id);
      if (found == seen.movements.end())
        continue;
      a.moved = found->second.moved;
      if (a.order == stored.id)
        out.movements.push_back(found->second);
    }
    std::vector<std::vector<check>> answers;
    for (const auto& endpoint : seen.endpoints)
      answers.push_back(check_order(stored, endpoint[i]));
    out.judged.append(judge(answers, seen.by.needed));
  }
  return out;
}

}  // namespace landfall::executor::verify
