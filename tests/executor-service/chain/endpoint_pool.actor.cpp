// Which endpoint is asked, when a read is hedged, and the health of each.
#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE_FIXTURE(chain_fixture,
                  "a read that a silent endpoint does not answer is asked of the next, and the first answer wins") {
  start();
  a->hold = true;
  auto pending = self->request(actor, caf::infinite, chain::blockhash_request{});
  run();
  CHECK(a->calls["blockhash"] == 1);
  CHECK(b->calls["blockhash"] == 0);
  advance(milliseconds{config.hedge_max_ms - 1});
  CHECK(b->calls["blockhash"] == 0);
  advance(milliseconds{1});
  CHECK(b->calls["blockhash"] == 1);
  std::string from;
  pending.receive([&](const chain::fresh_blockhash& fresh) { from = fresh.endpoint; }, [](const caf::error&) {});
  CHECK(from == "b");
  // The late answer changes nothing, and nobody is answered twice.
  a->release();
  run();
  CHECK(ask<chain::fresh_blockhash>(chain::blockhash_request{})->endpoint == "b");
  const auto text = metrics.render();
  CHECK(text.find("landfall_rpc_hedges_total{endpoint=\"b\",result=\"won\"} 1") != std::string::npos);
}

TEST_CASE_FIXTURE(chain_fixture, "an endpoint that is fast as a rule is hedged soon, one that answers in time never") {
  start();
  const auto to = listen();
  watch(1, to);
  for (int i = 0; i < 20; ++i)
    poll();
  a->hold = true;
  auto pending = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  run();
  advance(milliseconds{config.hedge_min_ms});
  CHECK(b->calls["simulate"] == 1);
  std::string from;
  pending.receive([&](const chain::simulated& s) { from = s.endpoint; }, [](const caf::error&) {});
  CHECK(from == "b");
  a->release();
  a->calls.clear();
  b->calls.clear();
  REQUIRE(ask<chain::simulated>(chain::simulate_request{{1}, {}}));
  advance(milliseconds{5'000});
  CHECK(a->calls["simulate"] + b->calls["simulate"] == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "no hedge while its endpoint has no spare permits") {
  start();
  a->hold = true;
  b->spare = false;
  auto pending = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  run();
  advance(milliseconds{config.hedge_max_ms});
  CHECK(b->calls["simulate"] == 0);
  a->release();
  run();
  std::string from;
  pending.receive([&](const chain::simulated& s) { from = s.endpoint; }, [](const caf::error&) {});
  CHECK(from == "a");
}

TEST_CASE_FIXTURE(chain_fixture,
                  "when the slow endpoint and its hedge both fail, the read fails once, after the last of them") {
  start();
  a->hold = b->hold = true;
  a->fails = b->fails = rpc_failure(rpc_error::kind::timeout);
  auto pending = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  run();
  advance(milliseconds{config.hedge_max_ms});
  CHECK(b->calls["simulate"] == 1);
  a->release();
  run();
  CHECK_FALSE(self->has_next_message());
  b->release();
  run();
  CHECK(a->calls["simulate"] == 1);
  CHECK(b->calls["simulate"] == 1);
  caf::error why;
  pending.receive([](const chain::simulated&) {}, [&](const caf::error& e) { why = e; });
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(chain_fixture, "reads are asked of the endpoint that fails least") {
  start();
  for (int i = 0; i < 6; ++i) {
    a->fails = rpc_failure(rpc_error::kind::server);
    advance(milliseconds{config.idle_poll_ms});
    a->fails.reset();
    advance(milliseconds{config.idle_poll_ms});
  }
  b->calls.clear();
  a->calls.clear();
  REQUIRE(ask<chain::simulated>(chain::simulate_request{{1}, {}}));
  CHECK(b->calls["simulate"] == 1);
  const auto report = *ask<chain::health_report>(chain::health_request{});
  CHECK(report.endpoints[0].up);
  CHECK(report.endpoints[0].errors_permille > 200);
  CHECK(report.endpoints[1].errors_permille == 0);
}

TEST_CASE_FIXTURE(chain_fixture, "what our own limiter refuses is no fault of the endpoint") {
  start();
  advance(milliseconds{config.idle_poll_ms});
  a->fails = b->fails = rpc_failure(rpc_error::kind::rate_limited);
  a->fails->retry_after_ms = b->fails->retry_after_ms = 700;
  CHECK_FALSE(ask<chain::simulated>(chain::simulate_request{{1}, {}}));
  const auto report = *ask<chain::health_report>(chain::health_request{});
  CHECK(report.endpoints[0].up);
  CHECK(report.endpoints[0].errors_permille == 0);
  CHECK(health.ready());
}

TEST_CASE_FIXTURE(chain_fixture, "health follows the endpoints") {
  start();
  advance(milliseconds{config.idle_poll_ms});
  CHECK(health.ready());
  a->fails = rpc_failure(rpc_error::kind::unreachable);
  advance(milliseconds{config.idle_poll_ms});
  CHECK(health.ready());
  b->fails = rpc_failure(rpc_error::kind::timeout);
  advance(milliseconds{config.idle_poll_ms});
  CHECK_FALSE(health.ready());
  const auto report = *ask<chain::health_report>(chain::health_request{});
  CHECK_FALSE(report.endpoints[0].up);
  CHECK(report.endpoints[0].last_error == "unreachable: fake error");
  b->fails.reset();
  advance(milliseconds{config.idle_poll_ms});
  CHECK(health.ready());
}

TEST_CASE_FIXTURE(chain_fixture, "a read is queued while every endpoint is at its bound, and starts in order") {
  config.max_in_flight_per_endpoint = 1;
  start();
  a->hold = b->hold = true;
  std::vector<std::string> order;
  const auto asker = [&](const std::string& name) {
    system.spawn([this, &order, name](caf::event_based_actor* me) {
      me->request(actor, caf::infinite, chain::simulate_request{{1}, {}})
          .then([&order, name](const chain::simulated&) { order.push_back(name); },
                [&order, name](const caf::error&) { order.push_back(name + " not"); });
    });
    run();
  };
  for (const auto* const name : {"1", "2", "3", "4"})
    asker(name);
  CHECK(a->calls["simulate"] + b->calls["simulate"] == 2);
  a->release_one();
  run();
  CHECK(a->calls["simulate"] == 2);
  a->release();
  b->release();
  run();
  CHECK(order == std::vector<std::string>{"1", "3", "2", "4"});
}

TEST_CASE_FIXTURE(chain_fixture, "a read that waited too long fails, and so does one that finds the queue full") {
  config.max_in_flight_per_endpoint = 1;
  config.max_waiting_reads = 1;
  start();
  a->hold = b->hold = true;
  for (int i = 0; i < 2; ++i)
    self->send(actor, chain::simulate_request{{1}, {}});
  auto waiting = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  auto too_many = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  run();
  const auto busy = [](auto& pending) {
    bool is_busy = false;
    pending.receive([](const chain::simulated&) {},
                    [&](const caf::error& e) {
                      is_busy = is_unavailable(e) && caf::to_string(e).find("busy") != std::string::npos;
                    });
    return is_busy;
  };
  CHECK(busy(too_many));
  clock->advance(milliseconds{config.max_read_wait_ms});
  a->release_one();
  run();
  CHECK(busy(waiting));
  CHECK(a->calls["simulate"] == 1);
  a->release();
  b->release();
  run();
}

}  // namespace landfall::executor
