// The verifier and deposits that no order was made of.

#include <doctest/doctest.h>

#include <vector>

#include "tests/executor-service/verify/verifier_fixture.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verifier deposits") {
  TEST_CASE("a deposit that arrived and made no order in time is told until it is gone, or has its order") {
    verifier_fixture f;
    const auto arrived = f.rows.deposit_request();
    const auto late = f.rows.deposit_request();
    const auto never = f.rows.deposit_request();
    const auto used = f.rows.order();
    f.everywhere([&](fake_node& c) {
      for (const auto& d : {arrived, late, used.deposit})
        c.holds(d.order_account, sol_mint, d.vault, input);
    });
    const auto v = f.make();
    const auto pass = [&] {
      f.next_slot();
      REQUIRE(v->check_deposits());
      return f.open("deposit_without_order");
    };
    // Its order may still come.
    CHECK(pass() == "0");
    for (const auto& d : {arrived, late, never, used.deposit})
      f.rows.expire(d);
    CHECK(pass() == "2");
    CHECK(f.rows.value("select touches_money::text || coalesce(order_id::text, ' no order') from discrepancy "
                       "where subject = $1",
                       arrived.id) == "true no order");
    const auto summary = f.once();
    CHECK(summary.findings.size() == 2);
    CHECK(pass() == "2");

    f.chains[0]->closes(arrived.order_account);
    CHECK(pass() == "2");
    f.chains[1]->closes(arrived.order_account);
    CHECK(pass() == "1");
    CHECK(sqlstate_of(f.rows.as("admin"),
                      "set session_replication_role = replica; "
                      "update deposit_request set consumed_at = now() where id = '" +
                          late.id + "'; set session_replication_role = origin") == "");
    CHECK(pass() == "0");
    CHECK(f.once().clean());
  }

  TEST_CASE("the walk over deposits without an order comes to each of them, the newest in every pass") {
    verifier_fixture f;
    std::vector<landfall::tests::deposit_fixture> deposits;
    for (int i = 0; i < 7; ++i) {
      deposits.push_back(f.rows.deposit_request());
      f.rows.expire(deposits.back());
    }
    f.everywhere([&](fake_node& c) { c.holds(deposits[0].order_account, sol_mint, deposits[0].vault, input); });
    auto config = f.config();
    config.deposits = 4;
    const auto v = f.make(config);
    int passes = 0;
    while (f.open("deposit_without_order") == "0" && passes < 10) {
      REQUIRE(v->check_deposits());
      ++passes;
    }
    CHECK(passes == 4);
    deposits.push_back(f.rows.deposit_request());
    f.rows.expire(deposits.back());
    f.everywhere([&](fake_node& c) { c.holds(deposits[7].order_account, sol_mint, deposits[7].vault, input); });
    REQUIRE(v->check_deposits());
    CHECK(f.open("deposit_without_order") == "2");
  }
}
