#include "tests/simulation/maker.hpp"

#include <algorithm>

#include "tests/simulation/world.hpp"

namespace landfall::simulation {

maker::promise& maker::promise_of(std::size_t transaction) {
  const auto known = std::find_if(promises_.begin(), promises_.end(),
                                  [transaction](const promise& p) { return p.transaction == transaction; });
  if (known != promises_.end())
    return *known;
  promise p;
  p.transaction = transaction;
  if (w_.goes_wrong(w_.plan.maker_trouble)) {
    p.wants = static_cast<will>(w_.dice.below(4));
    p.says_yes = w_.dice.chance(500);
    p.says_the_same = w_.dice.chance(500);
    p.silent = w_.dice.chance(200);
    auto& t = w_.chain.transaction(transaction);
    t.signed_twice = w_.dice.chance(500);
    if (p.wants == will::fills_last)
      t.fortune = luck::last_block;
  }
  return promises_.emplace_back(p);
}

std::optional<bool> maker::handed(std::size_t transaction) {
  auto& p = promise_of(transaction);
  ++p.asked;
  if (p.wants == will::fills || p.wants == will::fills_last || (p.wants == will::fills_when_asked_again && p.asked > 1))
    w_.send(transaction);
  if (p.silent)
    return std::nullopt;
  return p.says_the_same ? p.says_yes : w_.dice.chance(500);
}

}  // namespace landfall::simulation
