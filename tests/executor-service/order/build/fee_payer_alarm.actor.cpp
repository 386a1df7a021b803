#include "executor-service/order/build/fee_payer_alarm.hpp"

#include <doctest/doctest.h>

#include <caf/all.hpp>
#include <string>
#include <vector>

#include "common/solana/programs.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_chain_actor.hpp"

namespace landfall::executor {

namespace {

/// The alarm above 1000 lamports, and a chain that holds the fee payer's account.
struct alarm_fixture : landfall::tests::actor_fixture {
  std::vector<std::string> log;
  runtime::metrics metrics;
  runtime::health health{{"fee_payer"}};
  solana::pubkey fee_payer = landfall::tests::key(9);
  std::shared_ptr<landfall::tests::fake_chain> chain = std::make_shared<landfall::tests::fake_chain>();
  chain_actor endpoints = landfall::tests::spawn_fake_chain(system, chain);
  fee_payer_alarm_actor alarm;

  alarm_fixture() {
    runtime::log_redirect([this](std::string_view line) { log.emplace_back(line); });
  }
  ~alarm_fixture() {
    kill(alarm, endpoints);
    runtime::log_redirect({});
  }

  void holds(std::uint64_t lamports) {
    chain->accounts[fee_payer] = {lamports, solana::programs::system, {}, false};
  }
  void start() {
    fee_payer_alarm_config c;
    c.fee_payer = fee_payer;
    c.min_lamports = 1'000;
    c.lamports = metrics.gauge("landfall_executor_fee_payer_lamports", "");
    c.health = &health;
    alarm = spawn_fee_payer_alarm(system, c, endpoints);
    run();
  }
  [[nodiscard]] bool gauge_shows(const std::string& lamports) const {
    return metrics.render().find("landfall_executor_fee_payer_lamports " + lamports + "\n") != std::string::npos;
  }
};

}  // namespace

TEST_CASE("a fee payer below its minimum is not ready, is logged, and shown until it has money again") {
  alarm_fixture f;
  f.holds(999);
  f.start();
  CHECK_FALSE(f.health.ready());
  CHECK(f.health.to_json().find(f.fee_payer.to_string() +
                                " holds 999 lamports, below its minimum of 1000: send it SOL") != std::string::npos);
  REQUIRE(f.log.size() == 1);
  CHECK(f.log.front().find("fee_payer_low") != std::string::npos);
  CHECK(f.gauge_shows("999"));
  f.holds(1'000);
  f.advance(domain::milliseconds{1'999});
  CHECK_FALSE(f.health.ready());
  f.advance(domain::milliseconds{1});
  CHECK(f.health.ready());
  CHECK(f.log.size() == 1);
  CHECK(f.gauge_shows("1000"));
}

TEST_CASE("an account that does not exist holds nothing") {
  alarm_fixture f;
  f.start();
  CHECK_FALSE(f.health.ready());
  CHECK(f.gauge_shows("0"));
}

TEST_CASE("a balance that nobody could read changes nothing") {
  alarm_fixture f;
  f.holds(1'000);
  f.start();
  REQUIRE(f.health.ready());
  caf::anon_send_exit(f.endpoints, caf::exit_reason::kill);
  f.advance(domain::milliseconds{2'000});
  CHECK(f.health.ready());
  CHECK(f.log.empty());
}

}  // namespace landfall::executor
