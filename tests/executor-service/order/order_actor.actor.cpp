// What an order actor writes, sends and waits for.
#include "tests/executor-service/order/order_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE("a payout is stored, with its move, before a byte of it leaves") {
  order_fixture b;
  b.start();
  CHECK(b.j->lines == strings{"store payout", "move withdrawing", "watch", "send"});
  REQUIRE(b.j->sent.size() == 1);
  const auto tx = solana::parse_transaction(b.j->sent.front());
  REQUIRE(tx.ok());
  CHECK(solana::verify_signatures(*tx).ok());
  CHECK(tx->body.static_keys.front() == b.with->fee_payer);
}

TEST_CASE("a turn to build ends when what was built is on its way") {
  order_fixture b;
  b.j->holds_sends = true;
  b.with->payment_permits = b.system.spawn([j = b.j](semaphore_actor::pointer) -> semaphore_actor::behavior_type {
    return {[j](permit_request) {
              j->lines.push_back("turn");
              return permit_granted{};
            },
            [j](permit_released) { j->lines.push_back("turn done"); }};
  });
  // Swaps have another line, which does not matter here however long it is.
  std::vector<caf::typed_response_promise<permit_granted>> never;
  b.with->swap_permits = b.system.spawn([&never](semaphore_actor::pointer self) -> semaphore_actor::behavior_type {
    return {[&never, self](permit_request) {
              never.push_back(self->make_response_promise<permit_granted>());
              return never.back();
            },
            [](permit_released) {}};
  });
  b.start();
  const strings on_its_way{"turn", "store payout", "move withdrawing", "watch", "send"};
  CHECK(b.j->lines == on_its_way);
  REQUIRE(b.j->held_sends.size() == 1);
  b.j->held_sends.front().deliver(chain::sent{});
  b.run();
  auto over = on_its_way;
  over.push_back("turn done");
  CHECK(b.j->lines == over);
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->count("send") == 2);
  CHECK(b.j->count("turn done") == 1);
  CHECK(never.empty());
  anon_send_exit(b.with->swap_permits, caf::exit_reason::kill);
  b.j->held_sends.clear();
  anon_send_exit(b.with->payment_permits, caf::exit_reason::kill);
}

TEST_CASE("a turn ends too when nothing tells of the send, or there is nothing to send") {
  order_fixture b;
  b.j->holds_sends = true;
  int done = 0;
  const auto counting = [&done](semaphore_actor::pointer) -> semaphore_actor::behavior_type {
    return {[](permit_request) { return permit_granted{}; }, [&done](permit_released) { ++done; }};
  };
  b.with->payment_permits = b.system.spawn(counting);
  b.start();
  CHECK(done == 0);
  b.advance(b.with->config.request_timeout);
  CHECK(done == 1);
  b.j->held_sends.clear();
  anon_send_exit(b.with->payment_permits, caf::exit_reason::kill);

  order_fixture without;
  without.j->accounts[without.with->fee_payer].lamports = 0;
  without.with->payment_permits = without.system.spawn(counting);
  without.start();
  CHECK(without.j->sent.empty());
  CHECK(done == 2);
  anon_send_exit(without.with->payment_permits, caf::exit_reason::kill);
}

TEST_CASE("a commit in doubt sends nothing, and the actor ends so that the rows are read anew") {
  order_fixture b;
  b.j->refusals = {error_of(postgres::error_kind::in_doubt)};
  b.start();
  CHECK(b.j->lines == strings{"refused store payout"});
  b.advance(domain::milliseconds{60'000});
  CHECK(b.j->lines == strings{"refused store payout"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("a lost lease sends nothing") {
  order_fixture b;
  b.j->refusals = {error_of(postgres::error_kind::constraint, "LF003")};
  b.start();
  b.advance(domain::milliseconds{60'000});
  CHECK(b.j->lines == strings{"refused store payout"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("a database that is away is tried again with the very same attempt, and only then the bytes leave") {
  order_fixture b;
  b.j->refusals = {error_of(postgres::error_kind::unavailable), error_of(postgres::error_kind::conflict)};
  b.start();
  CHECK(b.j->sent.empty());
  b.advance(b.with->config.pause);
  CHECK(b.j->sent.empty());
  b.advance(b.with->config.pause);
  CHECK(b.j->lines ==
        strings{"refused store payout", "refused store payout", "store payout", "move withdrawing", "watch", "send"});
}

TEST_CASE("a rule's no gives the order back instead of sending") {
  order_fixture b;
  b.j->refusals = {error_of(postgres::error_kind::constraint, "LF007")};
  b.start();
  CHECK(b.j->lines == strings{"refused store payout", "release"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("until something is seen of it the same bytes go out again, and nothing else is signed") {
  order_fixture b;
  b.start();
  for (int i = 0; i < 5; ++i)
    b.advance(b.with->config.rebroadcast);
  REQUIRE(b.j->sent.size() == 6);
  for (const auto& bytes : b.j->sent)
    CHECK(bytes == b.j->sent.front());
  CHECK(b.j->count("store payout") == 1);
}

TEST_CASE("what is found stored is resolved before anything is signed") {
  order_fixture b;
  b.start();
  const auto stored = b.j->sent.front();
  const auto id = b.watched_signature();
  order_fixture after;
  attempt payout = example_attempt(attempt_kind::payout, 1);
  payout.transaction = stored;
  payout.signature = id;
  payout.last_valid_block_height = 200;
  after.o.state = order_state::withdrawing;
  after.o.attempts.push_back(payout);
  after.start();
  CHECK(after.j->lines == strings{"watch", "send"});
  CHECK(after.j->sent.front() == stored);
}

TEST_CASE("told to stop while it builds, it stores nothing, sends nothing, and gives the lease back") {
  order_fixture b;
  b.j->before_simulation = [&b] { caf::anon_send(b.worker, order_stop{}); };
  b.worker = spawn_order(b.system, b.o, b.with);
  b.run();
  CHECK(b.j->lines == strings{"release"});
  CHECK(b.j->sent.empty());
}

TEST_CASE("told to stop while it reads the balance that a death needs, it gives the lease back, and nothing is dead") {
  order_fixture b;
  b.start();
  b.observe(0, 500, std::nullopt);
  b.j->before_accounts = [&b] { caf::anon_send(b.worker, order_stop{}); };
  b.observe(1, 500, std::nullopt);
  CHECK(b.j->lines.back() == "release");
  CHECK(b.j->count("resolve dead") == 0);
}

TEST_CASE("a fee payer that runs dry signs nothing, and goes on when it has money again") {
  order_fixture b;
  b.j->accounts[b.with->fee_payer].lamports = 19'999'999;
  b.start();
  b.advance(b.with->config.pause);
  CHECK(b.j->lines.empty());
  b.j->accounts[b.with->fee_payer].lamports = 20'000'000;
  b.advance(b.with->config.pause);
  CHECK(b.j->lines == strings{"store payout", "move withdrawing", "watch", "send"});
}

TEST_CASE("what cannot be answered is asked again, but not for ever on one lease") {
  order_fixture b;
  b.j->accounts[b.o.output_account].data =
      landfall::tests::token_account_data(b.o.output.mint, b.o.vault, output_amount - 1);
  b.start();
  for (int i = 0; i < 30; ++i)
    b.advance(b.with->config.pause);
  CHECK(b.j->lines == strings{"release"});
}

TEST_CASE("a payout that is refused comes again after the longest wait, whoever claims the order") {
  order_fixture b;
  b.j->simulation_fails = true;
  b.start();
  CHECK(b.j->lines == strings{"release"});
  CHECK(b.j->released_until == b.clock->now() + b.with->config.steps.retry_cap);
}

TEST_CASE("an attempt that nobody would tell of is given back instead of being waited for") {
  order_fixture b;
  b.j->watch_refused = true;
  b.start();
  CHECK(b.j->lines == strings{"store payout", "move withdrawing", "send"});
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->lines.back() == "release");
  CHECK(b.j->released_until == b.clock->now() + b.with->config.steps.retry_cap);
}

}  // namespace landfall::executor
