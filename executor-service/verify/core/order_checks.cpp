#include "executor-service/verify/core/order_checks.hpp"

#include <algorithm>
#include <utility>

namespace landfall::executor::verify {

using domain::int128;
using domain::order_state;

namespace {

int128 wide(domain::token_amount amount) {
  return static_cast<int128>(amount.units());
}

bool at_rest(order_state state) {
  return domain::order_states[static_cast<std::size_t>(state)].is_final || state == order_state::expired;
}

bool landed(const attempt_facts& a) {
  return a.outcome == attempt_outcome::landed;
}

/// Of blocks beyond the last that can take a transaction, as for a death certificate.
constexpr std::uint64_t margin_blocks = 2;

/// Its id is ours, and nothing that is finalized from now on can hold it.
bool past_its_life(const attempt_facts& a, std::uint64_t finalized_block_height) {
  return a.signature && !a.by_maker && a.last_valid_block_height > 0 &&
         finalized_block_height >= a.last_valid_block_height + margin_blocks;
}

/// Its status is asked for once it is resolved, until what it moved is stored.
bool to_ask(const attempt_facts& a) {
  return a.signature && !a.settled;
}

/// Stored as landed, or shown so by this endpoint, whatever is stored.
bool landed_here(const attempt_facts& a, const chain_facts& seen) {
  if (!a.outcome || landed(a))
    return a.outcome.has_value();
  const auto status = seen.statuses.find(a.id);
  return status != seen.statuses.end() && status->second && status->second->level == solana::commitment::finalized &&
         !status->second->err;
}

/// What a swap was to take, or the rest of it where it is known better.
int128 swap_input(const attempt_facts& a, const order_facts& stored) {
  return wide(a.expected_input.value_or(stored.input_amount));
}

/// What all landed swaps of the deposit were to take.
template <class Landed>
int128 swapped(const order_facts& stored, Landed is_landed) {
  int128 sum = 0;
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

/// Makes the checks of one order at one endpoint.
class examiner {
public:
  examiner(const order_facts& stored, const chain_facts& seen) : stored_(stored), seen_(seen) {}

  std::vector<check> run() {
    order_account();
    output_account();
    twice();
    fill_record();
    for (const auto& a : stored_.attempts) {
      if (a.order != stored_.id)
        continue;
      status(a);
      moved(a);
      in_doubt(a);
    }
    return std::move(checks_);
  }

private:
  check& add(finding_kind kind, verdict is, std::uint64_t slot) {
    check c;
    c.kind = kind;
    c.subject = stored_.id.to_string();
    c.order = stored_.id;
    c.is = is;
    c.slot = slot;
    c.endpoint = seen_.endpoint;
    c.money = touches_money(kind, at_rest(stored_.state));
    checks_.push_back(std::move(c));
    return checks_.back();
  }

  void say(check& c, std::string detail, std::string expected, std::string observed) const {
    c.detail = std::move(detail);
    c.expected = std::move(expected);
    c.observed = std::move(observed);
  }

  /// In flight: nothing that touches the account may be unresolved, or newer than the bank that was read.
  template <class Touches>
  bool quiet(Touches touches) const {
    return seen_.accounts && std::all_of(stored_.attempts.begin(), stored_.attempts.end(), [&](const auto& a) {
             return !touches(a) || (a.outcome && (!landed(a) || (a.slot && *a.slot <= seen_.accounts->slot)));
           });
  }

  /// What the movements of ours have left in an account; nothing while one of them is not looked up.
  template <class Touches>
  std::optional<int128> booked(Touches touches, int128 movement::*account) const {
    int128 sum = 0;
    for (const auto& a : stored_.attempts) {
      if (!touches(a) || !landed(a))
        continue;
      if (!a.moved)
        return std::nullopt;
      sum += (*a.moved).*account;
    }
    return sum;
  }

  void order_account() {
    const auto all = [](const attempt_facts&) { return true; };
    const bool known = quiet(all);
    const auto slot = seen_.accounts ? seen_.accounts->slot : seen_.finalized_slot;
    const auto input = wide(stored_.input_amount);
    const bool deposited = count(stored_, attempt_kind::deposit, landed) > 0;
    const bool refunded = count(stored_, attempt_kind::refund, landed) > 0;
    const auto rest = std::max<int128>(0, input - swapped(stored_, landed));
    const auto held =
        known ? held_in(seen_.accounts->order_account, stored_.input_program, stored_.input_mint, stored_.vault) : 0;
    int128 owed = deposited && !refunded ? rest : 0;
    if (const auto left = booked(all, &movement::order_account); left && *left > owed)
      owed = *left;

    auto& lacking = add(finding_kind::order_account_short, judged(known, held < owed), slot);
    say(lacking, "the order account holds less than what is still in it by the attempts stored",
        "at least " + to_text(owed), to_text(held));
    const bool emptied = deposited && (refunded || rest == 0);
    auto& full = add(finding_kind::order_account_not_emptied, judged(known, emptied && held >= input), slot);
    say(full, refunded ? "a refund is stored as landed" : "a swap of the whole deposit is stored as landed",
        "less than " + to_text(input), to_text(held));
    auto& late = add(finding_kind::deposit_arrived_after_failure,
                     judged(known, stored_.state == order_state::deposit_failed && !deposited && held >= input), slot);
    say(late, "the deposit is stored as failed, and the order account holds it", "less than " + to_text(input),
        to_text(held));
  }

  void output_account() {
    const auto own = [this](const attempt_facts& a) {
      return a.order == stored_.id && a.kind != attempt_kind::deposit;
    };
    const bool known = quiet(own);
    const auto slot = seen_.accounts ? seen_.accounts->slot : seen_.finalized_slot;
    const auto held =
        known ? held_in(seen_.accounts->output_account, stored_.output_program, stored_.output_mint, stored_.vault) : 0;
    const auto own_landed = [&](const attempt_facts& a) { return own(a) && landed(a); };
    const bool paid = count(stored_, attempt_kind::payout, own_landed) > 0;
    int128 owed = paid ? 0 : awaiting_payout();
    if (const auto left = booked(own, &movement::output_account); left && *left > owed)
      owed = *left;

    auto& lacking = add(finding_kind::output_account_short, judged(known, held < owed), slot);
    say(lacking, "the output account holds less than what is to be paid out", "at least " + to_text(owed),
        to_text(held));
    const auto output = stored_.output_amount ? wide(*stored_.output_amount) : 0;
    auto& full =
        add(finding_kind::output_account_not_emptied, judged(known, paid && output > 0 && held >= output), slot);
    say(full, "a payout is stored as landed", "less than " + to_text(output), to_text(held));
  }

  /// Before the output is validated the swap's own minimum is what must be there.
  int128 awaiting_payout() const {
    switch (stored_.state) {
      case order_state::ready_withdraw_output:
      case order_state::withdrawing:
      case order_state::withdraw_failed:
        return stored_.output_amount ? wide(*stored_.output_amount) : 0;
      case order_state::execute_success: {
        int128 least = 0;
        for (const auto& a : stored_.attempts)
          if (a.order == stored_.id && a.kind == attempt_kind::swap && landed(a) && a.minimum_output)
            least += wide(*a.minimum_output);
        return least;
      }
      default:
        return 0;
    }
  }

  /// Whether the endpoint answered for every resolved attempt of a kind that it was asked about.
  bool answered(attempt_kind kind) const {
    return std::all_of(stored_.attempts.begin(), stored_.attempts.end(), [&](const auto& a) {
      return a.kind != kind || !a.outcome || !to_ask(a) || seen_.statuses.contains(a.id);
    });
  }

  void twice() {
    const auto on_chain = [this](const attempt_facts& a) { return landed_here(a, seen_); };
    const auto own = [&](const attempt_facts& a) { return a.order == stored_.id && on_chain(a); };
    const auto input = wide(stored_.input_amount);
    const auto slot = seen_.finalized_slot;
    const auto swaps = count(stored_, attempt_kind::swap, on_chain);
    const auto taken = swapped(stored_, on_chain);
    const auto payouts = count(stored_, attempt_kind::payout, own);
    const auto refunds = count(stored_, attempt_kind::refund, on_chain);
    const bool swaps_known = answered(attempt_kind::swap);
    const bool refunds_known = answered(attempt_kind::refund);
    // A missing answer can only add to what landed: too much stays too much, but nothing is right without it.
    const auto judged_of = [](bool known, bool bad) { return judged(known || bad, bad); };

    auto& two_swaps = add(finding_kind::double_swap, judged_of(swaps_known, swaps > 1 && taken > input), slot);
    say(two_swaps, "landed swaps of one deposit took more than it", "at most " + to_text(input),
        to_text(taken) + " in " + std::to_string(swaps) + " swaps");
    auto& two_payouts = add(finding_kind::double_payout, judged_of(answered(attempt_kind::payout), payouts > 1), slot);
    say(two_payouts, "the order was paid out more than once", "1 landed payout",
        std::to_string(payouts) + " landed payouts");
    auto& two_refunds = add(finding_kind::double_refund, judged_of(refunds_known, refunds > 1), slot);
    say(two_refunds, "the deposit was refunded more than once", "1 landed refund",
        std::to_string(refunds) + " landed refunds");
    auto& both = add(finding_kind::swap_and_refund,
                     judged_of(swaps_known && refunds_known, refunds > 0 && swaps > 0 && taken >= input), slot);
    say(both, "the whole deposit was swapped, and refunded as well", "one of both",
        std::to_string(swaps) + " landed swaps and " + std::to_string(refunds) + " landed refunds");
  }

  void fill_record() {
    int128 brought = 0;
    bool known = stored_.output_amount.has_value();
    for (const auto& a : stored_.attempts) {
      if (a.order != stored_.id || a.kind != attempt_kind::swap || !landed(a))
        continue;
      known = known && a.moved;
      if (a.moved)
        brought += a.moved->output_account;
    }
    const auto recorded = stored_.output_amount ? wide(*stored_.output_amount) : 0;
    auto& c = add(finding_kind::fill_record_differs, judged(known, recorded != brought), seen_.finalized_slot);
    say(c, "the stored output is not what the landed swaps brought", to_text(recorded), to_text(brought));
  }

  check& add(const attempt_facts& a, finding_kind kind, verdict is) {
    auto& c = add(kind, is, seen_.finalized_slot);
    c.subject = a.id.to_string();
    c.attempt = a.id;
    return c;
  }

  void status(const attempt_facts& a) {
    const auto answer = seen_.statuses.find(a.id);
    if (!a.outcome || answer == seen_.statuses.end())
      return;
    switch (*a.outcome) {
      case attempt_outcome::landed:
        return status_of_landed(a, answer->second);
      case attempt_outcome::landed_failed:
        return status_of_failed(a, answer->second);
      case attempt_outcome::dead:
        return status_of_dead(a, answer->second);
    }
  }

  static bool is_final(const std::optional<signature_status>& s) {
    return s && s->level == solana::commitment::finalized;
  }

  void status_of_landed(const attempt_facts& a, const std::optional<signature_status>& s) {
    const auto slot = a.slot.value_or(0);
    // An endpoint that is behind the slot cannot tell.
    const bool reached = seen_.finalized_slot >= slot;
    const auto stored = "landed in slot " + std::to_string(slot);
    auto& missing = add(a, finding_kind::landed_not_found, judged(reached && (!s || is_final(s)), !s));
    say(missing, "stored as landed, and no endpoint knows it", stored, "unknown");
    auto& failed = add(a, finding_kind::landed_but_failed, judged(is_final(s), s && s->err));
    say(failed, "stored as landed, and finalized with an error", stored, s ? s->err.value_or("") : "");
    auto& elsewhere = add(a, finding_kind::landed_slot_differs, judged(is_final(s) && !s->err, s && s->slot != slot));
    say(elsewhere, "landed in another slot than stored", stored, s ? "slot " + std::to_string(s->slot) : "");
  }

  void status_of_failed(const attempt_facts& a, const std::optional<signature_status>& s) {
    // Unknown says nothing: nothing moved, and endpoints forget.
    auto& c = add(a, finding_kind::failed_but_landed, judged(is_final(s), s && !s->err));
    say(c, "stored as landed with an error, and finalized without one", "an error",
        s ? "success in slot " + std::to_string(s->slot) : "");
  }

  void status_of_dead(const attempt_facts& a, const std::optional<signature_status>& s) {
    const auto answered = [&](bool bad) { return !s ? verdict::not_seen : judged(is_final(s), bad); };
    auto& came = add(a, finding_kind::dead_but_landed, answered(s && !s->err));
    say(came, "stored as dead with a certificate, and landed", "unknown to every endpoint",
        s ? "success in slot " + std::to_string(s->slot) : "");
    auto& failed = add(a, finding_kind::dead_but_failed, answered(s && s->err));
    say(failed, "stored as dead with a certificate, and landed with an error", "unknown to every endpoint",
        s ? s->err.value_or("") : "");
  }

  void moved(const attempt_facts& a) {
    if (!landed(a) || !a.moved)
      return;
    int128 expected = 0;
    int128 seen = 0;
    switch (a.kind) {
      case attempt_kind::deposit:
        expected = wide(stored_.input_amount);
        seen = a.moved->order_account;
        break;
      case attempt_kind::swap:
        // The output decides where the input is right.
        expected = swap_input(a, stored_);
        seen = -a.moved->order_account;
        if (seen >= expected && a.minimum_output) {
          expected = wide(*a.minimum_output);
          seen = a.moved->output_account;
        }
        break;
      case attempt_kind::payout:
        expected = stored_.output_amount ? wide(*stored_.output_amount) : 0;
        seen = -a.moved->output_account;
        break;
      case attempt_kind::refund:
        expected = std::max<int128>(0, wide(stored_.input_amount) - swapped(stored_, landed));
        seen = -a.moved->order_account;
        break;
      case attempt_kind::close:
        return;
    }
    auto& c = add(a, finding_kind::moved_too_little, judged(true, seen < expected));
    say(c, "the landed " + std::string{to_string(a.kind)} + " moved less than it had to",
        "at least " + to_text(expected), to_text(seen));
  }

  /// An attempt that took nothing dies; one that landed is known. While it is neither, nothing else is signed for its
  /// account, and without a person that stays so: a transaction that is not stored has moved the money.
  void in_doubt(const attempt_facts& a) {
    if (a.kind == attempt_kind::deposit || !a.balance_before)
      return;
    const auto before = wide(*a.balance_before);
    const auto status = seen_.statuses.find(a.id);
    const bool over = !a.outcome && past_its_life(a, seen_.finalized_block_height) && seen_.accounts &&
                      status != seen_.statuses.end();
    const bool pays_out = a.kind == attempt_kind::payout;
    const auto held =
        !over      ? before
        : pays_out ? held_in(seen_.accounts->output_account, stored_.output_program, stored_.output_mint, stored_.vault)
                   : held_in(seen_.accounts->order_account, stored_.input_program, stored_.input_mint, stored_.vault);
    auto& c = add(a, finding_kind::neither_landed_nor_dead,
                  judged(a.outcome || over, !a.outcome && over && !status->second && held < before));
    say(c,
        "the " + std::string{to_string(a.kind)} + " cannot land any more and no endpoint knows it, and yet the " +
            (pays_out ? "output" : "order") + " account holds less than before it",
        "at least " + to_text(before), to_text(held));
  }

  static verdict judged(bool known, bool bad) {
    if (!known)
      return verdict::unknown;
    return bad ? verdict::found : verdict::right;
  }

  const order_facts& stored_;
  const chain_facts& seen_;
  std::vector<check> checks_;
};

}  // namespace

int128 held_in(const std::optional<token_account_facts>& account, const solana::pubkey& program,
               const solana::pubkey& mint, const solana::pubkey& vault) {
  if (!account || account->program != program || account->mint != mint || account->owner != vault)
    return 0;
  return wide(account->amount);
}

std::vector<check> verify(const order_facts& stored, const chain_facts& seen) {
  return examiner{stored, seen}.run();
}

std::vector<const attempt_facts*> attempts_to_ask(const order_facts& stored, std::uint64_t finalized_block_height) {
  std::vector<const attempt_facts*> list;
  // Siblings too: whether a dead swap of the other leg landed decides on a double swap of the deposit.
  for (const auto& a : stored.attempts)
    if (a.outcome ? to_ask(a) : past_its_life(a, finalized_block_height))
      list.push_back(&a);
  return list;
}

std::string to_text(int128 number) {
  if (number == 0)
    return "0";
  const bool negative = number < 0;
  auto rest = negative ? -static_cast<domain::uint128>(number) : static_cast<domain::uint128>(number);
  std::string digits;
  for (; rest != 0; rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  return negative ? "-" + digits : digits;
}

}  // namespace landfall::executor::verify
