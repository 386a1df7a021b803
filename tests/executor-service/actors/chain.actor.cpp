#include "tests/executor-service/actors/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE_FIXTURE(chain_fixture, "a broadcast goes to every endpoint, whatever the others answer") {
  start();
  a->fails = error(rpc_error::kind::timeout);
  caf::anon_send(actor, chain::broadcast{signature(1), {1, 2, 3}});
  scheduler.run();
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
    scheduler.run();
  }
  CHECK(a->calls["send"] == 2);
  CHECK(b->calls["send"] == 5);
  watch(1, to);
  a->calls.clear();
  round();
  CHECK(a->calls["epoch"] == 1);
}

TEST_CASE_FIXTURE(chain_fixture, "reads that hang never keep a broadcast back") {
  config.max_in_flight_per_endpoint = 1;
  start();
  a->hold = b->hold = true;
  for (int i = 0; i < 2; ++i)
    self->send(actor, chain::simulate_request{{1}, {}});
  scheduler.run();
  caf::anon_send(actor, chain::broadcast{signature(1), {1}});
  scheduler.run();
  CHECK(a->calls["send"] == 1);
  CHECK(b->calls["send"] == 1);
  a->release();
  b->release();
  scheduler.run();
}

TEST_CASE("a configuration that cannot work is refused") {
  CHECK(chain_config{}.validate().ok());
  const auto refused = [](const std::function<void(chain_config&)>& change) {
    chain_config c;
    change(c);
    return !c.validate().ok();
  };
  CHECK(refused([](auto& c) { c.poll_ms = 0; }));
  CHECK(refused([](auto& c) { c.idle_poll_ms = c.poll_ms - 1; }));
  CHECK(refused([](auto& c) { c.max_watches = 0; }));
  CHECK(refused([](auto& c) { c.max_in_flight_per_endpoint = 0; }));
  CHECK(refused([](auto& c) { c.fee_percentile = 101; }));
  CHECK(refused([](auto& c) { c.fee_floor_micro_lamports = c.fee_cap_micro_lamports + 1; }));
  CHECK(refused([](auto& c) { c.blockhash_min_blocks_left = c.blockhash_max_blocks_left + 1; }));
}

}  // namespace landfall::executor
