// One order at one endpoint: what is right, what is wrong, and what cannot be told.
#include "executor-service/verify/core/order_checks.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/executor-service/verify/core/checked_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verify") {
  TEST_CASE("a state with the balances it asks for is right") {
    CHECK(found_in(open_order()).empty());
    for (const auto state : {order_state::ready_execute, order_state::executing, order_state::execute_failed,
                             order_state::ready_expire, order_state::ready_to_cancel, order_state::expired})
      CHECK(found_in(open_order(state)).empty());
    for (const auto state : {order_state::execute_success, order_state::ready_withdraw_output, order_state::withdrawing,
                             order_state::withdraw_failed})
      CHECK(found_in(swapped_order(state)).empty());
    CHECK(found_in(filled_order()).empty());
    CHECK(found_in(refunded_order(order_state::expired)).empty());
    CHECK(found_in(refunded_order(order_state::cancelled)).empty());
  }

  TEST_CASE("dust of strangers is no discrepancy, wherever it lies") {
    for (auto s : {open_order(), open_order(order_state::expired)}) {
      s.balances(holding(input_mint, input + 12'345), holding(output_mint, 7));
      CHECK(found_in(s).empty());
    }
    for (auto s : {filled_order(), refunded_order(order_state::expired), refunded_order(order_state::cancelled)}) {
      s.balances(holding(input_mint, input - 1), holding(output_mint, output - 1));
      CHECK(found_in(s).empty());
    }
    auto more = swapped_order();
    more.balances(holding(input_mint, 1), holding(output_mint, output * 2));
    CHECK(found_in(more).empty());
    // Somebody else's account at an address that is closed.
    auto again = filled_order();
    again.balances(holding(input_mint, input), holding(output_mint, output));
    again.seen.accounts->order_account->owner = key(77);
    again.seen.accounts->output_account->owner = key(77);
    CHECK(found_in(again).empty());
  }

  TEST_CASE("before an order rests, a full account that should be empty touches no money that is ours to guard") {
    CHECK_FALSE(touches_money(finding_kind::order_account_not_emptied, false));
    CHECK(touches_money(finding_kind::order_account_not_emptied, true));
    auto s = swapped_order();
    s.balances(holding(input_mint, input), holding(output_mint, output));
    for (const auto& c : verify::check_order(s.stored, s.seen))
      if (c.kind == finding_kind::order_account_not_emptied) {
        CHECK(c.is == check_result::found);
        CHECK_FALSE(c.money);
      }
  }

  TEST_CASE("what is in flight is neither right nor wrong") {
    for (const auto kind : {attempt_kind::swap, attempt_kind::refund}) {
      auto s = open_order(kind == attempt_kind::swap ? order_state::executing : order_state::ready_to_cancel);
      s.attempt(kind, std::nullopt);
      s.balances(std::nullopt, std::nullopt);
      CHECK(found_in(s).empty());
      CHECK(result_on(s, finding_kind::order_account_short) == check_result::unknown);
    }
    auto paying = swapped_order(order_state::withdrawing);
    paying.attempt(attempt_kind::payout, std::nullopt);
    paying.balances(std::nullopt, std::nullopt);
    CHECK(found_in(paying).empty());
    CHECK(result_on(paying, finding_kind::output_account_short) == check_result::unknown);
    // The other leg's attempt moves the shared account too.
    auto pair = open_order();
    pair.attempt(attempt_kind::swap, std::nullopt).order = domain::order_id::random();
    pair.balances(std::nullopt, std::nullopt);
    CHECK(found_in(pair).empty());
    // The deposit is not final yet.
    auto early = open_order();
    early.stored.attempts[0].outcome.reset();
    early.balances(std::nullopt, std::nullopt);
    CHECK(found_in(early).empty());
  }

  TEST_CASE("what cannot land any more, is unknown, and yet moved the money, is found") {
    const auto in_doubt = [](attempt_kind kind) {
      auto s = kind == attempt_kind::payout
                   ? swapped_order(order_state::withdrawing)
                   : open_order(kind == attempt_kind::swap ? order_state::executing : order_state::ready_expire);
      s.seen.statuses[s.attempt(kind, std::nullopt).id] = std::nullopt;
      s.balances(std::nullopt, std::nullopt);
      s.seen.finalized_block_height = last_valid + 2;
      return s;
    };
    constexpr auto kind = finding_kind::neither_landed_nor_dead;
    for (const auto what : {attempt_kind::swap, attempt_kind::payout, attempt_kind::refund}) {
      const auto s = in_doubt(what);
      CHECK(found_in(s) == names{"neither_landed_nor_dead"});
      for (const auto& c : verify::check_order(s.stored, s.seen))
        if (c.is == check_result::found) {
          CHECK(c.subject == s.stored.attempts.back().id.to_string());
          CHECK(c.order == s.stored.id);
          CHECK(c.money);
        }
    }
    // It dies by itself where nothing left the account.
    auto unmoved = in_doubt(attempt_kind::swap);
    unmoved.balances(holding(input_mint, input), std::nullopt);
    CHECK(found_in(unmoved).empty());
    auto unpaid = in_doubt(attempt_kind::payout);
    unpaid.balances(std::nullopt, holding(output_mint, output));
    CHECK(found_in(unpaid).empty());
    // It may land yet.
    auto alive = in_doubt(attempt_kind::swap);
    alive.seen.finalized_block_height = last_valid + 1;
    CHECK(result_on(alive, kind) == check_result::unknown);
    // It is known, wherever it is.
    auto known = in_doubt(attempt_kind::swap);
    known.seen.statuses[known.stored.attempts.back().id] =
        signature_status{seen_slot, solana::commitment::processed, {}};
    CHECK(result_on(known, kind) == check_result::right);
    // Nobody answered; the accounts are not read; a maker signs last, and its id may be another one.
    auto unasked = in_doubt(attempt_kind::swap);
    unasked.seen.statuses.erase(unasked.stored.attempts.back().id);
    CHECK(result_on(unasked, kind) == check_result::unknown);
    auto unread = in_doubt(attempt_kind::swap);
    unread.seen.accounts.reset();
    CHECK(result_on(unread, kind) == check_result::unknown);
    auto makers = in_doubt(attempt_kind::swap);
    makers.stored.attempts.back().by_maker = true;
    CHECK(result_on(makers, kind) == check_result::unknown);
    // Resolved since.
    auto resolved = in_doubt(attempt_kind::swap);
    resolved.stored.attempts.back().outcome = attempt_outcome::dead;
    CHECK(result_on(resolved, kind) == check_result::right);
  }

  TEST_CASE("an endpoint that is behind what is stored cannot tell") {
    auto s = open_order();
    s.balances(std::nullopt, std::nullopt);
    s.seen.accounts->slot = landed_slot - 1;
    CHECK(result_on(s, finding_kind::order_account_short) == check_result::unknown);
    s.seen.accounts->slot = landed_slot;
    CHECK(result_on(s, finding_kind::order_account_short) == check_result::found);
    s.seen.accounts.reset();
    CHECK(result_on(s, finding_kind::order_account_short) == check_result::unknown);

    auto behind = filled_order();
    behind.seen.statuses[behind.stored.attempts[0].id] = std::nullopt;
    behind.seen.finalized_slot = landed_slot - 1;
    CHECK(result_on(behind, finding_kind::landed_not_found) == check_result::unknown);
    auto not_final = filled_order();
    not_final.seen.statuses[not_final.stored.attempts[0].id]->level = solana::commitment::confirmed;
    not_final.seen.statuses[not_final.stored.attempts[0].id]->err = "{}";
    CHECK(result_on(not_final, finding_kind::landed_but_failed) == check_result::unknown);
  }

  TEST_CASE("an endpoint without an answer for an attempt says nothing of what happened twice") {
    struct row {
      checked_order s;
      attempt_kind kind;
      finding_kind twice;
    };
    for (auto& [s, kind, twice] : std::vector<row>{
             {filled_order(), attempt_kind::swap, finding_kind::double_swap},
             {filled_order(), attempt_kind::payout, finding_kind::double_payout},
             {refunded_order(order_state::cancelled), attempt_kind::refund, finding_kind::double_refund},
             {filled_order(), attempt_kind::refund, finding_kind::swap_and_refund},
         }) {
      INFO(to_string(twice));
      const auto again = s.attempt(kind, attempt_outcome::dead);
      CHECK(result_on(s, twice) == check_result::right);
      auto mute = s;
      mute.seen.statuses.erase(again.id);
      CHECK(result_on(mute, twice) == check_result::unknown);
      mute.seen.statuses.clear();
      CHECK(result_on(mute, twice) == check_result::unknown);
      // What it was not asked about is not missing.
      for (auto& a : mute.stored.attempts)
        a.settled = true;
      CHECK(result_on(mute, twice) == check_result::right);
      // Nor does a missing answer undo what is too much without it.
      s.seen.statuses = {{again.id, signature_status{landed_slot, solana::commitment::finalized, {}}}};
      CHECK(result_on(s, twice) == check_result::found);
    }
  }

  TEST_CASE("a partial fill leaves the rest in the order account") {
    auto s = open_order();
    s.attempt(attempt_kind::swap).expected_input = domain::token_amount{400};
    s.balances(holding(input_mint, 600), std::nullopt);
    CHECK(found_in(s).empty());
    s.balances(holding(input_mint, 599), std::nullopt);
    CHECK(found_in(s) == names{"order_account_short"});
    s.attempt(attempt_kind::swap).expected_input = domain::token_amount{600};
    s.balances(std::nullopt, std::nullopt);
    CHECK(found_in(s).empty());
  }

  TEST_CASE("attempts that came to nothing count for nothing") {
    auto s = filled_order();
    s.attempt(attempt_kind::swap, attempt_outcome::dead);
    s.attempt(attempt_kind::swap, attempt_outcome::landed_failed);
    s.attempt(attempt_kind::payout, attempt_outcome::landed_failed);
    s.attempt(attempt_kind::refund, attempt_outcome::dead);
    CHECK(found_in(s).empty());
    CHECK(result_on(s, finding_kind::dead_but_landed) == check_result::not_seen);
    CHECK(result_on(s, finding_kind::failed_but_landed) == check_result::right);
  }

  TEST_CASE("the payout of the other leg is none of this order") {
    auto s = filled_order();
    s.attempt(attempt_kind::payout).order = domain::order_id::random();
    CHECK(found_in(s).empty());
  }

  TEST_CASE(
      "attempts with a signature are asked for from their outcome, or the end of their life, until they are settled") {
    auto s = filled_order();
    s.stored.attempts[0].settled = true;
    s.stored.attempts[1].signature.reset();
    s.attempt(attempt_kind::close, std::nullopt);
    const auto asked = attempts_to_ask(s.stored, last_valid + 1);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0]->kind == attempt_kind::payout);
    const auto later = attempts_to_ask(s.stored, last_valid + 2);
    REQUIRE(later.size() == 2);
    CHECK(later[1]->kind == attempt_kind::close);
  }
}
