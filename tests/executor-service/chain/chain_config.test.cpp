#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

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
  CHECK(refused([](auto& c) { c.max_waiting_sends = 0; }));
  CHECK(refused([](auto& c) { c.max_waiting_reads = 0; }));
  CHECK(refused([](auto& c) { c.fee_percentile = 101; }));
  CHECK(refused([](auto& c) { c.fee_floor_micro_lamports = c.fee_cap_micro_lamports + 1; }));
  CHECK(refused([](auto& c) { c.blockhash_min_blocks_left = c.blockhash_max_blocks_left + 1; }));
}

}  // namespace landfall::executor
