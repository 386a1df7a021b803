// What the database itself keeps of discrepancies and halts, tried with plain SQL under each role.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/fixtures.hpp"

using namespace landfall::tests;

namespace {

std::string halt_sql() {
  return "insert into signing_halt (reason, mint, side, shortfall, slot, endpoint, instance) values ('short', '" +
         std::string{usdc_mint} + "', 'input', 5, 1, 'rpc0', 'v-1')";
}

std::string finding_sql(const std::string& kind = "order_account_short", const std::string& subject = "x") {
  return "insert into discrepancy_finding (kind, subject, detail, slot, endpoint, touches_money, times_agreed) values "
         "('" +
         kind + "', '" + subject + "', 'd', 1, 'rpc0', true, 0)";
}

const std::string release_sql =
    "update signing_halt set released_at = now(), released_by = 'ann' where released_at is null";

/// The SQLSTATE with which an attempt of this kind is refused, or "".
std::string refusal(fixtures& rows, const order_fixture& order, const char* kind) {
  try {
    (void)rows.store_attempt(order, kind);
    return {};
  } catch (const pqxx::sql_error& e) {
    return e.sqlstate();
  }
}

}  // namespace

TEST_SUITE("discrepancies") {
  TEST_CASE("while signing is halted no executor stores an attempt of any kind") {
    scratch_database database;
    fixtures rows{database};
    const auto swapping = rows.order_in("executing");
    const auto paying = rows.order_in("ready_withdraw_output");
    const auto refunding = rows.order_in("ready_to_cancel");
    const auto paid = rows.order_in("fill_success");
    REQUIRE(sqlstate_of(rows.as("verifier"), halt_sql()) == "");
    CHECK(refusal(rows, swapping, "swap") == "LF011");
    CHECK(refusal(rows, paying, "payout") == "LF011");
    CHECK(refusal(rows, refunding, "refund") == "LF011");
    CHECK(refusal(rows, paid, "close") == "LF011");
    REQUIRE(sqlstate_of(rows.as("operator"), release_sql) == "");
    CHECK(refusal(rows, swapping, "swap") == "");
    CHECK(refusal(rows, paying, "payout") == "");
    CHECK(refusal(rows, refunding, "refund") == "");
    CHECK(refusal(rows, paid, "close") == "");
  }

  TEST_CASE("a halt stops nothing else: deposits, leases, outcomes and moves go on") {
    scratch_database database;
    fixtures rows{database};
    const auto pending = rows.order();
    const auto executing = rows.order_in("executing");
    const auto swap = rows.store_attempt(executing, "swap");
    REQUIRE(sqlstate_of(rows.as("verifier"), halt_sql()) == "");
    CHECK_NOTHROW(rows.bring(pending, "open"));
    CHECK_NOTHROW(rows.confirm(executing, swap));
    CHECK_NOTHROW(rows.move(executing, "execute_success", "executor", {"swap_confirmed", swap, {}}));
    CHECK_NOTHROW(rows.resolve(executing, swap, "landed"));
    CHECK_NOTHROW(rows.move(executing, "ready_withdraw_output", "executor", {"swap_finalized", swap, {}}));
    CHECK(rows.state(executing) == "ready_withdraw_output");
  }

  TEST_CASE("the verifier halts and the operator releases, once, and nobody else does either") {
    scratch_database database;
    fixtures rows{database};
    for (const auto* role : {"executor", "api", "trigger", "operator", "agents"})
      CHECK(sqlstate_of(rows.as(role), halt_sql()) == "42501");
    REQUIRE(sqlstate_of(rows.as("verifier"), halt_sql()) == "");
    CHECK(sqlstate_of(rows.as("verifier"), halt_sql()) == "23505");
    for (const auto* role : {"executor", "api", "trigger", "verifier", "agents"}) {
      CHECK(sqlstate_of(rows.as(role), release_sql) == "42501");
      CHECK(sqlstate_of(rows.as(role), "delete from signing_halt") == "42501");
    }
    CHECK(sqlstate_of(rows.as("operator"), "delete from signing_halt") == "42501");
    CHECK(sqlstate_of(rows.as("operator"), "update signing_halt set shortfall = 1") == "42501");
    CHECK(sqlstate_of(rows.as("operator"), "update signing_halt set released_at = now()") == "23514");
    CHECK(sqlstate_of(rows.as("operator"), release_sql) == "");
    CHECK(sqlstate_of(rows.as("operator"), "update signing_halt set released_at = null, released_by = null") ==
          "LF004");
    // Not even the superuser, who is no operator here.
    CHECK(sqlstate_of(rows.as("verifier"), halt_sql()) == "");
    CHECK(sqlstate_of(rows.as("admin"), release_sql) == "LF011");
    CHECK(sqlstate_of(rows.as("admin"), "delete from signing_halt") == "LF004");
    CHECK(sqlstate_of(rows.as("admin"), "truncate signing_halt") == "LF004");
  }

  TEST_CASE("a halt waits for attempts that are being stored, and no later one slips by") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("executing");
    rows.lease(order);
    const auto other = database.connect_as("landfall_executor");
    pqxx::work storing{*other};
    storing.exec_params0(
        R"(insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash,
                                last_valid_block_height, lease_epoch, instance)
           select gen_random_uuid(), id, order_account, 'swap', 1, $2, '\x01', 'b', 1000, lease_epoch, 'e-1'
           from price_order where id = $1)",
        order.id, signature_of(999));
    CHECK(sqlstate_of(rows.as("verifier"), "set local lock_timeout = '200ms'; " + halt_sql()) == "55P03");
    storing.commit();
    CHECK(sqlstate_of(rows.as("verifier"), halt_sql()) == "");
    CHECK(refusal(rows, rows.order_in("open"), "swap") == "LF011");
  }

  TEST_CASE("without its trigger a halt would stop nothing") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("executing");
    REQUIRE(sqlstate_of(rows.as("verifier"), halt_sql()) == "");
    REQUIRE(sqlstate_of(rows.as("admin"), "drop trigger attempt_00_halt on attempt") == "");
    CHECK(refusal(rows, order, "swap") == "");
  }

  TEST_CASE("one open finding for each kind and subject, and a closed one never changes") {
    scratch_database database;
    fixtures rows{database};
    auto& verifier = rows.as("verifier");
    REQUIRE(sqlstate_of(verifier, finding_sql()) == "");
    CHECK(sqlstate_of(verifier, finding_sql()) == "23505");
    CHECK(sqlstate_of(verifier, finding_sql("double_swap")) == "");
    CHECK(sqlstate_of(verifier, finding_sql("order_account_short", "y")) == "");
    CHECK(sqlstate_of(verifier, "update discrepancy_finding set closed_at = now() where subject = 'x'") == "");
    CHECK(sqlstate_of(verifier, "update discrepancy_finding set times_seen = 9 where subject = 'x'") == "LF004");
    CHECK(sqlstate_of(verifier, "update discrepancy_finding set closed_at = null where subject = 'x'") == "LF004");
    CHECK(sqlstate_of(verifier, finding_sql()) == "");
    CHECK(sqlstate_of(verifier, "update discrepancy_finding set subject = 'z'") == "42501");
    CHECK(sqlstate_of(verifier, "update discrepancy_finding set touches_money = false") == "42501");
    CHECK(sqlstate_of(verifier, "delete from discrepancy_finding") == "42501");
    CHECK(sqlstate_of(rows.as("admin"), "update discrepancy_finding set kind = 'other' where subject = 'y'") ==
          "LF004");
    CHECK(sqlstate_of(rows.as("admin"), "delete from discrepancy_finding") == "LF004");
    CHECK(sqlstate_of(rows.as("admin"), "truncate discrepancy_finding") == "LF004");
    for (const auto* role : {"executor", "api", "trigger", "operator", "agents"})
      CHECK(sqlstate_of(rows.as(role), finding_sql("k", "s")) == "42501");
  }

  TEST_CASE("what a transaction moved is written once") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("open");
    const auto insert =
        "insert into attempt_movement (attempt_id, slot, order_account_delta, output_account_delta, "
        "endpoint) values ('" +
        rows.last_attempt(order, "deposit") + "', 1, -5, 18446744073709551615, 'rpc0')";
    CHECK(sqlstate_of(rows.as("executor"), insert) == "42501");
    CHECK(sqlstate_of(rows.as("verifier"), insert) == "");
    CHECK(sqlstate_of(rows.as("verifier"), insert) == "23505");
    CHECK(sqlstate_of(rows.as("verifier"), "update attempt_movement set slot = 2") == "42501");
    CHECK(sqlstate_of(rows.as("admin"), "update attempt_movement set slot = 2") == "LF004");
    CHECK(sqlstate_of(rows.as("admin"), "delete from attempt_movement") == "LF004");
  }

  TEST_CASE("operators read it all in the view") {
    scratch_database database;
    fixtures rows{database};
    REQUIRE(sqlstate_of(rows.as("verifier"), finding_sql()) == "");
    for (const auto* role : {"operator", "verifier", "api", "executor"})
      CHECK(sqlstate_of(rows.as(role),
                        "select id, kind, order_id, attempt_id, detail, expected, observed, slot, "
                        "endpoint, first_seen, last_seen, times_seen, closed_at, touches_money from "
                        "discrepancy") == "");
    CHECK(sqlstate_of(rows.as("agents"), "select from discrepancy") == "42501");
    CHECK(rows.value("select obj_description(to_regclass($1), 'pg_class')", "discrepancy").starts_with("One row "));
    CHECK(rows.value("select count(*) from discrepancy where subject = $1", "x") == "1");
  }
}
