#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "executor-service/verify/core/check.hpp"
#include "executor-service/verify/core/facts.hpp"

/// What the checks of one order share. Included by their sources alone.
namespace landfall::executor::verify {

/// What is stored of an order, what one endpoint answers, and the checks made of both so far.
struct check_list {
  const order_facts& stored;
  const chain_facts& seen;
  std::vector<check> checks = {};

  /// A check of the order at `slot`; its texts are set with `describe`.
  check& add(finding_kind kind, check_result is, std::uint64_t slot);
  /// A check of one of its attempts.
  check& add(const attempt_facts& a, finding_kind kind, check_result is);
  /// The slot of the bank that its accounts were read in.
  [[nodiscard]] std::uint64_t accounts_slot() const {
    return seen.accounts ? seen.accounts->slot : seen.finalized_slot;
  }
};

inline void describe(check& c, std::string detail, std::string expected, std::string observed) {
  c.detail = std::move(detail);
  c.expected = std::move(expected);
  c.observed = std::move(observed);
}

/// Whether either account holds what the landed attempts left in it.
void check_accounts(check_list& list);
/// Whether one deposit was spent, or one order paid, more than once; and whether the fill is what the swaps brought.
void check_totals(check_list& list);
/// Whether an attempt's outcome is what the chain shows, and whether it moved what it had to.
void check_attempt(check_list& list, const attempt_facts& a);

/// What a swap was to take; of an old attempt without a stored amount, the whole deposit.
[[nodiscard]] inline domain::int128 swap_input(const attempt_facts& a, const order_facts& stored) {
  return wide(a.expected_input.value_or(stored.input_amount));
}

/// What all landed swaps of the deposit were to take.
template <class Landed>
domain::int128 swapped(const order_facts& stored, Landed is_landed) {
  domain::int128 sum = 0;
  for (const auto& a : stored.attempts)
    if (a.kind == attempt_kind::swap && is_landed(a))
      sum += swap_input(a, stored);
  return sum;
}

template <class Landed>
int count(const order_facts& stored, attempt_kind kind, Landed is_landed) {
  return static_cast<int>(std::count_if(stored.attempts.begin(), stored.attempts.end(),
                                        [&](const auto& a) { return a.kind == kind && is_landed(a); }));
}

}  // namespace landfall::executor::verify
