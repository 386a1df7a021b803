// What is watched, and the rounds of status questions about it.
#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE_FIXTURE(chain_fixture, "a thousand watches cost four calls an endpoint and round") {
  start();
  const auto to = listen();
  for (std::size_t n = 0; n < 1'000; ++n)
    caf::anon_send(actor, chain::watch{signature(n), to});
  scheduler.run();
  a->calls.clear();
  b->calls.clear();
  round();
  CHECK(a->calls["statuses"] == 4);
  CHECK(b->calls["statuses"] == 4);
  CHECK(a->calls["epoch"] == 1);
  CHECK(heard.size() == 2'000);
  for (std::size_t n = 0; n < 1'000; ++n)
    CHECK(said("a", n).size() == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "the finalized height is asked for before the statuses it goes with") {
  start();
  const auto to = listen();
  watch(1, to);
  a->order.clear();
  round();
  CHECK(a->order == std::vector<std::string>{"epoch", "statuses"});
  const auto seen = said("a", 1).at(0);
  CHECK(seen.finalized_block_height == a->finalized.block_height);
  CHECK(seen.finalized_slot == a->finalized.absolute_slot);
  CHECK(seen.status_context_slot == a->context_slot);
  CHECK(seen.searched_history);
  CHECK_FALSE(seen.status);
}

TEST_CASE_FIXTURE(chain_fixture, "a watcher hears what is new until it is final, then nothing more") {
  start();
  const auto to = listen();
  watch(1, to);
  round();
  round(0);
  CHECK(said("a", 1).size() == 1);
  round();
  CHECK(said("a", 1).size() == 2);
  a->statuses[signature(1)] = {1'233, commitment::confirmed, {}};
  round(0);
  CHECK(said("a", 1).back().status->level == solana::commitment::confirmed);
  a->statuses[signature(1)].level = commitment::finalized;
  round();
  CHECK(said("a", 1).back().status->level == solana::commitment::finalized);
  const auto heard_by_then = said("a", 1).size();
  const auto asked_by_then = a->calls["statuses"];
  round();
  CHECK(said("a", 1).size() == heard_by_then);
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
    a->fails = error(what);
    round(5);
    pass(milliseconds{5'000});
  }
  a->fails.reset();
  a->short_reply = true;
  round(5);
  CHECK(said("a", 1).empty());
  CHECK_FALSE(said("b", 1).empty());
  a->short_reply = false;
  round();
  CHECK(said("a", 1).size() == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "an endpoint that goes back in time is not listened to") {
  start();
  const auto to = listen();
  watch(1, to);
  a->statuses[signature(1)] = {1'233, commitment::confirmed, {}};
  round(10);
  REQUIRE(said("a", 1).size() == 1);
  a->statuses.clear();

  SUBCASE("in its finalized slot") {
    a->finalized.absolute_slot -= 5;
    round(1);
  }
  SUBCASE("in its finalized height") {
    a->finalized.block_height -= 5;
    round(1);
  }
  SUBCASE("in the slot of its statuses") {
    a->context_slot -= 5;
    round(1);
  }
  CHECK(said("a", 1).size() == 1);
  round(10);
  CHECK(said("a", 1).size() == 2);
  CHECK_FALSE(said("a", 1).back().status);
}

TEST_CASE_FIXTURE(chain_fixture, "a watcher that comes later hears nothing from before its time either") {
  start();
  const auto early = listen();
  const auto late = listen();
  watch(1, early);
  round(10);
  heard.clear();
  watch(1, late);
  a->context_slot -= 5;
  round(1);
  CHECK(said("a", 1).empty());
  CHECK(said("b", 1).size() == 2);
}

TEST_CASE_FIXTURE(chain_fixture, "an endpoint that does not answer holds up neither the other nor itself twice") {
  start();
  const auto to = listen();
  watch(1, to);
  a->hold = true;
  round();
  round();
  round();
  CHECK(said("b", 1).size() == 3);
  CHECK(a->held.size() == 1);
  a->release();
  scheduler.run();
  round();
  CHECK_FALSE(said("a", 1).empty());
}

TEST_CASE_FIXTURE(chain_fixture, "a watch ends with its watcher or when it is taken back") {
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
  scheduler.run();
  CHECK(watches() == 2);
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  scheduler.run();
  CHECK(watches() == 1);
  caf::anon_send_exit(other, caf::exit_reason::kill);
  scheduler.run();
  CHECK(watches() == 0);
  a->calls.clear();
  round();
  CHECK(a->calls["statuses"] == 0);
}

TEST_CASE_FIXTURE(chain_fixture, "watching again tells everything again and counts once") {
  start();
  const auto to = listen();
  a->statuses[signature(1)] = {1'000, commitment::finalized, {}};
  watch(1, to);
  round();
  CHECK(said("a", 1).size() == 1);
  watch(1, to);
  round();
  CHECK(said("a", 1).size() == 2);
  CHECK(ask<chain::health_report>(chain::health_request{})->watches == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "a watch beyond the bound is refused aloud") {
  config.max_watches = 1;
  start();
  const auto to = listen();
  watch(1, to);
  caf::error why;
  auto pending = self->request(actor, caf::infinite, chain::watch{signature(2), to});
  scheduler.run();
  pending.receive([] { FAIL("it was accepted"); }, [&](const caf::error& e) { why = e; });
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(chain_fixture, "after 429 an endpoint is left alone for as long as it says") {
  start();
  const auto to = listen();
  watch(1, to);
  a->fails = error(rpc_error::kind::rate_limited);
  a->fails->http_status = 429;
  a->fails->retry_after_ms = 3'000;
  round();
  a->calls.clear();
  for (int i = 0; i < 7; ++i)
    round();
  CHECK(a->calls["epoch"] == 0);
  CHECK(b->calls["epoch"] > 7);
  a->fails.reset();
  round();
  round();
  CHECK(a->calls["epoch"] > 0);
}

TEST_CASE_FIXTURE(chain_fixture, "an endpoint that told an absurd height once is listened to again after a while") {
  start();
  const auto to = listen();
  watch(1, to);
  round();
  const auto honest = a->finalized;
  a->finalized = {9'000'000'000, 8'000'000'000};
  round(0);
  a->finalized = honest;
  const auto heard_by_then = said("a", 1).size();
  for (std::uint32_t passed = 0; passed < config.believe_older_after_ms; passed += config.poll_ms)
    round();
  CHECK(said("a", 1).size() == heard_by_then);
  round();
  round();
  REQUIRE(said("a", 1).size() > heard_by_then);
  CHECK(said("a", 1).back().finalized_slot == a->finalized.absolute_slot);
  const auto report = ask<chain::health_report>(chain::health_request{});
  for (const auto& e : report->endpoints)
    CHECK(e.slots_behind == 0);
}

TEST_CASE_FIXTURE(chain_fixture, "a status from a bank that cannot be is not believed, and mutes nobody") {
  start();
  const auto to = listen();
  watch(1, to);
  round();
  const auto heard_by_then = said("a", 1).size();
  const auto honest = a->context_slot;
  a->context_slot = 9'000'000'000;
  round(0);
  CHECK(said("a", 1).size() == heard_by_then);
  a->context_slot = honest;
  round();
  CHECK(said("a", 1).size() == heard_by_then + 1);
}

TEST_CASE_FIXTURE(chain_fixture, "what our own limiter refuses silences nobody: rounds go on") {
  start();
  const auto to = listen();
  watch(1, to);
  a->fails = error(rpc_error::kind::rate_limited);
  a->fails->retry_after_ms = 60'000;
  b->fails = a->fails;
  (void)ask<chain::simulated>(chain::simulate_request{{1}, {}});
  a->fails.reset();
  b->fails.reset();
  a->calls.clear();
  round();
  CHECK(a->calls["epoch"] == 1);
  // A host that says so itself is left alone.
  a->fails = error(rpc_error::kind::rate_limited);
  a->fails->http_status = 429;
  a->fails->retry_after_ms = 60'000;
  (void)ask<chain::simulated>(chain::simulate_request{{1}, {}});
  a->fails.reset();
  a->calls.clear();
  round();
  CHECK(a->calls["epoch"] == 0);
}

}  // namespace landfall::executor
