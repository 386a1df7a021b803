#include "executor-service/verify/core/check_list.hpp"

namespace landfall::executor::verify {

using domain::int128;
using domain::order_state;

namespace {

/// The account is not in flight: no attempt that touches it is unresolved, or newer than the bank that was read.
template <class Touches>
bool quiet(const check_list& list, Touches touches) {
  return list.seen.accounts &&
         std::all_of(list.stored.attempts.begin(), list.stored.attempts.end(), [&](const auto& a) {
           return !touches(a) || (a.outcome && (!landed(a) || (a.slot && *a.slot <= list.seen.accounts->slot)));
         });
}

/// What the movements of ours have left in an account; nothing while one of them was not read.
template <class Touches>
std::optional<int128> booked(const check_list& list, Touches touches, int128 movement::*account) {
  int128 sum = 0;
  for (const auto& a : list.stored.attempts) {
    if (!touches(a) || !landed(a))
      continue;
    if (!a.moved)
      return std::nullopt;
    sum += (*a.moved).*account;
  }
  return sum;
}

/// What has to be in the output account until it is paid out: before the fill is validated, the swap's own minimum.
int128 awaiting_payout(const check_list& list) {
  switch (list.stored.state) {
    case order_state::ready_withdraw_output:
    case order_state::withdrawing:
    case order_state::withdraw_failed:
      return list.stored.output_amount ? wide(*list.stored.output_amount) : 0;
    case order_state::execute_success: {
      int128 least = 0;
      for (const auto& a : list.stored.attempts)
        if (a.order == list.stored.id && a.kind == attempt_kind::swap && landed(a) && a.minimum_output)
          least += wide(*a.minimum_output);
      return least;
    }
    default:
      return 0;
  }
}

void check_order_account(check_list& list) {
  const auto all = [](const attempt_facts&) { return true; };
  const bool known = quiet(list, all);
  const auto slot = list.accounts_slot();
  const auto input = wide(list.stored.input_amount);
  const bool deposited = count(list.stored, attempt_kind::deposit, landed) > 0;
  const bool refunded = count(list.stored, attempt_kind::refund, landed) > 0;
  const auto rest = std::max<int128>(0, input - swapped(list.stored, landed));
  const auto held = known ? held_in(list.seen.accounts->order_account, list.stored.input_program,
                                    list.stored.input_mint, list.stored.vault)
                          : 0;
  int128 owed = deposited && !refunded ? rest : 0;
  if (const auto left = booked(list, all, &movement::order_account); left && *left > owed)
    owed = *left;

  auto& lacking = list.add(finding_kind::order_account_short, result_of(known, held < owed), slot);
  describe(lacking, "the order account holds less than what is still in it by the attempts stored",
           "at least " + to_text(owed), to_text(held));
  const bool emptied = deposited && (refunded || rest == 0);
  auto& full = list.add(finding_kind::order_account_not_emptied, result_of(known, emptied && held >= input), slot);
  describe(full, refunded ? "a refund is stored as landed" : "a swap of the whole deposit is stored as landed",
           "less than " + to_text(input), to_text(held));
  auto& late =
      list.add(finding_kind::deposit_arrived_after_failure,
               result_of(known, list.stored.state == order_state::deposit_failed && !deposited && held >= input), slot);
  describe(late, "the deposit is stored as failed, and the order account holds it", "less than " + to_text(input),
           to_text(held));
}

void check_output_account(check_list& list) {
  const auto own = [&list](const attempt_facts& a) {
    return a.order == list.stored.id && a.kind != attempt_kind::deposit;
  };
  const bool known = quiet(list, own);
  const auto slot = list.accounts_slot();
  const auto held = known ? held_in(list.seen.accounts->output_account, list.stored.output_program,
                                    list.stored.output_mint, list.stored.vault)
                          : 0;
  const auto own_landed = [&](const attempt_facts& a) { return own(a) && landed(a); };
  const bool paid = count(list.stored, attempt_kind::payout, own_landed) > 0;
  int128 owed = paid ? 0 : awaiting_payout(list);
  if (const auto left = booked(list, own, &movement::output_account); left && *left > owed)
    owed = *left;

  auto& lacking = list.add(finding_kind::output_account_short, result_of(known, held < owed), slot);
  describe(lacking, "the output account holds less than what is to be paid out", "at least " + to_text(owed),
           to_text(held));
  const auto output = list.stored.output_amount ? wide(*list.stored.output_amount) : 0;
  auto& full =
      list.add(finding_kind::output_account_not_emptied, result_of(known, paid && output > 0 && held >= output), slot);
  describe(full, "a payout is stored as landed", "less than " + to_text(output), to_text(held));
}

}  // namespace

void check_accounts(check_list& list) {
  check_order_account(list);
  check_output_account(list);
}

}  // namespace landfall::executor::verify
