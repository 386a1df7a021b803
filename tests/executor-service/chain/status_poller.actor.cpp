// Watches, and the status polls for them.
#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE_FIXTURE(chain_fixture, "a thousand watches cost four calls per endpoint and poll") {
  start();
  const auto to = listen();
  for (std::size_t n = 0; n < 1'000; ++n)
    caf::anon_send(actor, chain::watch{signature(n), to});
  run();
  a->calls.clear();
  b->calls.clear();
  poll();
  CHECK(a->calls["statuses"] == 4);
  CHECK(b->calls["statuses"] == 4);
  CHECK(a->calls["epoch"] == 1);
  CHECK(updates.size() == 2'000);
  for (std::size_t n = 0; n < 1'000; ++n)
    CHECK(updates_of("a", n).size() == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "the finalized height is asked for before the statuses it goes with") {
  start();
  const auto to = listen();
  watch(1, to);
  a->order.clear();
  poll();
  CHECK(a->order == std::vector<std::string>{"epoch", "statuses"});
  const auto seen = updates_of("a", 1).at(0);
  CHECK(seen.finalized_block_height == a->finalized.block_height);
  CHECK(seen.finalized_slot == a->finalized.absolute_slot);
  CHECK(seen.status_context_slot == a->context_slot);
  CHECK(seen.searched_history);
  CHECK_FALSE(seen.status);
}

TEST_CASE_FIXTURE(chain_fixture, "a listener is notified of changes until the status is final") {
  start();
  const auto to = listen();
  watch(1, to);
  poll();
  poll(0);
  CHECK(updates_of("a", 1).size() == 1);
  poll();
  CHECK(updates_of("a", 1).size() == 2);
  a->known[signature(1)] = {1'233, commitment::confirmed, {}};
  poll(0);
  CHECK(updates_of("a", 1).back().status->level == solana::commitment::confirmed);
  a->known[signature(1)].level = commitment::finalized;
  poll();
  CHECK(updates_of("a", 1).back().status->level == solana::commitment::finalized);
  const auto updates_by_then = updates_of("a", 1).size();
  const auto asked_by_then = a->calls["statuses"];
  poll();
  CHECK(updates_of("a", 1).size() == updates_by_then);
  CHECK(a->calls["statuses"] == asked_by_then);
  CHECK(b->calls["statuses"] > asked_by_then);
}

TEST_CASE_FIXTURE(chain_fixture, "no error, nor a reply of another length, becomes an observation") {
  start();
  const auto to = listen();
  watch(1, to);
  using kind = rpc_error::kind;
  for (const auto what :
       {kind::unreachable, kind::timeout, kind::rate_limited, kind::server, kind::rpc, kind::malformed}) {
    a->fails = rpc_failure(what);
    poll(5);
    advance(milliseconds{5'000});
  }
  a->fails.reset();
  a->short_reply = true;
  poll(5);
  CHECK(updates_of("a", 1).empty());
  CHECK_FALSE(updates_of("b", 1).empty());
  a->short_reply = false;
  poll();
  CHECK(updates_of("a", 1).size() == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "an endpoint whose slot falls is ignored") {
  start();
  const auto to = listen();
  watch(1, to);
  a->known[signature(1)] = {1'233, commitment::confirmed, {}};
  poll(10);
  REQUIRE(updates_of("a", 1).size() == 1);
  a->known.clear();

  SUBCASE("in its finalized slot") {
    a->finalized.absolute_slot -= 5;
    poll(1);
  }
  SUBCASE("in its finalized height") {
    a->finalized.block_height -= 5;
    poll(1);
  }
  SUBCASE("in the slot of its statuses") {
    a->context_slot -= 5;
    poll(1);
  }
  CHECK(updates_of("a", 1).size() == 1);
  poll(10);
  CHECK(updates_of("a", 1).size() == 2);
  CHECK_FALSE(updates_of("a", 1).back().status);
}

TEST_CASE_FIXTURE(chain_fixture, "a later listener gets no answer older than the polls before it either") {
  start();
  const auto early = listen();
  const auto late = listen();
  watch(1, early);
  poll(10);
  updates.clear();
  watch(1, late);
  a->context_slot -= 5;
  poll(1);
  CHECK(updates_of("a", 1).empty());
  CHECK(updates_of("b", 1).size() == 2);
}

TEST_CASE_FIXTURE(chain_fixture, "an endpoint that does not answer delays no other, and is polled once") {
  start();
  const auto to = listen();
  watch(1, to);
  a->hold = true;
  poll();
  poll();
  poll();
  CHECK(updates_of("b", 1).size() == 3);
  CHECK(a->held.size() == 1);
  a->release();
  run();
  poll();
  CHECK_FALSE(updates_of("a", 1).empty());
}

TEST_CASE_FIXTURE(chain_fixture, "a watch ends with its listener or with unwatch") {
  start();
  const auto to = listen();
  const auto other = listen();
  watch(1, to);
  watch(2, to);
  watch(2, other);
  const auto watches = [&] { return ask<chain::health_report>(chain::health_request{})->watches; };
  CHECK(watches() == 3);
  caf::anon_send(actor, chain::unwatch{signature(1), to});
  caf::anon_send(actor, chain::unwatch{signature(7), to});
  run();
  CHECK(watches() == 2);
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  run();
  CHECK(watches() == 1);
  caf::anon_send_exit(other, caf::exit_reason::kill);
  run();
  CHECK(watches() == 0);
  a->calls.clear();
  poll();
  CHECK(a->calls["statuses"] == 0);
}

TEST_CASE_FIXTURE(chain_fixture, "a second watch of one signature sends everything again and counts once") {
  start();
  const auto to = listen();
  a->known[signature(1)] = {1'000, commitment::finalized, {}};
  watch(1, to);
  poll();
  CHECK(updates_of("a", 1).size() == 1);
  watch(1, to);
  poll();
  CHECK(updates_of("a", 1).size() == 2);
  CHECK(ask<chain::health_report>(chain::health_request{})->watches == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "a watch beyond the bound is answered by an error") {
  config.max_watches = 1;
  start();
  const auto to = listen();
  watch(1, to);
  caf::error why;
  auto pending = self->request(actor, caf::infinite, chain::watch{signature(2), to});
  run();
  pending.receive([] { FAIL("it was accepted"); }, [&](const caf::error& e) { why = e; });
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(chain_fixture, "after 429 an endpoint is not polled for as long as its Retry-After") {
  start();
  const auto to = listen();
  watch(1, to);
  a->fails = rpc_failure(rpc_error::kind::rate_limited);
  a->fails->http_status = 429;
  a->fails->retry_after_ms = 3'000;
  poll();
  a->calls.clear();
  for (int i = 0; i < 7; ++i)
    poll();
  CHECK(a->calls["epoch"] == 0);
  CHECK(b->calls["epoch"] > 7);
  a->fails.reset();
  poll();
  poll();
  CHECK(a->calls["epoch"] > 0);
}

TEST_CASE_FIXTURE(chain_fixture,
                  "an endpoint that once reported an impossible height is believed again after a while") {
  start();
  const auto to = listen();
  watch(1, to);
  poll();
  const auto honest = a->finalized;
  a->finalized = {9'000'000'000, 8'000'000'000};
  poll(0);
  a->finalized = honest;
  const auto updates_by_then = updates_of("a", 1).size();
  for (std::uint32_t passed = 0; passed < config.believe_older_after_ms; passed += config.poll_ms)
    poll();
  CHECK(updates_of("a", 1).size() == updates_by_then);
  poll();
  poll();
  REQUIRE(updates_of("a", 1).size() > updates_by_then);
  CHECK(updates_of("a", 1).back().finalized_slot == a->finalized.absolute_slot);
  const auto report = ask<chain::health_report>(chain::health_request{});
  for (const auto& e : report->endpoints)
    CHECK(e.slots_behind == 0);
}

TEST_CASE_FIXTURE(chain_fixture, "a status from an impossible slot is ignored, and later answers are not") {
  start();
  const auto to = listen();
  watch(1, to);
  poll();
  const auto updates_by_then = updates_of("a", 1).size();
  const auto honest = a->context_slot;
  a->context_slot = 9'000'000'000;
  poll(0);
  CHECK(updates_of("a", 1).size() == updates_by_then);
  a->context_slot = honest;
  poll();
  CHECK(updates_of("a", 1).size() == updates_by_then + 1);
}

TEST_CASE_FIXTURE(chain_fixture, "a refusal by our own limiter does not pause polls") {
  start();
  const auto to = listen();
  watch(1, to);
  a->fails = rpc_failure(rpc_error::kind::rate_limited);
  a->fails->retry_after_ms = 60'000;
  b->fails = a->fails;
  (void)ask<chain::simulated>(chain::simulate_request{{1}, {}});
  a->fails.reset();
  b->fails.reset();
  a->calls.clear();
  poll();
  CHECK(a->calls["epoch"] == 1);
  // A 429 of the host itself does.
  a->fails = rpc_failure(rpc_error::kind::rate_limited);
  a->fails->http_status = 429;
  a->fails->retry_after_ms = 60'000;
  (void)ask<chain::simulated>(chain::simulate_request{{1}, {}});
  a->fails.reset();
  a->calls.clear();
  poll();
  CHECK(a->calls["epoch"] == 0);
}

}  // namespace landfall::executor
