// How an order's engine finds out what became of a stored attempt.
#include "executor-service/order/core/mutant.hpp"
#include "tests/executor-service/order/core/engine_fixture.hpp"

namespace landfall::executor {

using namespace tests;
using notice_kind = effects::notice::kind;

namespace {

const signature_status confirmed{80, solana::commitment::confirmed, {}};
const signature_status finalized{80, solana::commitment::finalized, {}};
const signature_status failed{80, solana::commitment::finalized, R"({"InstructionError":[2,{"Custom":1}]})"};

}  // namespace

TEST_CASE("until something is seen of it the same bytes go out again, and nothing else is built") {
  engine_fixture f;
  f.pay_out();
  for (int i = 0; i < 5; ++i) {
    CHECK(f.tick() == strings{"broadcast again", "timer 1000"});
    CHECK(f.find<effects::broadcast>()->what.transaction == f.payout.transaction);
  }
  f.observe(f.payout, 0, 60, confirmed);
  f.committed();
  CHECK(f.tick() == strings{"timer 1000"});
}

TEST_CASE("when it was first sent is marked until that is written") {
  engine_fixture f;
  f.pay_out();
  const auto sent_at = f.now;
  f.on(events::broadcast_marked{f.payout.id, false});
  CHECK(f.tick() == strings{"broadcast again", "mark", "timer 1000"});
  CHECK(f.find<effects::mark_broadcast>()->mark.at == sent_at);
  f.on(events::broadcast_marked{domain::attempt_id::random(), false});
  CHECK(f.tick() == strings{"broadcast again", "timer 1000"});
}

TEST_CASE("what is found stored is resolved before anything is signed") {
  engine_fixture f;
  f.o.state = order_state::withdrawing;
  f.o.attempts.push_back(f.signed_attempt(attempt_kind::payout));
  CHECK(f.start() == strings{"watch", "broadcast", "mark", "timer 1000"});
  CHECK(f.noticed(notice_kind::attempt_watched));
}

TEST_CASE("a death takes two endpoints and the account's balance") {
  engine_fixture f;
  f.pay_out();
  CHECK(f.observe(f.payout, 0, 500, {}).empty());
  CHECK(f.observe(f.payout, 1, 500, {}) == strings{"read balance"});
  CHECK(f.find<effects::read_balance>()->of_output_account());
  CHECK(f.find<effects::read_balance>()->min_slot == 500);
  SUBCASE("which nobody answers") {
    CHECK(f.on(events::unanswered{}).empty());
    CHECK(f.tick() == strings{"broadcast again", "read balance", "timer 1000"});
  }
  SUBCASE("which is older than what it has to prove") {
    CHECK(f.balance(output_amount, 499) == strings{"read balance"});
  }
  SUBCASE("which shows that money left") {
    CHECK(f.balance(output_amount - 1).empty());
  }
  SUBCASE("which shows that nothing left") {
    CHECK(f.balance(output_amount) == strings{"commit resolve dead, move withdraw_failed, release"});
    CHECK(f.noticed(notice_kind::attempt_dead));
    CHECK(f.committed() == strings{"finish"});
  }
  SUBCASE("what is observed meanwhile waits for it") {
    CHECK(f.observe(f.payout, 1, 501, confirmed).empty());
    CHECK(f.balance(output_amount) == strings{"commit confirm"});
  }
  SUBCASE("told to stop meanwhile, it is released, and nothing is dead") {
    CHECK(f.on(events::stop{}).empty());
    CHECK(f.balance(output_amount) == strings{"commit release"});
  }
}

TEST_CASE("observations of something else, or older ones, change nothing") {
  engine_fixture f;
  f.pay_out();
  auto other = f.payout;
  other.signature = f.signature(99);
  CHECK(f.observe(other, 0, 60, confirmed).empty());
  CHECK(f.on(events::history_observed{domain::attempt_id::random(), f.seen(0, 60, confirmed)}).empty());
  f.observe(f.payout, 0, 60, {});
  CHECK(f.observe(f.payout, 0, 59, confirmed).empty());
}

TEST_CASE("confirmed is written, final ends it with its fee, and then what is left is closed") {
  engine_fixture f;
  f.pay_out();
  CHECK(f.observe(f.payout, 0, 60, confirmed) == strings{"commit confirm"});
  CHECK(f.committed().empty());
  CHECK(f.observe(f.payout, 0, 61, confirmed).empty());
  CHECK(f.observe(f.payout, 0, 90, finalized) == strings{"read fee"});
  SUBCASE("which is known") {
    CHECK(f.on(events::fee_read{5'000}) == strings{"commit resolve landed"});
    CHECK(f.written<write::resolve>()->fee_lamports == 5'000);
    CHECK(f.noticed(notice_kind::attempt_landed));
    CHECK(f.committed() == strings{"unwatch", "acquire permit"});
  }
  SUBCASE("which nobody knows") {
    CHECK(f.on(events::unanswered{}) == strings{"commit resolve landed"});
    CHECK_FALSE(f.written<write::resolve>()->fee_lamports);
  }
  SUBCASE("which comes after the stop: what is proven is written before the release") {
    f.on(events::stop{});
    CHECK(f.on(events::fee_read{5'000}) == strings{"commit resolve landed"});
    CHECK(f.committed() == strings{"unwatch", "commit release"});
  }
}

TEST_CASE("two endpoints that show a failure end it, and the next one comes after a while") {
  engine_fixture f;
  f.pay_out();
  CHECK(f.observe(f.payout, 0, 90, failed).empty());
  CHECK(f.observe(f.payout, 1, 90, failed) == strings{"read fee"});
  CHECK(f.on(events::fee_read{5'000}) == strings{"commit resolve landed_failed, move withdraw_failed, release"});
  CHECK(f.noticed(notice_kind::attempt_landed_failed));
  CHECK(f.released_for() == f.policy.steps.retry_base);
}

TEST_CASE("a confirmed attempt whose fork died is in doubt again, observed anew, and its own bytes go out again") {
  engine_fixture f;
  f.pay_out();
  f.observe(f.payout, 0, 60, confirmed);
  f.committed();
  CHECK(f.observe(f.payout, 0, 61, {}) == strings{"watch", "commit unconfirm"});
  CHECK(f.noticed(notice_kind::rolled_back));
  CHECK(f.committed().empty());
  CHECK(f.tick() == strings{"broadcast again", "timer 1000"});
  // An endpoint tells from the beginning: what it said before is forgotten, as far back as it may be.
  CHECK(f.observe(f.payout, 0, 40, confirmed) == strings{"commit confirm"});
}

TEST_CASE("an attempt that nobody would tell of is released instead of being waited for") {
  engine_fixture f;
  f.pay_out();
  CHECK(f.on(events::watch_refused{f.payout.id, "full"}).empty());
  CHECK(f.noticed(notice_kind::not_watched));
  CHECK(f.tick() == strings{"broadcast again", "commit release"});
  CHECK(f.released_for() == f.policy.steps.retry_cap);
}

TEST_CASE("an attempt in doubt for too long is told of once, and gives its lease back after a while") {
  engine_fixture f;
  f.pay_out();
  f.observe(f.payout, 0, 60, {});
  CHECK(f.tick(f.policy.resolution.overdue_after) == strings{"broadcast again", "timer 1000"});
  CHECK_FALSE(f.noticed(notice_kind::attempt_overdue));
  CHECK(f.tick() == strings{"broadcast again", "commit release"});
  CHECK(f.noticed(notice_kind::attempt_overdue));
  CHECK(f.released_for() == (f.policy.resolution.overdue_after + domain::milliseconds{1'000}) / 4);

  engine_fixture later;
  later.o.state = order_state::withdrawing;
  later.o.attempts.push_back(later.signed_attempt(attempt_kind::payout));
  later.now += std::chrono::hours{5};
  later.start();
  later.observe(later.o.attempts.back(), 0, 60, {});
  CHECK(later.noticed(notice_kind::attempt_overdue));
  for (domain::milliseconds polled{1'000}; polled < later.policy.overdue_polling;
       polled += domain::milliseconds{1'000}) {
    CHECK(later.tick() == strings{"broadcast again", "timer 1000"});
    CHECK_FALSE(later.noticed(notice_kind::attempt_overdue));
  }
  CHECK(later.tick() == strings{"broadcast again", "commit release"});
  CHECK(later.released_for() == later.policy.resolution.longest_rest);
}

TEST_CASE("a message with a maker is submitted again, its history is searched, and nothing else is done meanwhile") {
  engine_fixture f;
  f.o.state = order_state::executing;
  f.o.attempts.pop_back();
  f.start();
  f.on(events::permit_granted{});
  auto swap = f.signed_attempt(attempt_kind::swap);
  swap.signature.reset();
  swap.maker = "maker.example";
  swap.order_account_balance = f.o.input_amount;
  CHECK(f.on(events::built{built::ready{swap, "{}"}}) == strings{"commit store swap"});
  CHECK(f.committed() == strings{"search history", "submit", "release permit", "mark", "timer 1000"});
  CHECK(f.tick() == strings{"submit again", "search history", "timer 1000"});
  CHECK(f.find<effects::submit>()->what.quote_id() == swap.id.to_string());

  const auto show = [&](int n, std::uint64_t height, std::optional<signature_status> status, std::uint64_t balance) {
    auto seen = f.seen(n, height, std::move(status));
    seen.balance = balance_observation{seen.endpoint, height + 31, domain::token_amount{balance}};
    return f.on(events::history_observed{swap.id, seen});
  };
  SUBCASE("a fill is taken from the chain, and a maker pays its own fee") {
    CHECK(show(0, 202, signature_status{190, solana::commitment::finalized, {}, f.signature(9)}, 0) ==
          strings{"commit confirm, resolve landed, move execute_success"});
    CHECK(f.committed() == strings{"read swap"});
  }
  SUBCASE("it dies by two histories and two balances") {
    CHECK(show(0, 202, {}, f.o.input_amount.units()).empty());
    CHECK(show(1, 202, {}, 0).empty());
    CHECK(show(1, 203, {}, f.o.input_amount.units()) == strings{"commit resolve dead, move execute_failed"});
  }
}

TEST_CASE("no rule is broken unless the simulation breaks it") {
  CHECK_FALSE(any_mutated());
  CHECK_FALSE(mutated(mutant::send_before_store));
}

}  // namespace landfall::executor
