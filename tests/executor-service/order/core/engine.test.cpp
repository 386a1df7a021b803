// What an order's engine has built, written and asked, event by event.
#include "tests/executor-service/order/core/engine_fixture.hpp"

namespace landfall::executor {

using namespace tests;
using notice_kind = effects::notice::kind;
constexpr domain::milliseconds nothing{0};

TEST_CASE("what is signed is committed before it leaves, and its permit ends when it is on its way") {
  engine_fixture f;
  CHECK(f.start() == strings{"acquire permit"});
  CHECK(f.on(events::permit_granted{}) == strings{"build payout"});
  const auto payout = f.signed_attempt(attempt_kind::payout);
  CHECK(f.on(events::built{built::ready{payout, {}}}) == strings{"commit store payout, move withdrawing"});
  CHECK(f.find<effects::attempt_signed>()->kind == attempt_kind::payout);
  CHECK(f.committed() == strings{"watch", "broadcast", "mark", "timer 1000"});
  CHECK(f.find<effects::broadcast>()->what.transaction == payout.transaction);
  CHECK(f.find<effects::mark_broadcast>()->mark.at == f.now);
  CHECK(f.on(events::submitted{}) == strings{"release permit"});
  CHECK(f.on(events::submitted{}).empty());
  CHECK(f.engine->current().state == order_state::withdrawing);
}

TEST_CASE("a permit ends with whatever building gave but signed bytes") {
  const auto after = [](const order_event& e) {
    engine_fixture f;
    f.start();
    f.on(events::permit_granted{});
    return f.on(e);
  };
  CHECK(after(events::built{built::refused{"simulation_failed", {}}}) == strings{"release permit", "commit release"});
  CHECK(after(events::built{built::later{"router_unreachable", {}}}) == strings{"release permit", "timer 1000"});
  CHECK(after(events::build_failed{"timeout"}) == strings{"release permit", "timer 1000"});
}

TEST_CASE("a permit that comes when there is nothing to build any more is given back") {
  engine_fixture f;
  f.o.state = order_state::executing;
  f.o.attempts.pop_back();
  CHECK(f.start() == strings{"acquire permit"});
  CHECK(f.find<effects::acquire_permit>()->kind == attempt_kind::swap);
  f.now = f.o.expires_at;
  CHECK(f.on(events::permit_granted{}) == strings{"commit move execute_failed", "release permit"});
}

TEST_CASE("without a permit nothing is built, and it is asked for again") {
  engine_fixture f;
  f.start();
  CHECK(f.on(events::permit_failed{"gone"}) == strings{"timer 1000"});
  CHECK(f.tick() == strings{"acquire permit"});
}

TEST_CASE("a refused swap uses up a try; a refused payment comes again after the longest wait") {
  engine_fixture swap;
  swap.o.state = order_state::executing;
  swap.o.attempts.pop_back();
  swap.start();
  swap.on(events::permit_granted{});
  CHECK(swap.on(events::built{built::refused{"no_route", {}}}) ==
        strings{"release permit", "commit move execute_failed"});
  CHECK(swap.noticed(notice_kind::not_signed));
  CHECK(swap.written<write::transition>()->tries == 1);
  CHECK(swap.committed() == strings{"commit move ready_execute, release"});
  CHECK(swap.released_for() == swap.policy.steps.retry_base);
  CHECK(swap.committed() == strings{"finish"});

  engine_fixture payment;
  payment.start();
  payment.on(events::permit_granted{});
  payment.on(events::built{built::refused{"simulation_failed", {}}});
  CHECK(payment.released_for() == payment.policy.steps.retry_cap);
  CHECK(payment.committed() == strings{"finish"});
}

TEST_CASE("an order with nothing left to close reaches its end") {
  engine_fixture f;
  f.o.state = order_state::withdrawing;
  f.o.attempts.push_back(example_attempt(attempt_kind::payout, 1, attempt_outcome::landed));
  f.start();
  CHECK(f.on(events::permit_granted{}) == strings{"build close"});
  CHECK(f.on(events::built{built::nothing{}}) == strings{"release permit", "commit move fill_success"});
  CHECK(f.committed() == strings{"commit release"});
  CHECK(f.committed() == strings{"finish"});
}

TEST_CASE("the deposit opens its order when the account holds it, and is watched when it does not") {
  engine_fixture f;
  auto deposit = f.signed_attempt(attempt_kind::deposit);
  deposit.confirmed_slot = 40;
  f.o.state = order_state::depositing;
  f.o.attempts = {deposit};
  CHECK(f.start() == strings{"read deposit"});
  CHECK(f.find<effects::read_deposit>()->min_slot == 40);

  SUBCASE("it is there") {
    CHECK(f.balance(f.o.input_amount.units()) == strings{"commit move open"});
    CHECK(f.written<write::transition>()->attempt == deposit.id);
  }
  SUBCASE("it is not") {
    CHECK(f.balance(f.o.input_amount.units() - 1) == strings{"watch", "timer 1000"});
  }
  SUBCASE("nobody answers") {
    CHECK(f.on(events::unanswered{"timeout"}) == strings{"timer 1000"});
    CHECK(f.tick() == strings{"read deposit"});
  }
}

TEST_CASE("a final deposit that no account shows is asked for again") {
  engine_fixture f;
  auto deposit = f.signed_attempt(attempt_kind::deposit);
  deposit.outcome = attempt_outcome::landed;
  deposit.slot = 41;
  f.o.state = order_state::depositing;
  f.o.attempts = {deposit};
  f.start();
  CHECK(f.on(events::balance_read{{"rpc0", 50, {}}}) == strings{"timer 1000"});
  CHECK(f.noticed(notice_kind::waiting));
}

TEST_CASE(
    "a finalized swap moves the order on when its record shows what it moved, and is asked for again until then") {
  engine_fixture f;
  f.o.state = order_state::execute_success;
  f.o.attempts.back().signature = f.signature(9);
  CHECK(f.start() == strings{"read swap"});
  CHECK(f.find<effects::read_swap>()->id == f.signature(9));
  CHECK(f.on(events::unanswered{"timeout"}) == strings{"timer 1000"});
  CHECK(f.tick() == strings{"read swap"});
  CHECK(f.on(events::swap_read{"rpc0", {}}) == strings{"timer 1000"});
  f.tick();
  CHECK(f.on(events::swap_read{"rpc0", swap_record{}}) == strings{"timer 1000"});
  f.tick();
  const auto input = static_cast<domain::int128>(f.o.input_amount.units());
  CHECK(f.on(events::swap_read{"rpc0", swap_record{-input, output_amount, true}}) == strings{"timer 1000"});
  f.tick();
  CHECK(f.on(events::swap_read{"rpc0", swap_record{-input, output_amount, false}}) ==
        strings{"commit fill, move ready_withdraw_output"});
}

TEST_CASE("what cannot be answered is asked again, but not for ever on one lease") {
  engine_fixture f;
  f.o.state = order_state::execute_success;
  f.o.attempts.back().signature = f.signature(9);
  f.start();
  for (int i = 0; i < 20; ++i) {
    CHECK(f.on(events::unanswered{}) == strings{"timer 1000"});
    CHECK(f.tick() == strings{"read swap"});
  }
  CHECK(f.on(events::unanswered{}) == strings{"commit release"});
  CHECK(f.released_for() == f.policy.pause);
}

TEST_CASE("a timer of an earlier round does nothing; one that finds the order busy waits") {
  engine_fixture f;
  f.start();
  f.on(events::permit_failed{});
  const auto old = f.due;
  CHECK(f.tick() == strings{"acquire permit"});
  f.on(events::permit_failed{});
  CHECK(f.on(old).empty());
  CHECK(f.tick() == strings{"acquire permit"});
  CHECK(f.on(f.due) == strings{"timer 1000"});
}

TEST_CASE("a commit in doubt, or without the lease, or of no known kind ends the engine: nothing is sent or written") {
  const auto ends = [](commit_fault kind, const char* sqlstate, notice_kind notice) {
    engine_fixture f;
    f.start();
    f.on(events::permit_granted{});
    f.on(events::built{built::ready{f.signed_attempt(attempt_kind::payout), {}}});
    CHECK(f.refused(kind, sqlstate) == strings{"finish"});
    CHECK(f.noticed(notice));
    CHECK(f.on(events::commit_retry{}).empty());
    CHECK(f.on(f.due).empty());
    CHECK(f.on(events::stop{}).empty());
    CHECK(f.committed().empty());
  };
  ends(commit_fault::in_doubt, "", notice_kind::commit_not_known);
  ends(commit_fault::defect, "42601", notice_kind::commit_not_known);
  ends(commit_fault::constraint, "LF003", notice_kind::lease_lost);
  ends(commit_fault::constraint, "LF005", notice_kind::lease_lost);

  engine_fixture f;
  f.start();
  f.on(events::permit_granted{});
  f.on(events::built{built::ready{f.signed_attempt(attempt_kind::payout), {}}});
  CHECK(f.on(events::commit_lost{"down"}) == strings{"finish"});
  CHECK(f.noticed(notice_kind::commit_lost));
}

TEST_CASE("a commit that did not happen is made again as it was") {
  engine_fixture f;
  f.start();
  f.on(events::permit_granted{});
  const auto payout = f.signed_attempt(attempt_kind::payout);
  f.on(events::built{built::ready{payout, {}}});
  CHECK(f.refused(commit_fault::unavailable) == strings{"commit timer 1000"});
  CHECK(f.on(events::commit_retry{}) == strings{"commit store payout, move withdrawing"});
  CHECK(f.written<write::insert_attempt>()->what.id == payout.id);
  CHECK(f.refused(commit_fault::conflict) == strings{"commit timer 1000"});
  CHECK(f.noticed(notice_kind::commit_retried));
  f.on(events::commit_retry{});
  CHECK(f.committed() == strings{"watch", "broadcast", "mark", "timer 1000"});
  CHECK(f.on(events::commit_retry{}).empty());
}

TEST_CASE("what a rule refuses releases the order: at once if somebody else moved it, else after the longest wait") {
  const auto released = [](const char* sqlstate, notice_kind notice) {
    engine_fixture f;
    f.start();
    f.on(events::permit_granted{});
    f.on(events::built{built::ready{f.signed_attempt(attempt_kind::payout), {}}});
    CHECK(f.refused(commit_fault::constraint, sqlstate) == strings{"commit release"});
    CHECK(f.noticed(notice));
    const auto wait = f.released_for();
    CHECK(f.committed() == strings{"finish"});
    return wait;
  };
  const engine_policy policy;
  CHECK(released("LF001", notice_kind::order_changed_by_other) == nothing);
  CHECK(released("LF007", notice_kind::commit_refused) == policy.steps.retry_cap);
  CHECK(released("LF011", notice_kind::signing_halted) == policy.steps.retry_cap);
}

TEST_CASE("a refused release ends the engine") {
  engine_fixture f;
  f.o.state = order_state::fill_success;
  CHECK(f.start() == strings{"commit release"});
  CHECK(f.refused(commit_fault::constraint, "LF001") == strings{"finish"});
}

TEST_CASE("an answer that nobody awaits changes nothing") {
  engine_fixture f;
  f.start();
  CHECK(f.committed().empty());
  CHECK(f.on(events::built{built::nothing{}}).empty());
  CHECK(f.on(events::build_failed{}).empty());
  CHECK(f.on(events::unanswered{}).empty());
  CHECK(f.on(events::fee_read{}).empty());
  CHECK(f.on(events::swap_read{}).empty());
  CHECK(f.balance(1).empty());
  CHECK(f.on(events::permit_granted{}) == strings{"build payout"});
}

TEST_CASE("told to stop, an order is released as soon as nothing is being written") {
  engine_fixture f;

  SUBCASE("before it began") {
    CHECK(f.on(events::stop{}) == strings{"commit release"});
    CHECK(f.released_for() == nothing);
    CHECK(f.start().empty());
  }
  SUBCASE("while it waits for a permit, which comes too late") {
    f.start();
    CHECK(f.on(events::stop{}) == strings{"commit release"});
    CHECK(f.on(events::permit_granted{}).empty());
    CHECK(f.committed() == strings{"finish"});
  }
  SUBCASE("while it waits for a permit, which fails") {
    f.start();
    f.on(events::stop{});
    CHECK(f.on(events::permit_failed{}).empty());
  }
  SUBCASE("while it builds: what is signed is dropped") {
    f.start();
    f.on(events::permit_granted{});
    CHECK(f.on(events::stop{}).empty());
    CHECK(f.on(events::built{built::ready{f.signed_attempt(attempt_kind::payout), {}}}) == strings{"commit release"});
    CHECK(f.find<effects::attempt_signed>() == nullptr);
  }
  SUBCASE("while it builds: what could not be answered is not asked again") {
    f.start();
    f.on(events::permit_granted{});
    f.on(events::stop{});
    CHECK(f.on(events::built{built::later{}}) == strings{"release permit", "commit release"});
  }
  SUBCASE("while it commits") {
    f.start();
    f.on(events::permit_granted{});
    f.on(events::built{built::ready{f.signed_attempt(attempt_kind::payout), {}}});
    CHECK(f.on(events::stop{}).empty());
    SUBCASE("which succeeds: the next lease's holder sends it") {
      CHECK(f.committed() == strings{"commit release"});
      CHECK(f.committed() == strings{"finish"});
    }
    SUBCASE("which did not happen: it is not made again") {
      CHECK(f.refused(commit_fault::unavailable) == strings{"finish"});
    }
  }
  SUBCASE("while it watches") {
    f.pay_out();
    CHECK(f.on(events::stop{}) == strings{"commit release"});
    CHECK(f.observe(f.payout, 0, 90, signature_status{80, solana::commitment::finalized, {}}).empty());
  }
}

}  // namespace landfall::executor
