// What stands in a migrated database beside the rules: views, owners, rights, and who may run the migrations.
#include <doctest/doctest.h>
#include <unistd.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/fixtures.hpp"

using namespace landfall::tests;

namespace {

std::vector<std::string> column(fixtures& rows, const std::string& sql) {
  std::vector<std::string> values;
  pqxx::work work{rows.as("admin")};
  for (const auto& row : work.exec(sql))
    values.push_back(row[0].as<std::string>());
  return values;
}

using list = std::vector<std::string>;

}  // namespace

TEST_SUITE("migrations schema") {
  TEST_CASE("the views have the columns that operators rely on, and say what a row is") {
    scratch_database database;
    fixtures rows{database};
    const std::map<std::string, list> views{
        {"discrepancy",
         {"id", "kind", "order_id", "attempt_id", "detail", "expected", "observed", "slot", "endpoint", "first_seen",
          "last_seen", "times_seen", "closed_at", "touches_money", "subject", "times_agreed", "held_order_at"}},
        {"order_overview", {"order_id",      "deposit_request_id", "leg",
                            "order_account", "output_account",     "wallet",
                            "vault",         "order_type",         "state",
                            "shown_as",      "input_mint",         "output_mint",
                            "trigger_mint",  "input_amount",       "input_used",
                            "output_amount", "trigger_condition",  "trigger_price_usd",
                            "slippage_bps",  "created_at",         "updated_at",
                            "expires_at",    "triggered_at",       "cancel_requested_at",
                            "attempts",      "last_reason",        "held",
                            "held_at",       "held_reason"}},
        {"order_history",
         {"order_id", "at", "from_state", "to_state", "role", "instance", "reason", "attempt_id", "evidence_id"}},
        {"attempt_history",
         {"order_id", "kind", "signature", "quote_id", "outcome", "slot", "fee_lamports", "signed_at", "broadcast_at",
          "resolved_at", "certificate", "attempt_id", "maker"}},
        {"trigger_evidence",
         {"order_id", "evidence_id", "decision", "source", "price_usd", "confidence_usd", "publish_time", "received_at",
          "gates", "instance", "decided_at"}},
        {"service_latency", {"hour", "stage", "samples", "p50_ms", "p90_ms", "p99_ms"}},
    };
    list names;
    for (const auto& [name, columns] : views) {
      INFO(name);
      names.push_back(name);
      CHECK(
          column(rows,
                 "select column_name from information_schema.columns where table_schema = 'public' and table_name = '" +
                     name + "' order by ordinal_position") == columns);
      CHECK(rows.value("select obj_description(to_regclass($1), 'pg_class')", name).starts_with("One row "));
      CHECK(sqlstate_of(rows.as("operator"), "select * from " + name) == "");
      CHECK(sqlstate_of(rows.as("agents"), "select * from " + name) == "42501");
    }
    CHECK(column(rows, "select table_name from information_schema.views where table_schema = 'public' order by 1") ==
          names);
  }

  TEST_CASE("the views tell the life of a filled order") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("fill_success");
    CHECK(
        rows.value(
            "select state || ' ' || shown_as || ' ' || attempts || ' ' || held from order_overview where order_id = $1",
            order.id) == "fill_success filled 3 false");
    CHECK(rows.value("select string_agg(to_state, ' ') from order_history where order_id = $1", order.id) ==
          "pending_deposit depositing open ready_execute executing execute_success ready_withdraw_output withdrawing "
          "fill_success");
    CHECK(rows.value("select string_agg(kind || ' ' || outcome, ', ') from attempt_history where order_id = $1",
                     order.id) == "deposit landed, swap landed, payout landed");
    CHECK(rows.value("select decision || ' ' || source from trigger_evidence where order_id = $1", order.id) ==
          "ready_execute pyth");
    CHECK(rows.value("select count(*) from order_history h join trigger_evidence e using (order_id, evidence_id) where "
                     "order_id = $1",
                     order.id) == "1");
    CHECK(rows.value("select string_agg(stage || ' ' || samples, ', ' order by stage) from service_latency where "
                     "p50_ms >= 0 and "
                     "p50_ms <= p99_ms and $1 = ''",
                     "") == "landed_to_paid_out 1, ready_to_signed 1, signed_to_landed 1, trigger_to_ready 1");
  }

  TEST_CASE("landfall_owner owns everything, and no service role has rights beyond its tables") {
    scratch_database database;
    fixtures rows{database};
    CHECK(column(rows,
                 "select relname from pg_class where relnamespace = 'public'::regnamespace and relowner <> "
                 "'landfall_owner'::regrole") == list{});
    CHECK(column(rows,
                 "select proname from pg_proc where pronamespace = 'public'::regnamespace and proowner <> "
                 "'landfall_owner'::regrole") == list{});
    CHECK(column(rows,
                 "select rolname from pg_roles where rolname like 'landfall\\_%' and (rolsuper or rolcreaterole or "
                 "rolcreatedb or rolreplication or rolbypassrls)") == list{});
    CHECK(column(rows,
                 "select rolname from pg_roles where rolname like 'landfall\\_%' and rolname <> 'landfall_owner' and "
                 "has_schema_privilege(rolname, 'public', 'create')") == list{});
    CHECK(column(rows,
                 "select member::regrole::text from pg_auth_members where member::regrole::text like 'landfall\\_%'") ==
          list{});
    for (const std::string& role : list{"api", "trigger", "executor", "operator", "verifier", "agents"}) {
      INFO(role);
      CHECK(sqlstate_of(rows.as(role), "create table mine (x int)") == "42501");
      CHECK(sqlstate_of(rows.as(role), "set session_replication_role = replica") == "42501");
      CHECK(sqlstate_of(rows.as(role), "alter table price_order disable trigger all") == "42501");
      CHECK(sqlstate_of(rows.as(role),
                        "create or replace function session_role() returns text language sql as 'select ''api'''") ==
            "42501");
    }
  }

  TEST_CASE("every function has a fixed search path with pg_temp last, and no service may call one but to store JSON") {
    scratch_database database;
    fixtures rows{database};
    CHECK(
        column(rows,
               "select proname from pg_proc where pronamespace = 'public'::regnamespace and (proconfig is null or not "
               "'search_path=pg_catalog, public, pg_temp' = any (proconfig))") == list{});
    CHECK(
        column(rows,
               "select proname || ' ' || rolname from pg_proc p, pg_roles r where pronamespace = "
               "'public'::regnamespace and rolname like "
               "'landfall\\_%' and rolname <> 'landfall_owner' and has_function_privilege(r.oid, p.oid, 'execute')") ==
        list{"json_from_outside landfall_executor"});
    const auto order = rows.order_in("open");
    // A temporary table named like one of ours is not what the rules look at.
    CHECK(sqlstate_of(rows.as("trigger"),
                      "create temporary table allowed_transition as values ('open', 'cancelled', 'trigger'); "
                      "alter table allowed_transition rename column1 to from_state; "
                      "alter table allowed_transition rename column2 to to_state; "
                      "alter table allowed_transition rename column3 to role") == "");
    CHECK(sqlstate_of(rows.as("trigger"),
                      "update price_order set state = 'cancelled', last_reason = 'x', last_instance = 'x' "
                      "where id = '" +
                          order.id + "'") == "LF001");
  }

  TEST_CASE("each role writes what its work needs and nothing else") {
    scratch_database database;
    fixtures rows{database};
    // privilege and table; for UPDATE of some columns only, the columns.
    const std::map<std::string, std::set<std::string>> expected{
        {"trigger",
         {"INSERT evidence",
          "UPDATE price_order (last_attempt_id, last_detail, last_evidence_id, last_instance, last_reason, state, "
          "triggered_at)"}},
        {"executor",
         {"INSERT attempt",
          "UPDATE attempt (broadcast_at, certificate, confirmed_at, confirmed_slot, error, fee_lamports, input_moved, "
          "outcome, "
          "output_moved, resolved_at, signature, slot, write_epoch)",
          "UPDATE price_order (attempts_made, input_used, last_attempt_id, last_detail, last_evidence_id, "
          "last_instance, last_reason, "
          "lease_epoch, lease_holder, lease_until, next_attempt_at, output_amount, state, write_epoch)"}},
        {"api",
         {"INSERT vault", "INSERT deposit_request", "INSERT auth_challenge", "DELETE auth_challenge",
          "UPDATE auth_challenge (consumed_at)", "INSERT attempt",
          "UPDATE attempt (broadcast_at, confirmed_at, confirmed_slot)", "INSERT idempotency_key",
          "UPDATE idempotency_key (order_id, response, status)",
          "INSERT price_order (created_at, deposit_request_id, expires_at, id, input_amount, input_mint, "
          "last_attempt_id, last_detail, "
          "last_evidence_id, last_instance, last_reason, leg, next_attempt_at, order_account, order_type, "
          "output_account, output_mint, "
          "slippage_bps, state, trigger_condition, trigger_mint, trigger_price_usd, updated_at, vault, wallet)",
          "UPDATE price_order (cancel_requested_at, expires_at, last_attempt_id, last_detail, last_evidence_id, "
          "last_instance, "
          "last_reason, next_attempt_at, slippage_bps, state, trigger_condition, trigger_price_usd)"}},
        {"agents", {}},
        {"verifier",
         {"UPDATE price_order (held_at, held_reason)",
          "INSERT attempt_movement (attempt_id, endpoint, order_account_delta, output_account_delta, slot)",
          "INSERT discrepancy_finding (agreed_slot, attempt_id, detail, endpoint, expected, kind, observed, order_id, "
          "slot, "
          "subject, times_agreed, touches_money)",
          "UPDATE discrepancy_finding (agreed_slot, closed_at, detail, endpoint, expected, held_order_at, last_seen, "
          "observed, "
          "slot, times_agreed, times_seen)",
          "INSERT signing_halt (endpoint, instance, mint, reason, shortfall, side, slot)"}},
        {"operator",
         {"INSERT token", "UPDATE token", "UPDATE signing_halt (released_at, released_by)",
          "UPDATE price_order (held_at, held_reason, last_attempt_id, last_detail, last_evidence_id, last_instance, "
          "last_reason, state)"}},
    };
    for (const auto& [role, rights] : expected) {
      INFO(role);
      const auto granted = column(rows, R"(
        with right_of as (
          select c.oid, c.relname, p.privilege, has_table_privilege('landfall_)" +
                                            role + R"(', c.oid, p.privilege) as whole
          from pg_class c,
               unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p (privilege)
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')
        )
        select privilege || ' ' || relname from right_of where whole
        union all
        select r.privilege || ' ' || r.relname || ' (' || string_agg(a.attname, ', ' order by a.attname) || ')'
        from right_of r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
        where not r.whole and r.privilege in ('INSERT', 'UPDATE')
          and has_column_privilege('landfall_)" +
                                            role + R"(', r.oid, a.attnum, r.privilege)
        group by r.privilege, r.relname)");
      CHECK(std::set<std::string>(granted.begin(), granted.end()) == rights);
    }
    CHECK(sqlstate_of(rows.as("trigger"), "select from deposit_request") == "42501");
    CHECK(sqlstate_of(rows.as("executor"), "select from idempotency_key") == "42501");
    CHECK(sqlstate_of(rows.as("agents"), "select from price_order") == "42501");
  }

  TEST_CASE("amounts are unsigned 64-bit integers, addresses base58") {
    scratch_database database;
    fixtures rows{database};
    auto& admin = rows.as("admin");
    CHECK(sqlstate_of(admin, "select 18446744073709551615::token_amount") == "");
    CHECK(sqlstate_of(admin, "select 18446744073709551616::token_amount") == "23514");
    CHECK(sqlstate_of(admin, "select (-1)::token_amount") == "23514");
    CHECK(sqlstate_of(admin, "select '" + address_of(1) + "'::address") == "");
    CHECK(sqlstate_of(admin, "select '0" + address_of(1) + "'::address") == "23514");
    CHECK(sqlstate_of(admin, "select '" + signature_of(1) + "'::transaction_signature") == "");
    CHECK(sqlstate_of(admin, "select 0::price_usd") == "23514");
  }

  TEST_CASE("the migrations run without a superuser") {
    scratch_database database;
    fixtures rows{database};
    const auto name = "landfall_migrator_" + std::to_string(::getpid());
    const auto outside = [&](const std::string& sql) {
      const auto connection = database.connect_as_admin();
      pqxx::nontransaction work{*connection};
      work.exec(sql);
    };
    const auto run_as = [&](const std::string& role) {
      outside("create database " + name + " owner " + role + " template template0");
      {
        pqxx::connection connection{database.conninfo(role) + " dbname=" + name};
        CHECK_NOTHROW(apply_migrations(connection));
        CHECK(sqlstate_of(connection, "select from order_overview") == "");
      }
      {
        pqxx::connection connection{database.conninfo("landfall_operator") + " dbname=" + name};
        CHECK(sqlstate_of(connection, "select from order_overview") == "");
      }
      outside("drop database " + name + " with (force)");
    };
    outside("create role " + name + " login createrole");
    run_as(name);
    outside("drop owned by " + name + "; drop role " + name);
    run_as("landfall_owner");
  }
}
