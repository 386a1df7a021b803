// One order at one endpoint: what is right, what is wrong, and what cannot be told.
#include "executor-service/core/verify.hpp"

#include <doctest/doctest.h>

#include "tests/executor-service/verify/verify_scene.hpp"

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
    for (const auto& c : verify::verify(s.stored, s.seen))
      if (c.kind == finding_kind::order_account_not_emptied) {
        CHECK(c.is == verdict::found);
        CHECK_FALSE(c.money);
      }
  }

  TEST_CASE("what is in flight is neither right nor wrong") {
    for (const auto kind : {attempt_kind::swap, attempt_kind::refund}) {
      auto s = open_order(kind == attempt_kind::swap ? order_state::executing : order_state::ready_to_cancel);
      s.attempt(kind, std::nullopt);
      s.balances(std::nullopt, std::nullopt);
      CHECK(found_in(s).empty());
      CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::unknown);
    }
    auto paying = swapped_order(order_state::withdrawing);
    paying.attempt(attempt_kind::payout, std::nullopt);
    paying.balances(std::nullopt, std::nullopt);
    CHECK(found_in(paying).empty());
    CHECK(verdict_on(paying, finding_kind::output_account_short) == verdict::unknown);
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

  TEST_CASE("an endpoint that is behind what is stored cannot tell") {
    auto s = open_order();
    s.balances(std::nullopt, std::nullopt);
    s.seen.accounts->slot = landed_slot - 1;
    CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::unknown);
    s.seen.accounts->slot = landed_slot;
    CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::found);
    s.seen.accounts.reset();
    CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::unknown);

    auto behind = filled_order();
    behind.seen.statuses[behind.stored.attempts[0].id] = std::nullopt;
    behind.seen.finalized_slot = landed_slot - 1;
    CHECK(verdict_on(behind, finding_kind::landed_not_found) == verdict::unknown);
    auto not_final = filled_order();
    not_final.seen.statuses[not_final.stored.attempts[0].id]->level = confirmation::confirmed;
    not_final.seen.statuses[not_final.stored.attempts[0].id]->err = "{}";
    CHECK(verdict_on(not_final, finding_kind::landed_but_failed) == verdict::unknown);
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
    CHECK(verdict_on(s, finding_kind::dead_but_landed) == verdict::not_seen);
    CHECK(verdict_on(s, finding_kind::failed_but_landed) == verdict::right);
  }

  TEST_CASE("the payout of the other leg is none of this order") {
    auto s = filled_order();
    s.attempt(attempt_kind::payout).order = domain::order_id::random();
    CHECK(found_in(s).empty());
  }

  TEST_CASE("resolved attempts with a signature are asked for until they are settled") {
    auto s = filled_order();
    s.stored.attempts[0].settled = true;
    s.stored.attempts[1].signature.reset();
    s.attempt(attempt_kind::close, std::nullopt);
    const auto asked = attempts_to_ask(s.stored);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0]->kind == attempt_kind::payout);
  }
}
