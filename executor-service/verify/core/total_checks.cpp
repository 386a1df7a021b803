#include "executor-service/verify/core/check_list.hpp"

namespace landfall::executor::verify {

using domain::int128;

namespace {

/// Stored as landed, or shown so by this endpoint, whatever is stored.
bool landed_here(const attempt_facts& a, const chain_facts& seen) {
  if (!a.outcome || landed(a))
    return a.outcome.has_value();
  const auto status = seen.statuses.find(a.id);
  return status != seen.statuses.end() && status->second && status->second->level == solana::commitment::finalized &&
         !status->second->err;
}

/// Whether the endpoint answered for every resolved attempt of a kind that it was asked about.
bool answered(const check_list& list, attempt_kind kind) {
  return std::all_of(list.stored.attempts.begin(), list.stored.attempts.end(), [&](const auto& a) {
    return a.kind != kind || !a.outcome || !needs_status(a) || list.seen.statuses.contains(a.id);
  });
}

void check_repeats(check_list& list) {
  const auto on_chain = [&list](const attempt_facts& a) { return landed_here(a, list.seen); };
  const auto own = [&](const attempt_facts& a) { return a.order == list.stored.id && on_chain(a); };
  const auto input = wide(list.stored.input_amount);
  const auto slot = list.seen.finalized_slot;
  const auto swaps = count(list.stored, attempt_kind::swap, on_chain);
  const auto taken = swapped(list.stored, on_chain);
  const auto payouts = count(list.stored, attempt_kind::payout, own);
  const auto refunds = count(list.stored, attempt_kind::refund, on_chain);
  const bool swaps_known = answered(list, attempt_kind::swap);
  const bool refunds_known = answered(list, attempt_kind::refund);
  // A missing answer can only add to what landed: too much stays too much, but nothing is right without it.
  const auto result_unless_bad = [](bool known, bool bad) { return result_of(known || bad, bad); };

  auto& two_swaps =
      list.add(finding_kind::double_swap, result_unless_bad(swaps_known, swaps > 1 && taken > input), slot);
  describe(two_swaps, "landed swaps of one deposit took more than it", "at most " + to_text(input),
           to_text(taken) + " in " + std::to_string(swaps) + " swaps");
  auto& two_payouts =
      list.add(finding_kind::double_payout, result_unless_bad(answered(list, attempt_kind::payout), payouts > 1), slot);
  describe(two_payouts, "the order was paid out more than once", "1 landed payout",
           std::to_string(payouts) + " landed payouts");
  auto& two_refunds = list.add(finding_kind::double_refund, result_unless_bad(refunds_known, refunds > 1), slot);
  describe(two_refunds, "the deposit was refunded more than once", "1 landed refund",
           std::to_string(refunds) + " landed refunds");
  auto& both =
      list.add(finding_kind::swap_and_refund,
               result_unless_bad(swaps_known && refunds_known, refunds > 0 && swaps > 0 && taken >= input), slot);
  describe(both, "the whole deposit was swapped, and refunded as well", "one of both",
           std::to_string(swaps) + " landed swaps and " + std::to_string(refunds) + " landed refunds");
}

void check_fill_record(check_list& list) {
  int128 brought = 0;
  bool known = list.stored.output_amount.has_value();
  for (const auto& a : list.stored.attempts) {
    if (a.order != list.stored.id || a.kind != attempt_kind::swap || !landed(a))
      continue;
    known = known && a.moved;
    if (a.moved)
      brought += a.moved->output_account;
  }
  const auto recorded = list.stored.output_amount ? wide(*list.stored.output_amount) : 0;
  auto& c =
      list.add(finding_kind::fill_record_differs, result_of(known, recorded != brought), list.seen.finalized_slot);
  describe(c, "the stored output is not what the landed swaps brought", to_text(recorded), to_text(brought));
}

}  // namespace

void check_totals(check_list& list) {
  check_repeats(list);
  check_fill_record(list);
}

}  // namespace landfall::executor::verify
