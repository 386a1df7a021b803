#include "executor-service/verify/core/check_list.hpp"

namespace landfall::executor::verify {

using domain::int128;

namespace {

bool is_final(const std::optional<signature_status>& s) {
  return s && s->level == solana::commitment::finalized;
}

void status_of_landed(check_list& list, const attempt_facts& a, const std::optional<signature_status>& s) {
  const auto slot = a.slot.value_or(0);
  // An endpoint that is behind the slot proves nothing.
  const bool reached = list.seen.finalized_slot >= slot;
  const auto stored = "landed in slot " + std::to_string(slot);
  auto& missing = list.add(a, finding_kind::landed_not_found, result_of(reached && (!s || is_final(s)), !s));
  describe(missing, "stored as landed, and no endpoint knows it", stored, "unknown");
  auto& failed = list.add(a, finding_kind::landed_but_failed, result_of(is_final(s), s && s->err));
  describe(failed, "stored as landed, and finalized with an error", stored, s ? s->err.value_or("") : "");
  auto& elsewhere =
      list.add(a, finding_kind::landed_slot_differs, result_of(is_final(s) && !s->err, s && s->slot != slot));
  describe(elsewhere, "landed in another slot than stored", stored, s ? "slot " + std::to_string(s->slot) : "");
}

void status_of_failed(check_list& list, const attempt_facts& a, const std::optional<signature_status>& s) {
  // Unknown proves nothing: nothing moved, and endpoints forget.
  auto& c = list.add(a, finding_kind::failed_but_landed, result_of(is_final(s), s && !s->err));
  describe(c, "stored as landed with an error, and finalized without one", "an error",
           s ? "success in slot " + std::to_string(s->slot) : "");
}

void status_of_dead(check_list& list, const attempt_facts& a, const std::optional<signature_status>& s) {
  const auto answered = [&](bool bad) { return !s ? check_result::not_seen : result_of(is_final(s), bad); };
  auto& came = list.add(a, finding_kind::dead_but_landed, answered(s && !s->err));
  describe(came, "stored as dead with a certificate, and landed", "unknown to every endpoint",
           s ? "success in slot " + std::to_string(s->slot) : "");
  auto& failed = list.add(a, finding_kind::dead_but_failed, answered(s && s->err));
  describe(failed, "stored as dead with a certificate, and landed with an error", "unknown to every endpoint",
           s ? s->err.value_or("") : "");
}

void check_status(check_list& list, const attempt_facts& a) {
  const auto answer = list.seen.statuses.find(a.id);
  if (!a.outcome || answer == list.seen.statuses.end())
    return;
  switch (*a.outcome) {
    case attempt_outcome::landed:
      return status_of_landed(list, a, answer->second);
    case attempt_outcome::landed_failed:
      return status_of_failed(list, a, answer->second);
    case attempt_outcome::dead:
      return status_of_dead(list, a, answer->second);
  }
}

void check_movement(check_list& list, const attempt_facts& a) {
  if (!landed(a) || !a.moved)
    return;
  int128 expected = 0;
  int128 seen = 0;
  switch (a.kind) {
    case attempt_kind::deposit:
      expected = wide(list.stored.input_amount);
      seen = a.moved->order_account;
      break;
    case attempt_kind::swap:
      // The output decides where the input is right.
      expected = swap_input(a, list.stored);
      seen = -a.moved->order_account;
      if (seen >= expected && a.minimum_output) {
        expected = wide(*a.minimum_output);
        seen = a.moved->output_account;
      }
      break;
    case attempt_kind::payout:
      expected = list.stored.output_amount ? wide(*list.stored.output_amount) : 0;
      seen = -a.moved->output_account;
      break;
    case attempt_kind::refund:
      expected = std::max<int128>(0, wide(list.stored.input_amount) - swapped(list.stored, landed));
      seen = -a.moved->order_account;
      break;
    case attempt_kind::close:
      return;
  }
  auto& c = list.add(a, finding_kind::moved_too_little, result_of(true, seen < expected));
  describe(c, "the landed " + std::string{to_string(a.kind)} + " moved less than it had to",
           "at least " + to_text(expected), to_text(seen));
}

/// An attempt that took nothing dies; one that landed is known. While it is neither, nothing else is signed for its
/// account, and without a person that stays so: a transaction that is not stored has moved the money.
void check_doubt(check_list& list, const attempt_facts& a) {
  if (a.kind == attempt_kind::deposit || !a.balance_before)
    return;
  const auto before = wide(*a.balance_before);
  const auto status = list.seen.statuses.find(a.id);
  const bool over = !a.outcome && past_its_life(a, list.seen.finalized_block_height) && list.seen.accounts &&
                    status != list.seen.statuses.end();
  const bool pays_out = a.kind == attempt_kind::payout;
  const auto held = !over      ? before
                    : pays_out ? held_in(list.seen.accounts->output_account, list.stored.output_program,
                                         list.stored.output_mint, list.stored.vault)
                               : held_in(list.seen.accounts->order_account, list.stored.input_program,
                                         list.stored.input_mint, list.stored.vault);
  auto& c = list.add(a, finding_kind::neither_landed_nor_dead,
                     result_of(a.outcome || over, !a.outcome && over && !status->second && held < before));
  describe(c,
           "the " + std::string{to_string(a.kind)} + " cannot land any more and no endpoint knows it, and yet the " +
               (pays_out ? "output" : "order") + " account holds less than before it",
           "at least " + to_text(before), to_text(held));
}

}  // namespace

void check_attempt(check_list& list, const attempt_facts& a) {
  check_status(list, a);
  check_movement(list, a);
  check_doubt(list, a);
}

}  // namespace landfall::executor::verify
