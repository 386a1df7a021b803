#include "executor-service/order/core/transition.hpp"

#include <doctest/doctest.h>

#include "executor-service/order/core/consequence.hpp"

#include "tests/executor-service/order/core/example_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::tests;
using domain::order_state;

namespace {

const step_policy policy{};

domain::utc_time at(long long ms) {
  return domain::from_unix_ms(ms);
}

order with(order_state state, std::vector<attempt> attempts) {
  auto o = example_order(state);
  o.attempts = std::move(attempts);
  return o;
}

template <class Step>
Step expect(const next& n) {
  REQUIRE(std::holds_alternative<Step>(n));
  return std::get<Step>(n);
}

const auto final_deposit = example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed);

}  // namespace

TEST_CASE("whatever the state, an attempt without outcome is resolved before anything else is built") {
  for (const auto& row : domain::order_states) {
    for (const auto kind : {attempt_kind::swap, attempt_kind::payout, attempt_kind::refund, attempt_kind::close}) {
      const auto o = with(row.state, {final_deposit, example_attempt(kind, 1)});
      const auto n = next_step(o, at(0), policy);
      const auto* build = std::get_if<step::build>(&n);
      CHECK_MESSAGE((build == nullptr || o.unresolved() == nullptr || row.state == order_state::ready_withdraw_output ||
                     row.state == order_state::withdraw_failed || row.state == order_state::withdrawing),
                    row.name);
    }
  }
  const auto swap = example_attempt(attempt_kind::swap, 1);
  CHECK(expect<step::resolve>(next_step(with(order_state::executing, {final_deposit, swap}), at(0), policy)).attempt ==
        swap.id);
  const auto payout = example_attempt(attempt_kind::payout, 1);
  CHECK(expect<step::resolve>(next_step(with(order_state::withdrawing, {final_deposit, payout}), at(0), policy))
            .attempt == payout.id);
  const auto refund = example_attempt(attempt_kind::refund, 1);
  CHECK(expect<step::resolve>(next_step(with(order_state::ready_expire, {final_deposit, refund}), at(0), policy))
            .attempt == refund.id);
}

TEST_CASE("an unresolved swap is resolved even after expiry and after a cancel was asked for") {
  auto o = with(order_state::executing, {final_deposit, example_attempt(attempt_kind::swap, 1)});
  o.cancel_requested = true;
  expect<step::resolve>(next_step(o, at(2'000'000), policy));
}

TEST_CASE("a signed deposit is followed until it is proven either way") {
  auto deposit = example_attempt(attempt_kind::deposit, 1);
  CHECK(expect<step::resolve>(next_step(with(order_state::depositing, {deposit}), at(0), policy)).attempt ==
        deposit.id);
  deposit.confirmed_slot = 5;
  expect<step::check_deposit>(next_step(with(order_state::depositing, {deposit}), at(0), policy));
  deposit.outcome = attempt_outcome::dead;
  deposit.confirmed_slot.reset();
  CHECK(expect<step::transition>(next_step(with(order_state::depositing, {deposit}), at(0), policy)).to ==
        order_state::deposit_failed);
}

TEST_CASE("nothing is signed for an account whose deposit is not final") {
  const auto deposit = example_attempt(attempt_kind::deposit, 1);
  CHECK(expect<step::resolve>(next_step(with(order_state::executing, {deposit}), at(0), policy)).attempt == deposit.id);
  CHECK(expect<step::resolve>(next_step(with(order_state::ready_expire, {deposit}), at(0), policy)).attempt ==
        deposit.id);
  CHECK(expect<step::build>(next_step(with(order_state::executing, {final_deposit}), at(0), policy)).kind ==
        attempt_kind::swap);
}

TEST_CASE("an order whose deposit was undone for good ends without a swap and without a refund") {
  for (const auto outcome : {attempt_outcome::dead, attempt_outcome::landed_failed}) {
    const auto deposit = example_attempt(attempt_kind::deposit, 1, outcome);
    CHECK(expect<step::transition>(next_step(with(order_state::executing, {deposit}), at(0), policy)).to ==
          order_state::execute_failed);
    CHECK(expect<step::transition>(next_step(with(order_state::execute_failed, {deposit}), at(0), policy)).to ==
          order_state::ready_expire);
    CHECK(expect<step::transition>(next_step(with(order_state::ready_expire, {deposit}), at(0), policy)).to ==
          order_state::expired);
  }
}

TEST_CASE("old evidence goes back to the trigger, fresh evidence is executed") {
  auto o = with(order_state::ready_execute, {final_deposit});
  o.triggered_at = at(0);
  CHECK(expect<step::transition>(next_step(o, at(300'000), policy)).to == order_state::executing);
  CHECK(expect<step::transition>(next_step(o, at(300'001), policy)).to == order_state::open);
  o.triggered_at.reset();
  CHECK(expect<step::transition>(next_step(o, at(0), policy)).to == order_state::open);
}

TEST_CASE(
    "evidence that grew old before anything was signed executes nothing; what is stored is resolved all the same") {
  auto o = with(order_state::executing, {final_deposit});
  o.triggered_at = at(0);
  CHECK(expect<step::build>(next_step(o, at(300'000), policy)).kind == attempt_kind::swap);
  const auto move = expect<step::transition>(next_step(o, at(300'001), policy));
  CHECK(move.to == order_state::execute_failed);
  CHECK(move.reason == "evidence_too_old");
  o.attempts.push_back(example_attempt(attempt_kind::swap, 1));
  expect<step::resolve>(next_step(o, at(300'001), policy));
}

TEST_CASE("a failed try is repeated within its bound, then the deposit goes home") {
  auto o = with(order_state::execute_failed, {final_deposit});
  o.attempts_made = 1;
  auto move = expect<step::transition>(next_step(o, at(0), policy));
  CHECK(move.to == order_state::ready_execute);
  CHECK(move.retry_after == policy.retry_base);
  o.attempts_made = policy.max_swap_attempts;
  CHECK(expect<step::transition>(next_step(o, at(0), policy)).to == order_state::ready_expire);
  o.attempts_made = 1;
  CHECK(expect<step::transition>(next_step(o, at(1'000'000), policy)).to == order_state::ready_expire);
  o.cancel_requested = true;
  CHECK(expect<step::transition>(next_step(o, at(0), policy)).to == order_state::ready_to_cancel);
}

TEST_CASE("a swap that is over is not paid out before it is validated") {
  const auto swap = example_attempt(attempt_kind::swap, 1, attempt_outcome::landed);
  CHECK(expect<step::validate_swap>(next_step(with(order_state::execute_success, {final_deposit, swap}), at(0), policy))
            .attempt == swap.id);
  CHECK(expect<step::build>(next_step(with(order_state::ready_withdraw_output, {final_deposit, swap}), at(0), policy))
            .kind == attempt_kind::payout);
}

TEST_CASE("after the payout the accounts are closed, then the order is filled") {
  const auto swap = example_attempt(attempt_kind::swap, 1, attempt_outcome::landed);
  const auto payout = example_attempt(attempt_kind::payout, 1, attempt_outcome::landed);
  auto o = with(order_state::withdrawing, {final_deposit, swap, payout});
  CHECK(expect<step::build>(next_step(o, at(0), policy)).kind == attempt_kind::close);
  o.attempts.push_back(example_attempt(attempt_kind::close, 1, attempt_outcome::landed_failed));
  CHECK(expect<step::build>(next_step(o, at(0), policy)).kind == attempt_kind::close);
  o.attempts.push_back(example_attempt(attempt_kind::close, 2, attempt_outcome::landed));
  const auto move = expect<step::transition>(next_step(o, at(0), policy));
  CHECK(move.to == order_state::fill_success);
  CHECK(move.reason == "paid_out");
}

TEST_CASE("closing is given up after its bound, and the reason says so") {
  std::vector<attempt> attempts{final_deposit, example_attempt(attempt_kind::refund, 1, attempt_outcome::landed)};
  for (int i = 1; i <= policy.max_close_attempts; ++i)
    attempts.push_back(example_attempt(attempt_kind::close, i, attempt_outcome::landed_failed));
  const auto move = expect<step::transition>(next_step(with(order_state::ready_expire, attempts), at(0), policy));
  CHECK(move.to == order_state::expired);
  CHECK(move.reason == "refunded_accounts_left_open");
}

TEST_CASE("closing that is refused again and again is given up, too") {
  auto o =
      with(order_state::withdrawing, {final_deposit, example_attempt(attempt_kind::swap, 1, attempt_outcome::landed),
                                      example_attempt(attempt_kind::payout, 1, attempt_outcome::landed)});
  int refused = 0;
  while (std::holds_alternative<step::build>(next_step(o, at(0), policy))) {
    for (const auto& w : build_refused(o, attempt_kind::close, "simulation_failed", {}, at(0), policy).writes)
      apply(o, w);
    REQUIRE(++refused <= policy.max_swap_attempts + policy.max_close_attempts);
  }
  CHECK(refused >= policy.max_close_attempts);
  const auto move = expect<step::transition>(next_step(o, at(0), policy));
  CHECK(move.to == order_state::fill_success);
  CHECK(move.reason == "paid_out_accounts_left_open");
}

TEST_CASE("the tries of its swap leave an order every try to close") {
  auto o =
      with(order_state::withdrawing, {final_deposit, example_attempt(attempt_kind::swap, 1, attempt_outcome::landed),
                                      example_attempt(attempt_kind::payout, 1, attempt_outcome::landed)});
  o.attempts_made = policy.max_swap_attempts;
  for (int i = 1; i <= policy.max_close_attempts; ++i) {
    expect<step::build>(next_step(o, at(0), policy));
    o.attempts.push_back(example_attempt(attempt_kind::close, i, attempt_outcome::landed_failed));
  }
  expect<step::transition>(next_step(o, at(0), policy));
}

TEST_CASE("a cancelled order is refunded, closed, and ends cancelled") {
  auto o = with(order_state::ready_to_cancel, {example_attempt(attempt_kind::deposit, 1)});
  CHECK(expect<step::resolve>(next_step(o, at(0), policy)).attempt == o.attempts.front().id);
  o.attempts = {final_deposit, example_attempt(attempt_kind::swap, 1, attempt_outcome::landed)};
  CHECK(expect<step::build>(next_step(o, at(0), policy)).kind == attempt_kind::refund);
  o.attempts.push_back(example_attempt(attempt_kind::refund, 1));
  CHECK(expect<step::resolve>(next_step(o, at(0), policy)).attempt == o.attempts.back().id);
  o.attempts.back().outcome = attempt_outcome::dead;
  CHECK(expect<step::build>(next_step(o, at(0), policy)).kind == attempt_kind::refund);
  o.attempts.push_back(example_attempt(attempt_kind::refund, 2, attempt_outcome::landed));
  CHECK(expect<step::build>(next_step(o, at(0), policy)).kind == attempt_kind::close);
  const auto closed = nothing_to_close(o);
  CHECK(std::get<write::transition>(closed.writes.front()).to == order_state::cancelled);
  o.attempts.push_back(example_attempt(attempt_kind::close, 1, attempt_outcome::landed));
  CHECK(expect<step::transition>(next_step(o, at(0), policy)).to == order_state::cancelled);
}

TEST_CASE("a cancelled order whose deposit was undone for good has nothing to send home") {
  const auto o = with(order_state::ready_to_cancel, {example_attempt(attempt_kind::deposit, 1, attempt_outcome::dead)});
  expect<step::release>(next_step(o, at(0), policy));
}

TEST_CASE("an open order is expired here only when the trigger service did not") {
  const auto o = with(order_state::open, {final_deposit});
  CHECK(expect<step::release>(next_step(o, at(1'000'000), policy)).until == at(1'000'000));
  CHECK(expect<step::transition>(next_step(o, at(1'015'000), policy)).to == order_state::ready_expire);
}

TEST_CASE("every move that is decided is one that PostgreSQL allows the executor") {
  for (const auto& row : domain::order_states) {
    for (const auto deposit : {std::optional<attempt_outcome>{}, std::optional{attempt_outcome::landed},
                               std::optional{attempt_outcome::dead}, std::optional{attempt_outcome::landed_failed}}) {
      for (const long long now : {0LL, 200'000LL, 5'000'000LL}) {
        for (const bool cancel : {false, true}) {
          auto o = with(row.state, {example_attempt(attempt_kind::deposit, 1, deposit)});
          o.triggered_at = at(0);
          o.cancel_requested = cancel;
          const auto n = next_step(o, at(now), policy);
          if (const auto* move = std::get_if<step::transition>(&n))
            CHECK_MESSAGE(domain::may_transition(row.state, move->to, domain::role::executor), row.name);
        }
      }
    }
  }
}

TEST_CASE("the retry delay doubles up to its cap") {
  CHECK(retry_delay(1, policy) == domain::milliseconds{1'000});
  CHECK(retry_delay(3, policy) == domain::milliseconds{4'000});
  CHECK(retry_delay(50, policy) == policy.retry_cap);
}
