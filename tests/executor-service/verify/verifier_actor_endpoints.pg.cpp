// The verifier where endpoints disagree, lie, or do not answer.

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/executor-service/verify/verifier_fixture.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verifier endpoints") {
  TEST_CASE("one endpoint alone holds nothing: contradicted it finds nothing, unanswered it only notes") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    const auto v = f.make();
    f.chains[0]->closes(o.deposit.order_account);
    for (int i = 0; i < 3; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
    }
    CHECK(f.any_open() == "0");
    f.chains[1]->fails = landfall::tests::rpc_failure(rpc_error::kind::unreachable);
    for (int i = 0; i < 3; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
    }
    CHECK(f.open("order_account_short") == "1");
    CHECK(f.rows.value("select times_agreed from discrepancy where order_id = $1", o.id) == "0");
    CHECK_FALSE(f.held(o));
  }

  TEST_CASE("of three endpoints one that lies keeps no order from being held, and no signing from being halted") {
    verifier_fixture f{3};
    const auto o = f.order_in("open");
    const auto v = f.make();
    REQUIRE(v->check_orders());
    for (const auto liar : {0U, 2U})
      f.chains[liar]->closes(o.deposit.order_account);
    for (int i = 0; i < 3; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
      REQUIRE(v->check_sums());
    }
    CHECK(f.open("order_account_short") == "1");
    CHECK(f.held(o));
    CHECK(f.rows.value("select shortfall from signing_halt where mint = $1", std::string{sol_mint}) ==
          std::to_string(input));
  }

  TEST_CASE("endpoints that contradict each other are counted in each pass and told once an hour") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    const auto v = f.make();
    REQUIRE(v->check_orders());
    f.chains[0]->closes(o.deposit.order_account);
    std::vector<std::string> told;
    runtime::log_redirect([&](std::string_view line) {
      if (line.find("endpoints_disagree") != std::string_view::npos)
        told.emplace_back(line);
    });
    for (int i = 0; i < 3; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
    }
    const auto counted = [&](const std::string& count) {
      return f.metrics.render().find("landfall_verifier_disputes_total{kind=\"order_account_short\"} " + count +
                                     "\n") != std::string::npos;
    };
    CHECK(counted("3"));
    REQUIRE(told.size() == 1);
    for (const auto* part : {"order_account_short", "rpc0", "rpc1"})
      CHECK(told[0].find(part) != std::string::npos);
    CHECK(told[0].find(o.id) != std::string::npos);
    f.clock.advance(std::chrono::hours{1});
    REQUIRE(v->check_orders());
    CHECK(told.size() == 2);
    // Another kind of question is told at once.
    REQUIRE(v->check_sums());
    CHECK(told.size() == 3);

    const auto summary = f.once();
    CHECK(summary.findings.empty());
    REQUIRE(summary.disputed.size() == 2);
    CHECK(to_json(summary).find(R"("foundBy":["rpc0"],"rightBy":["rpc1"])") != std::string::npos);
    CHECK(to_table(summary).find("found by rpc0, right by rpc1") != std::string::npos);
  }

  TEST_CASE("where one endpoint is configured, its word at two slots is enough") {
    verifier_fixture f{1};
    const auto o = f.order_in("open");
    f.chains[0]->closes(o.deposit.order_account);
    const auto v = f.make();
    for (int i = 0; i < 2; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
    }
    CHECK(f.held(o));
  }

  TEST_CASE("without endpoints it is not well, and it is again when they answer") {
    verifier_fixture f;
    (void)f.order_in("open");
    const auto v = f.make();
    f.everywhere([](fake_node& c) { c.fails = landfall::tests::rpc_failure(rpc_error::kind::unreachable); });
    CHECK_FALSE(v->check_orders());
    CHECK_FALSE(f.health.ready());
    f.everywhere([](fake_node& c) { c.fails.reset(); });
    CHECK(v->check_orders());
    CHECK(f.health.ready());
  }

  TEST_CASE("with fewer endpoints than have to agree it says that nothing follows from what it sees") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    const auto d = f.rows.deposit_request();
    f.rows.expire(d);
    const auto v = f.make();
    const auto passes = [&] {
      f.next_slot();
      return v->check_orders() && v->check_deposits() && v->check_sums();
    };
    REQUIRE(passes());
    CHECK(f.health.ready());
    f.chains[1]->fails = landfall::tests::rpc_failure(rpc_error::kind::unreachable);
    REQUIRE(passes());
    CHECK_FALSE(f.health.ready());
    CHECK(f.health.to_json().find("1 of 2 endpoints answered, and 2 have to agree: nothing is held or halted") !=
          std::string::npos);
    CHECK(f.once().trouble == "1 of 2 endpoints answered, and 2 have to agree: nothing is held or halted");
    f.chains[1]->fails.reset();
    // A part of the work that sees well does not speak for the others.
    f.next_slot();
    REQUIRE(v->check_sums());
    CHECK_FALSE(f.health.ready());
    REQUIRE(passes());
    CHECK(f.health.ready());
    CHECK(f.once().clean());

    // Half an answer is none: what became of the deposit is asked for while its movement is not stored.
    const auto fresh = f.order_in("open");
    f.everywhere([&](fake_node& c) { c.landed.clear(); });
    f.chains[1]->unreachable = {"statuses"};
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK_FALSE(f.health.ready());
    f.chains[1]->unreachable.clear();
    REQUIRE(passes());
    CHECK(f.health.ready());

    verifier_fixture alone{1};
    const auto single = alone.make();
    (void)alone.order_in("open");
    REQUIRE(single->check_orders());
    CHECK(alone.health.ready());
  }
}
