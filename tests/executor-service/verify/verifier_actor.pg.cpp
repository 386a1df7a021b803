// The verifier against a migrated database and endpoints that the test sets up: orders and their attempts.
#include "executor-service/verify/verifier_actor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/executor-service/verify/verifier_fixture.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verifier") {
  TEST_CASE("a database that agrees with the chain gives no finding, and movements are read once") {
    verifier_fixture f;
    for (const auto* state : {"pending_deposit", "open", "executing", "ready_withdraw_output", "fill_success"}) {
      if (std::string_view{state} == "pending_deposit")
        (void)f.rows.order();
      else
        (void)f.order_in(state);
    }
    const auto v = f.make();
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");
    CHECK(f.rows.value("select count(*) from attempt_movement where $1 = ''", "") ==
          f.rows.value("select count(*) from attempt where outcome = 'landed' and $1 = ''", ""));
    const auto asked = f.chains[0]->calls["transaction"];
    CHECK(asked > 0);
    REQUIRE(v->check_orders());
    CHECK(f.chains[0]->calls["transaction"] == asked);
    REQUIRE(v->check_sums());
    CHECK(f.any_open() == "0");
    CHECK(f.health.ready());
    const auto summary = f.once();
    CHECK(summary.clean());
    CHECK(summary.orders == 5);
    CHECK(summary.sums.size() == 2);
  }

  TEST_CASE(
      "a missing deposit is found once, holds its order at the second later pass, and is closed when it is back") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    f.everywhere([&](fake_node& c) { c.closes(o.deposit.order_account); });
    const auto v = f.make();
    REQUIRE(v->check_orders());
    CHECK(f.open("order_account_short") == "1");
    CHECK_FALSE(f.held(o));
    // The same slot again tells nothing new.
    REQUIRE(v->check_orders());
    CHECK_FALSE(f.held(o));
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK(f.held(o));
    CHECK(f.column(o, "held_reason").starts_with("verifier: order_account_short, discrepancy "));
    CHECK(f.open("order_account_short") == "1");
    CHECK(f.rows.value("select times_seen || ' ' || times_agreed from discrepancy where order_id = $1", o.id) == "3 2");

    // An operator knows better: the same finding does not hold it again.
    REQUIRE(sqlstate_of(f.rows.as("operator"), "update price_order set held_at = null, held_reason = null") == "");
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK_FALSE(f.held(o));

    f.everywhere([&](fake_node& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input); });
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");
    CHECK(f.rows.value("select count(*) from discrepancy where order_id = $1", o.id) == "1");
    // It comes again as another row, which holds anew.
    f.everywhere([&](fake_node& c) { c.closes(o.deposit.order_account); });
    for (int i = 0; i < 2; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
    }
    CHECK(f.rows.value("select count(*) from discrepancy where order_id = $1", o.id) == "2");
    CHECK(f.held(o));
  }

  TEST_CASE("an order that moves while it is checked is left for the next pass") {
    verifier_fixture f;
    const auto o = f.order_in("executing");
    f.everywhere([&](fake_node& c) { c.closes(o.deposit.order_account); });
    bool done = false;
    f.chains[0]->before_accounts = [&] {
      if (!std::exchange(done, true))
        (void)f.rows.store_attempt(o, "swap");
    };
    const auto v = f.make();
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");
    // From now on an attempt is unresolved: in flight as well.
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");
  }

  TEST_CASE("an attempt that nobody knows and that yet took the deposit is found, and holds its order") {
    verifier_fixture f;
    const auto taken = f.order_in("executing");
    const auto attempt = f.rows.store_attempt(taken, "swap");
    const auto dying = f.order_in("executing");
    (void)f.rows.store_attempt(dying, "swap");
    f.everywhere([&](fake_node& c) {
      c.closes(taken.deposit.order_account);
      c.finalized.block_height = fixtures::last_valid_block_height + 1;
    });
    const auto v = f.make();
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");

    // One of two is past its life, or knows it: that proves nothing.
    f.next_slot();
    ++f.chains[0]->finalized.block_height;
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");
    f.next_slot();
    ++f.chains[1]->finalized.block_height;
    f.chains[1]->lands(f.signature(taken, "swap"), 1500, {});
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");

    f.chains[1]->known.erase(*solana::signature::parse(f.signature(taken, "swap")));
    for (int i = 0; i < 2; ++i) {
      f.next_slot();
      REQUIRE(v->check_orders());
    }
    CHECK(f.open("neither_landed_nor_dead") == "1");
    CHECK(f.any_open() == "1");
    CHECK(f.rows.value("select attempt_id from discrepancy where kind = $1", "neither_landed_nor_dead") == attempt);
    CHECK(f.held(taken));
    CHECK_FALSE(f.held(dying));
    const auto summary = f.once();
    REQUIRE(summary.findings.size() == 1);
    CHECK(summary.findings[0].kind == finding_kind::neither_landed_nor_dead);

    // They know it after all.
    f.everywhere([&](fake_node& c) { c.lands(f.signature(taken, "swap"), 1500, {}); });
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK(f.any_open() == "0");
  }

  TEST_CASE("signatures are held against outcomes") {
    verifier_fixture f;
    const auto unknown = f.order_in("fill_success");
    const auto failed = f.order_in("fill_success");
    const auto dead = f.order_in("executing");
    const auto attempt = f.rows.store_attempt(dead, "swap");
    f.rows.resolve(dead, attempt, "dead");
    f.everywhere([&](fake_node& c) {
      c.known.erase(*solana::signature::parse(f.signature(unknown, "payout")));
      c.known[*solana::signature::parse(f.signature(failed, "payout"))].err = "{}";
    });
    const auto v = f.make();
    REQUIRE(v->check_orders());
    CHECK(f.open("landed_not_found") == "1");
    CHECK(f.open("landed_but_failed") == "1");
    CHECK(f.any_open() == "2");
    f.everywhere([&](fake_node& c) { c.lands(f.signature(dead, "swap"), 1500, {}); });
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK(f.open("dead_but_landed") == "1");
    CHECK(f.rows.value("select attempt_id from discrepancy where kind = $1", "dead_but_landed") == attempt);
    f.next_slot();
    REQUIRE(v->check_orders());
    CHECK(f.held(dead));
    CHECK(f.held(unknown));
  }

  TEST_CASE("as an actor it makes passes by itself and ends when it is told to") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    f.everywhere([&](fake_node& c) { c.closes(o.deposit.order_account); });
    caf::actor_system_config system_config;
    runtime::configure_actor_system(system_config, 1);
    caf::actor_system system{system_config};
    auto config = f.config();
    config.pace = domain::milliseconds{10};
    config.sum_pace = domain::milliseconds{10};
    auto actors = start_verifier(system, config, f.endpoints(), f.clock);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (f.open("order_account_short") == "0" && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    CHECK(f.open("order_account_short") == "1");
    CHECK(runtime::stop_actors(system, std::move(actors), std::chrono::minutes{1}) == 0);
  }

  TEST_CASE("settings that would let one pass decide are refused") {
    verifier_config c;
    CHECK(c.validate());
    c.rules.passes_before_hold = 1;
    CHECK_FALSE(c.validate());
    c = {};
    c.batch = 0;
    CHECK_FALSE(c.validate());
    c = {};
    c.deposits = 101;
    CHECK_FALSE(c.validate());
  }
}
