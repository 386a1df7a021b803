#include "executor-service/order/core/consequence.hpp"

#include <doctest/doctest.h>

#include "tests/executor-service/order/core/example_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::tests;
using domain::order_state;

namespace {

const step_policy policy{};
const auto now = domain::from_unix_ms(50'000);

struct example {
  order o;
  attempt a;
};

example with(order_state state, attempt_kind kind, std::optional<std::uint64_t> confirmed_slot = {}) {
  example e{example_order(state), example_attempt(kind, 1)};
  e.a.confirmed_slot = confirmed_slot;
  e.o.attempts = {e.a};
  return e;
}

consequence of(const example& e, const resolution& proven) {
  return consequence_of(e.o, e.a, proven, 5'000, now, policy);
}

const write::transition* last_move(const consequence& c) {
  const write::transition* found = nullptr;
  for (const auto& w : c.writes)
    if (const auto* move = std::get_if<write::transition>(&w))
      found = move;
  return found;
}

const write::resolve* outcome(const consequence& c) {
  for (const auto& w : c.writes)
    if (const auto* resolved = std::get_if<write::resolve>(&w))
      return resolved;
  return nullptr;
}

fate::dead dead_with_certificate() {
  fate::dead dead;
  dead.certificate.last_valid_block_height = 7;
  return dead;
}

}  // namespace

TEST_CASE("doubt changes nothing, whatever the state and the kind") {
  for (const auto& row : domain::order_states)
    for (const auto kind :
         {attempt_kind::deposit, attempt_kind::swap, attempt_kind::payout, attempt_kind::refund, attempt_kind::close})
      CHECK(of(with(row.state, kind), fate::in_doubt{}).nothing());
}

TEST_CASE("an outcome is written only for what is final or dead") {
  CHECK(outcome(of(with(order_state::executing, attempt_kind::swap), fate::landed{9, false})) == nullptr);
  CHECK(outcome(of(with(order_state::execute_success, attempt_kind::swap, 9), fate::rolled_back{})) == nullptr);
  const auto final_swap = of(with(order_state::execute_success, attempt_kind::swap, 9), fate::landed{9, true});
  REQUIRE(outcome(final_swap) != nullptr);
  CHECK(outcome(final_swap)->outcome == attempt_outcome::landed);
  CHECK(outcome(final_swap)->slot == 9);
  CHECK(outcome(final_swap)->fee_lamports == 5'000);
  const auto dead = of(with(order_state::executing, attempt_kind::swap), dead_with_certificate());
  REQUIRE(outcome(dead) != nullptr);
  CHECK(outcome(dead)->outcome == attempt_outcome::dead);
  CHECK(!outcome(dead)->certificate.empty());
}

TEST_CASE("a confirmed swap moves on once, and a rollback takes that back") {
  const auto confirmed = of(with(order_state::executing, attempt_kind::swap), fate::landed{9, false});
  REQUIRE(last_move(confirmed) != nullptr);
  CHECK(last_move(confirmed)->to == order_state::execute_success);
  CHECK(of(with(order_state::execute_success, attempt_kind::swap, 9), fate::landed{9, false}).nothing());
  const auto gone = of(with(order_state::execute_success, attempt_kind::swap, 9), fate::rolled_back{12});
  REQUIRE(last_move(gone) != nullptr);
  CHECK(last_move(gone)->to == order_state::executing);
  CHECK(std::holds_alternative<write::unconfirm>(gone.writes.front()));
}

TEST_CASE("a swap that failed or died ends its try in the same commit as its outcome") {
  for (const resolution& proven : {resolution{fate::landed_failed{9, "{}"}}, resolution{dead_with_certificate()}}) {
    const auto c = of(with(order_state::executing, attempt_kind::swap), proven);
    REQUIRE(last_move(c) != nullptr);
    CHECK(last_move(c)->to == order_state::execute_failed);
    CHECK(last_move(c)->tries == 1);
    CHECK(outcome(c) != nullptr);
    CHECK(!c.leave);
  }
  const auto after_rollback =
      of(with(order_state::execute_success, attempt_kind::swap, 9), fate::landed_failed{11, "{}"});
  std::vector<order_state> moves;
  for (const auto& w : after_rollback.writes)
    if (const auto* move = std::get_if<write::transition>(&w))
      moves.push_back(move->to);
  CHECK(moves == std::vector{order_state::executing, order_state::execute_failed});
}

TEST_CASE("only what was refused, or signed in vain, counts as a try") {
  const auto o = example_order(order_state::executing);
  for (const char* reason :
       {"evidence_too_old", "expired_before_signing", "cancel_requested", "deposit_came_to_nothing"})
    CHECK(transition_from(o, order_state::execute_failed, reason).tries == 0);
  const auto refused = build_refused(o, attempt_kind::swap, "no_route", {}, now, policy);
  REQUIRE(last_move(refused) != nullptr);
  CHECK(last_move(refused)->to == order_state::execute_failed);
  CHECK(last_move(refused)->tries == 1);
}

TEST_CASE("an outage as long as you like uses up no try") {
  auto o = example_order(order_state::ready_execute);
  o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed)};
  o.expires_at = now + std::chrono::hours{24 * 365};
  o.triggered_at = now;
  auto time = now;
  for (int builds = 0; builds < 10 * policy.max_swap_attempts;) {
    const auto n = next_step(o, time, policy);
    if (const auto* move = std::get_if<step::transition>(&n)) {
      apply(o, transition_from(o, move->to, move->reason));
      time += move->retry_after;
    } else if (std::holds_alternative<step::build>(n)) {
      // No endpoint answers, until the evidence is too old.
      time = *o.triggered_at + policy.evidence_max_age + domain::milliseconds{1};
      ++builds;
    } else {
      // The trigger decides anew.
      REQUIRE(o.state == order_state::open);
      o.state = order_state::ready_execute;
      o.triggered_at = time;
    }
    REQUIRE(o.state != order_state::ready_expire);
  }
  CHECK(o.attempts_made == 0);
}

TEST_CASE("a refused payout, refund or close comes again after the longest wait, and only a close is counted") {
  for (const auto kind : {attempt_kind::payout, attempt_kind::refund, attempt_kind::close}) {
    auto o = example_order(order_state::withdrawing);
    const auto c = build_refused(o, kind, "simulation_failed", {}, now, policy);
    CHECK(c.leave);
    REQUIRE(c.writes.size() == 1);
    const auto wait = std::get<write::release>(c.writes.front());
    CHECK(wait.until == now + policy.retry_cap);
    CHECK(wait.state == o.state);
    apply(o, c.writes.front());
    CHECK(o.attempts_made == (kind == attempt_kind::close ? 1 : 0));
  }
}

TEST_CASE("a payout that did not pay is tried again after a growing while") {
  auto e = with(order_state::withdrawing, attempt_kind::payout);
  const auto first = of(e, fate::landed_failed{9, "{}"});
  CHECK(first.leave);
  CHECK(last_move(first)->to == order_state::withdraw_failed);
  const auto wait = std::get<write::release>(first.writes.back());
  CHECK(wait.state == order_state::withdraw_failed);
  CHECK(wait.until == now + policy.retry_base);
  e.o.attempts.push_back(example_attempt(attempt_kind::payout, 2));
  CHECK(std::get<write::release>(of(e, fate::landed_failed{9, "{}"}).writes.back()).until > wait.until);
}

TEST_CASE("a refund or close that failed leaves the state as it is") {
  for (const auto kind : {attempt_kind::refund, attempt_kind::close}) {
    const auto c = of(with(order_state::ready_expire, kind), dead_with_certificate());
    CHECK(last_move(c) == nullptr);
    CHECK(outcome(c) != nullptr);
    CHECK(c.leave);
  }
}

TEST_CASE("a deposit fails its order only while that waits for it") {
  CHECK(last_move(of(with(order_state::depositing, attempt_kind::deposit), dead_with_certificate()))->to ==
        order_state::deposit_failed);
  CHECK(last_move(of(with(order_state::open, attempt_kind::deposit), dead_with_certificate())) == nullptr);
}

TEST_CASE("every move that follows is one that PostgreSQL allows the executor") {
  for (const auto& row : domain::order_states)
    for (const auto kind :
         {attempt_kind::deposit, attempt_kind::swap, attempt_kind::payout, attempt_kind::refund, attempt_kind::close})
      for (const auto confirmed : {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{9}})
        for (const resolution& proven :
             {resolution{fate::landed{9, false}}, resolution{fate::landed{9, true}}, resolution{fate::rolled_back{9}},
              resolution{fate::landed_failed{9, "{}"}}, resolution{dead_with_certificate()}})
          for (const auto& w : of(with(row.state, kind, confirmed), proven).writes)
            if (const auto* move = std::get_if<write::transition>(&w))
              CHECK_MESSAGE(domain::may_transition(move->from, move->to, domain::role::executor), row.name);
}

TEST_CASE("a swap is believed only if the chain's record shows exactly the deposit leaving and enough arriving") {
  auto e = with(order_state::execute_success, attempt_kind::swap, 9);
  e.a.minimum_output = domain::token_amount{100};
  const auto validated = [&](std::optional<domain::int128> in, std::optional<domain::int128> out, bool failed = false) {
    return last_move(swap_validated(e.o, e.a, {in, out, failed}))->to;
  };
  const domain::int128 deposit = 1'500'000'000;
  CHECK(validated(-deposit, 100) == order_state::ready_withdraw_output);
  CHECK(validated(-deposit, 99) == order_state::fill_failed);
  CHECK(validated(-deposit - 1, 100) == order_state::fill_failed);
  CHECK(validated(-deposit + 1, 100) == order_state::fill_failed);
  CHECK(validated(-deposit, 0) == order_state::fill_failed);
  CHECK(validated(0, 0) == order_state::fill_failed);
}

TEST_CASE("a record that lacks what the swap moved, or shows its failure, is asked for again") {
  const auto e = with(order_state::execute_success, attempt_kind::swap, 9);
  const domain::int128 deposit = 1'500'000'000;
  CHECK(swap_validated(e.o, e.a, {}).nothing());
  CHECK(swap_validated(e.o, e.a, {std::nullopt, 100, false}).nothing());
  CHECK(swap_validated(e.o, e.a, {-deposit, std::nullopt, false}).nothing());
  CHECK(swap_validated(e.o, e.a, {-deposit, 100, true}).nothing());
  CHECK(swap_validated(e.o, e.a, {0, 0, true}).nothing());
}

TEST_CASE("a signed payout is stored together with its move, before anything leaves") {
  const auto payout = example_attempt(attempt_kind::payout, 1);
  const auto c = store_signed(example_order(order_state::ready_withdraw_output), payout, {});
  REQUIRE(c.writes.size() == 2);
  CHECK(std::holds_alternative<write::insert_attempt>(c.writes[0]));
  CHECK(std::get<write::transition>(c.writes[1]).to == order_state::withdrawing);
  CHECK(store_signed(example_order(order_state::withdrawing), payout, {}).writes.size() == 1);
  CHECK(store_signed(example_order(order_state::executing), example_attempt(attempt_kind::swap, 1), {}).writes.size() ==
        1);
}

TEST_CASE("what was written is what the loaded order shows") {
  auto o = example_order(order_state::executing);
  const auto swap = example_attempt(attempt_kind::swap, 1);
  apply(o, write::insert_attempt{swap, {}});
  apply(o, write::confirm{swap.id, 9});
  apply(o, transition_from(o, order_state::execute_success, "swap_confirmed", {}, swap.id));
  CHECK(o.state == order_state::execute_success);
  CHECK(o.find(swap.id)->confirmed_slot == 9);
  apply(o, write::unconfirm{swap.id});
  CHECK(!o.find(swap.id)->confirmed_slot);
  apply(o, write::resolve{swap.id, attempt_outcome::landed, 11, {}, {}, {}});
  CHECK(o.unresolved() == nullptr);
  apply(o, write::record_fill{domain::token_amount{1}, domain::token_amount{2}});
  CHECK(o.output_amount == domain::token_amount{2});
}
