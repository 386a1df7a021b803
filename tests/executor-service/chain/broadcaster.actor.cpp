// How transactions are sent to the endpoints.
#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

chain::broadcast transaction(std::uint8_t n, bool again = false) {
  return {signature(n), {n}, again};
}

}  // namespace

TEST_CASE_FIXTURE(chain_fixture, "a broadcast goes to every endpoint, whatever the others answer") {
  start();
  a->fails = rpc_failure(rpc_error::kind::timeout);
  caf::anon_send(actor, chain::broadcast{signature(1), {1, 2, 3}});
  run();
  CHECK(a->calls["send"] == 1);
  CHECK(b->calls["send"] == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "a broadcast never waits behind an endpoint that is full") {
  config.max_in_flight_per_endpoint = 2;
  start();
  a->hold = true;
  const auto to = listen();
  for (int i = 0; i < 5; ++i) {
    caf::anon_send(actor, chain::broadcast{signature(1), {1}});
    run();
  }
  CHECK(a->calls["send"] == 2);
  CHECK(b->calls["send"] == 5);
  watch(1, to);
  a->calls.clear();
  poll();
  CHECK(a->calls["epoch"] == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "reads that hang never keep a broadcast back") {
  config.max_in_flight_per_endpoint = 1;
  start();
  a->hold = b->hold = true;
  for (int i = 0; i < 2; ++i)
    self->send(actor, chain::simulate_request{{1}, {}});
  run();
  caf::anon_send(actor, chain::broadcast{signature(1), {1}});
  run();
  CHECK(a->calls["send"] == 1);
  CHECK(b->calls["send"] == 1);
  a->release();
  b->release();
  run();
}

TEST_CASE_FIXTURE(chain_fixture,
                  "queued transactions are sent as the endpoint answers: the never sent first, each once") {
  config.max_in_flight_per_endpoint = 1;
  start();
  a->hold = true;
  const auto send = [&](const chain::broadcast& what) {
    caf::anon_send(actor, what);
    run();
  };
  send(transaction(1));
  for (int i = 0; i < 3; ++i)
    for (const std::uint8_t n : std::array<std::uint8_t, 2>{2, 3})
      send(transaction(n, true));
  send(transaction(4));
  send(transaction(5));
  CHECK(a->sent == std::vector<solana::bytes>{{1}});
  CHECK(b->sent.size() == 9);
  while (!a->held.empty()) {
    a->release_one();
    run();
  }
  CHECK(a->sent == std::vector<solana::bytes>{{1}, {4}, {5}, {2}, {3}});
  // A sent transaction may be queued again.
  send(transaction(2, true));
  CHECK(a->sent.back() == solana::bytes{2});
}

TEST_CASE_FIXTURE(chain_fixture, "a broadcast is answered once, by the first answer of an endpoint, whatever it is") {
  config.max_in_flight_per_endpoint = 1;
  start();
  a->hold = b->hold = true;
  a->fails = rpc_failure(rpc_error::kind::timeout);
  caf::anon_send(actor, transaction(1));
  auto pending = self->request(actor, caf::infinite, transaction(2));
  run();
  CHECK_FALSE(self->has_next_message());
  // The one before it is answered: now it is sent itself, and no more.
  a->release_one();
  run();
  CHECK(a->sent.size() == 2);
  CHECK_FALSE(self->has_next_message());
  a->release_one();
  run();
  bool answered = false;
  pending.receive([&](const chain::sent&) { answered = true; }, [](const caf::error&) {});
  CHECK(answered);
  b->release();
  run();
  CHECK(b->sent.size() == 2);
  CHECK_FALSE(self->has_next_message());
}

TEST_CASE_FIXTURE(chain_fixture, "a full queue is logged once per interval, and its broadcasts are answered at once") {
  config.max_in_flight_per_endpoint = 1;
  config.max_waiting_sends = 2;
  std::vector<std::string> logged;
  runtime::log_redirect([&logged](std::string_view line) {
    if (line.find("broadcasts_skipped") != std::string_view::npos)
      logged.emplace_back(line);
  });
  start();
  a->hold = b->hold = true;
  for (std::uint8_t n = 1; n <= 3; ++n)
    caf::anon_send(actor, transaction(n));
  run();
  CHECK(logged.empty());
  for (std::uint8_t n = 4; n <= 50; ++n) {
    auto pending = self->request(actor, caf::infinite, transaction(n));
    run();
    pending.receive([](const chain::sent&) {}, [](const caf::error& e) { FAIL(caf::to_string(e)); });
  }
  CHECK(logged.size() == 2);  // one per endpoint
  clock->advance(milliseconds{1'000});
  caf::anon_send(actor, transaction(51));
  run();
  REQUIRE(logged.size() == 4);
  CHECK(logged.back().find("\"skipped\":47") != std::string::npos);
  CHECK(metrics.render().find("landfall_rpc_sends_waiting{endpoint=\"a\"} 2") != std::string::npos);
  CHECK(metrics.render().find("landfall_rpc_sends_total{answer=\"skipped\",endpoint=\"a\"} 48") != std::string::npos);
}

}  // namespace landfall::executor
