// What PostgreSQL keeps of swaps that a market maker signs last, attacked as the other rules are.
#include <doctest/doctest.h>

#include <string>

#include "tests/migrations/attack.hpp"

using namespace landfall::tests;

namespace {

const std::string maker_id = "11111111-2222-4333-8444-555555555555";

/// A quoted swap under the lease in force; columns and values may be added or changed.
std::string insert_quoted(const std::string& kind = "swap", const std::string& quote_id = "'" + maker_id + "'",
                          const std::string& maker = "'maker.example'", const std::string& signature = "null",
                          const std::string& balance = "input_amount", const std::string& least = "1") {
  return "insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash, "
         "last_valid_block_height, lease_epoch, instance, order_account_balance, expected_input, minimum_output, "
         "quote_id, maker) select '" +
         maker_id + "', id, order_account, '" + kind + "', 77, " + signature + ", '\\x01', 'hash', " +
         std::to_string(fixtures::last_valid_block_height) + ", lease_epoch, 'executor-1', " + balance +
         ", input_amount, " + least + ", " + quote_id + ", " + maker + " from price_order where id = :id";
}

void leased(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
}

void handed_over(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
  REQUIRE(sqlstate_of(rows.as("executor"), bind_names(rows, order, insert_quoted())) == "");
}

const std::string an_id = "'" + signature_of(880'000) + "'";
const std::string carried = ", write_epoch = lease_epoch where id = '" + maker_id + "'";
const std::string confirm = "confirmed_slot = 1100, confirmed_at = now()";
const std::string landed = "outcome = 'landed', slot = 1100, resolved_at = now()";

std::string update(const std::string& columns) {
  return "update attempt set " + columns + carried;
}

void confirmed(fixtures& rows, const order_fixture& order) {
  handed_over(rows, order);
  REQUIRE(sqlstate_of(rows.as("executor"), update("signature = " + an_id + ", " + confirm)) == "");
}

std::string observation(const std::string& endpoint) {
  return R"({"endpoint":")" + endpoint + R"(","finalized_block_height":)" +
         std::to_string(fixtures::last_valid_block_height + 2) +
         R"(,"finalized_slot":1200,"status_context_slot":1200,"status":null,"searched_history":true,)"
         R"("balance":"1000000000","balance_slot":1231})";
}

const std::string good_certificate =
    R"('{"rule":"finalized_history","last_valid_block_height":)" + std::to_string(fixtures::last_valid_block_height) +
    R"(,"endpoints_configured":2,"observations":[)" + observation("rpc0") + "," + observation("rpc1") +
    R"(],"order_account":{"balance":"1000000000","slot":1231,"endpoint":"rpc0"}}'::jsonb)";

std::string dead_with(const std::string& certificate) {
  return update("outcome = 'dead', resolved_at = now(), certificate = " + certificate);
}

attack fault_attack(const std::string& function, const std::string& name, const std::string& certificate,
                    const std::string& part, const std::string& replacement) {
  return {
      name,       "executing", "executor", dead_with(certificate), "LF008", edit_function(function, part, replacement),
      handed_over};
}

attack certificate_attack(const std::string& name, const std::string& certificate, const std::string& part,
                          const std::string& replacement) {
  return fault_attack("certificate_fault", name, certificate, part, replacement);
}

attack observation_attack(const std::string& name, const std::string& certificate, const std::string& part,
                          const std::string& replacement) {
  return fault_attack("observation_fault", name, certificate, part, replacement);
}

const std::string id_rule =
    "if (new.signature is not null)\n       <> (new.confirmed_at is not null or new.outcome in ('landed', "
    "'landed_failed') is true) then";

}  // namespace

TEST_SUITE("maker attempts") {
  TEST_CASE("the life of a quoted swap") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("executing");
    const auto step = [&](const std::string& columns) { return sqlstate_of(rows.as("executor"), update(columns)); };
    handed_over(rows, order);
    CHECK(step("broadcast_at = now()") == "");
    CHECK(step("signature = " + an_id + ", " + confirm) == "");
    CHECK(step("signature = null, confirmed_slot = null, confirmed_at = null") == "");
    CHECK(step("signature = '" + signature_of(880'001) + "', " + confirm) == "");
    CHECK(step("signature = " + an_id + ", " + landed) == "");
    CHECK(rows.value("select maker || ' ' || outcome || ' ' || (signature is not null) from attempt_history where "
                     "order_id = $1 and kind = 'swap'",
                     order.id) == "maker.example landed true");

    const auto other = rows.order_in("executing");
    rows.lease(other);
    CHECK(sqlstate_of(rows.as("executor"),
                      bind_names(rows, other,
                                 "insert into attempt (id, order_id, order_account, kind, ordinal, "
                                 "transaction, blockhash, last_valid_block_height, lease_epoch, "
                                 "instance, order_account_balance, expected_input, minimum_output, "
                                 "quote_id, maker) select g, id, order_account, 'swap', 78, '\\x01', "
                                 "'hash', 1000, lease_epoch, 'executor-1', input_amount, "
                                 "input_amount, 1, g::text, 'maker.example' from price_order, "
                                 "(values ('99999999-2222-4333-8444-555555555555'::uuid)) v (g) "
                                 "where id = :id")) == "");
    CHECK(sqlstate_of(rows.as("executor"),
                      "update attempt set outcome = 'dead', resolved_at = now(), certificate = " + good_certificate +
                          ", write_epoch = lease_epoch where id = '99999999-2222-4333-8444-555555555555'") == "");
  }

  TEST_CASE("what a quoted swap is, is stored before it leaves") {
    withstand({
        {"a payout by a maker", "withdrawing", "executor", insert_quoted("payout"), "23514",
         "alter table attempt drop constraint attempt_quote; drop index attempt_unresolved"},
        {"a quote id that is not the attempt's own", "executing", "executor", insert_quoted("swap", "'other'"), "23514",
         "alter table attempt drop constraint attempt_quote", leased},
        {"a quote without its maker", "executing", "executor", insert_quoted("swap", "'" + maker_id + "'", "null"),
         "23514", "alter table attempt drop constraint attempt_maker", leased},
        {"a maker without a quote", "executing", "executor", insert_quoted("swap", "null", "'maker.example'", an_id),
         "23514", "alter table attempt drop constraint attempt_maker", leased},
        {"no balance to judge it by", "executing", "executor",
         insert_quoted("swap", "'" + maker_id + "'", "'maker.example'", "null", "null"), "23514",
         "alter table attempt drop constraint attempt_quote", leased},
        {"nothing agreed", "executing", "executor",
         insert_quoted("swap", "'" + maker_id + "'", "'maker.example'", "null", "input_amount", "null"), "23514",
         "alter table attempt drop constraint attempt_quote", leased},
        {"an id given in advance", "executing", "executor",
         insert_quoted("swap", "'" + maker_id + "'", "'maker.example'", an_id), "LF007",
         "drop trigger attempt_quote_create on attempt", leased},
        {"a second swap while a maker's is in doubt", "executing", "executor",
         "insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash, "
         "last_valid_block_height, lease_epoch, instance) select gen_random_uuid(), id, order_account, 'swap', 78, '" +
             signature_of(880'002) +
             "', '\\x01', 'hash', 1000, lease_epoch, 'executor-1' from price_order where id = :id",
         "23505", "drop index attempt_unresolved", handed_over},
    });
  }

  TEST_CASE("a maker's id is what the chain shows, while it shows it") {
    withstand({
        {"an id that nothing confirmed", "executing", "executor", update("signature = " + an_id), "LF007",
         edit_function("attempt_check_identity", id_rule, "if false then"), handed_over},
        {"a confirmation without an id", "executing", "executor", update(confirm), "LF007",
         edit_function("attempt_check_identity", id_rule, "if false then"), handed_over},
        {"a landing without an id", "executing", "executor", update(landed), "LF007",
         edit_function("attempt_check_identity", id_rule, "if false then"), handed_over},
        {"a rollback that keeps the id", "executing", "executor", update("confirmed_slot = null, confirmed_at = null"),
         "LF007", edit_function("attempt_check_identity", id_rule, "if false then"), confirmed},
        {"another id after the outcome", "executing", "executor", update("signature = '" + signature_of(880'003) + "'"),
         "LF004",
         edit_function("attempt_check_identity", "if old.quote_id is not null and old.outcome is null then",
                       "if old.quote_id is not null then"),
         [](fixtures& rows, const order_fixture& order) {
           confirmed(rows, order);
           REQUIRE(sqlstate_of(rows.as("executor"), update(landed)) == "");
         }},
        {"the maker is exchanged", "executing", "executor", update("maker = 'other.example'"), "42501",
         "grant update on attempt to landfall_executor; " + edit_function("attempt_check_identity",
                                                                          "new.quote, new.signed_at, new.maker)",
                                                                          "new.quote, new.signed_at, old.maker)"),
         handed_over},
    });
  }

  TEST_CASE("a maker's swap is dead only by the histories and the balances") {
    const auto with = [](const std::string& path, const std::string& value) {
      return "jsonb_set(" + good_certificate + ", '{" + path + "}', '" + value + "')";
    };
    const auto lacking = [](const std::string& path) { return "(" + good_certificate + " #- '{" + path + "}')"; };
    const std::string too_low = "(seen->>'balance')::numeric < dead.order_account_balance";
    const std::string shape =
        "jsonb_typeof(seen->'balance_slot') is distinct from 'number'\n       or coalesce(seen->>'balance', '') !~ "
        "'^[0-9]{1,20}$'";
    withstand({
        certificate_attack("a certificate for an id that is not known",
                           "'" + death_certificate(fixtures::last_valid_block_height, "1000000000") + "'::jsonb",
                           "by_history <> (dead.quote_id is not null)", "false"),
        certificate_attack("one endpoint of two", lacking("observations,1"), "least(2, configured)", "1"),
        observation_attack("one looked at no balance", lacking("observations,1,balance"), shape, "false"),
        observation_attack("one says not when", lacking("observations,1,balance_slot"), shape, "false"),
        observation_attack("one looked too early", with("observations,1,balance_slot", "1199"),
                           "(seen->>'balance_slot')::numeric < (seen->>'finalized_slot')::numeric", "false"),
        observation_attack("one saw the money gone", with("observations,1,balance", "\"999999999\""), too_low, "false"),
        observation_attack("one history is cut off", with("observations,0,searched_history", "false"),
                           "seen->'searched_history' is distinct from 'true'::jsonb", "false"),
        {"dead while it is confirmed", "executing", "executor", dead_with(good_certificate), "LF008",
         edit_function("attempt_check_results", "if new.confirmed_at is not null then", "if false then"), confirmed},
    });
  }
}
