// Each rule attacked with plain SQL under the service's own role, and each attack proven real: with the rule taken away
// the same statements go through.
#include <doctest/doctest.h>

#include <string>

#include "tests/migrations/attack.hpp"

using namespace landfall::tests;

namespace {

const std::string guard = "price_order_guard";
const std::string ground = "missing_ground";

/// An executor's move under the lease in force.
std::string executor_move(const std::string& to, const std::string& reason = "test") {
  return "update price_order set state = '" + to + "', last_reason = '" + reason +
         "', last_instance = 'executor-1', write_epoch = lease_epoch where id = :id";
}

std::string move_by(const std::string& role, const std::string& to, const std::string& more = "") {
  return "update price_order set state = '" + to + "', last_reason = 'test', last_instance = '" + role + "-1'" + more +
         " where id = :id";
}

void leased(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
}

void held(fixtures& rows, const order_fixture& order) {
  REQUIRE(sqlstate_of(rows.as("verifier"), bind_names(rows, order,
                                                      "update price_order set held_at = now(), held_reason = 'balance' "
                                                      "where id = :id")) == "");
}

void leased_and_held(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
  held(rows, order);
}

void lease_expired(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
  rows.expire_lease(order);
}

/// Another instance took over: the epoch is one higher than what executor-1 knows.
void taken_over(fixtures& rows, const order_fixture& order) {
  lease_expired(rows, order);
  REQUIRE(sqlstate_of(rows.as("executor"),
                      bind_names(rows, order,
                                 "update price_order set lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, "
                                 "lease_holder = 'executor-2', lease_until = clock_timestamp() + interval '1 minute' "
                                 "where id = :id")) == "");
}

std::function<void(fixtures&, const order_fixture&)> with_attempt(const std::string& kind,
                                                                  const std::string& outcome = "") {
  return [=](fixtures& rows, const order_fixture& order) {
    const auto id = rows.store_attempt(order, kind);
    if (outcome == "confirmed")
      rows.confirm(order, id);
    else if (!outcome.empty())
      rows.resolve(order, id, outcome);
  };
}

void refund_landed(fixtures& rows, const order_fixture& order) {
  rows.advance(order, "ready_expire", "trigger");
  rows.resolve(order, rows.store_attempt(order, "refund"), "landed");
  rows.advance(order, "expired", "executor");
}

std::string insert_attempt(const std::string& kind, const std::string& epoch,
                           const std::string& account = "order_account", const std::string& columns = "",
                           const std::string& values = "") {
  return "insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash, "
         "last_valid_block_height, lease_epoch, instance" +
         columns + ") select gen_random_uuid(), id, " + account + ", '" + kind + "', 77, '" + signature_of(900'000) +
         "', '\\x01', 'hash', 1000, " + epoch + ", 'executor-1'" + values + " from price_order where id = :id";
}

std::string create_order(const std::string& request_columns =
                             "wallet, vault, id, order_account, order_account, "
                             "order_sub_type, 'pending_deposit', input_mint, "
                             "output_mint, input_mint, amount",
                         const std::string& reason = "'created'", const std::string& leg = "0") {
  return "insert into price_order (id, wallet, vault, deposit_request_id, order_account, output_account, order_type, "
         "state, input_mint, output_mint, trigger_mint, input_amount, trigger_condition, trigger_price_usd, "
         "expires_at, "
         "last_reason, last_instance, leg) select gen_random_uuid(), " +
         request_columns + ", 'above', 200, now() + interval '1 hour', " + reason + ", 'api-1', " + leg +
         " from deposit_request where ";
}

std::string dead_with(const std::string& certificate, const std::string& attempt = ":swap") {
  return "update attempt set outcome = 'dead', resolved_at = now(), certificate = " + certificate +
         ", write_epoch = lease_epoch where id = " + attempt;
}

const std::string good_certificate =
    "'" + death_certificate(fixtures::last_valid_block_height, "1000000000") + "'::jsonb";

attack certificate_attack(const std::string& name, const std::string& certificate, const std::string& part,
                          const std::string& replacement) {
  return {name,
          "executing",
          "executor",
          dead_with(certificate),
          "LF008",
          edit_function("certificate_fault", part, replacement),
          with_attempt("swap")};
}

/// Takes the check of one move out of missing_ground.
std::string without_ground(const std::string& message) {
  return edit_function(ground, "return '" + message + "';", "null;");
}

}  // namespace

TEST_SUITE("migrations rules") {
  TEST_CASE("rule 1: an order moves only along the table, by the role named there") {
    withstand({
        {"the trigger opens an order", "depositing", "trigger", move_by("trigger", "open"), "LF001",
         "insert into allowed_move values ('depositing', 'open', 'trigger'); " +
             edit_function(ground, "when move = 'depositing>open' then", "when false then") +
             edit_function(ground, "if role_name = 'trigger' then", "if false then")},
        {"the executor decides instead of the trigger", "open", "executor", executor_move("ready_execute"), "LF001",
         edit_function(guard, "if not exists (select from allowed_move m",
                       "if false and not exists (select from allowed_move m"),
         leased},
        {"the operator moves an order that nothing is wrong with", "open", "operator", move_by("operator", "cancelled"),
         "LF001",
         edit_function(guard, "if not exists (select from allowed_move m",
                       "if false and not exists (select from allowed_move m")},
        {"the same move is made twice", "ready_execute", "trigger", move_by("trigger", "ready_execute"), "LF001",
         "drop trigger price_order_30_standing on price_order"},
        {"the verifier moves an order", "open", "verifier", "update price_order set state = 'cancelled' where id = :id",
         "42501",
         "grant update (state) on price_order to landfall_verifier; drop trigger price_order_20_guard on price_order"},
    });
  }

  TEST_CASE("rule 1: SET ROLE lends no other role's moves") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("open");
    CHECK(sqlstate_of(rows.as("trigger"), "set local role landfall_api") == "42501");
    CHECK(sqlstate_of(rows.as("admin"), "grant landfall_api to landfall_trigger") == "");
    CHECK(sqlstate_of(rows.as("trigger"),
                      bind_names(rows, order,
                                 "set local role landfall_api; " + move_by("trigger", "ready_to_cancel"))) == "LF001");
    CHECK(sqlstate_of(rows.as("admin"), "revoke landfall_api from landfall_trigger") == "");
  }

  TEST_CASE("rule 1: a held order is moved by the operator only") {
    const auto no_hold_check = edit_function(
        guard, "if old.held_at is not null and role_name is distinct from 'operator' then", "if false then");
    withstand({
        {"the trigger moves a held order", "open", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF002", no_hold_check,
         [](fixtures& rows, const order_fixture& order) {
           rows.store_evidence(order, "ready_execute");
           held(rows, order);
         }},
        {"the api cancels a held order", "open", "api", move_by("api", "ready_to_cancel"), "LF002", no_hold_check,
         held},
        {"the executor moves a held order under the lease it has", "executing", "executor",
         executor_move("execute_failed"), "LF002", no_hold_check, leased_and_held},
        {"an executor claims a held order", "ready_execute", "executor",
         "update price_order set lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, lease_holder = "
         "'executor-1', "
         "lease_until = now() + interval '1 minute' where id = :id",
         "LF002",
         edit_function(
             guard,
             "if old.held_at is not null then\n        raise exception using errcode = 'LF002', message = "
             "format('order %s is held: %s'",
             "if false then\n        raise exception using errcode = 'LF002', message = format('order %s is held: %s'"),
         held},
        {"an executor signs another attempt for a held order", "executing", "executor",
         insert_attempt("swap", "lease_epoch"), "LF002",
         edit_function("attempt_create", "target.held_at is not null", "false"), leased_and_held},
        {"the verifier releases its own hold", "open", "verifier",
         "update price_order set held_at = null, held_reason = null where id = :id", "LF002",
         edit_function(guard,
                       "if old.held_at is not null then\n        raise exception using errcode = 'LF002', message = "
                       "format('order %s is held: only",
                       "if false then\n        raise exception using errcode = 'LF002', message = format('order %s is "
                       "held: only"),
         held},
        {"the verifier changes more than the hold", "open", "verifier",
         "update price_order set held_at = now(), held_reason = 'x', trigger_price_usd = 1 where id = :id", "42501",
         "grant update on price_order to landfall_verifier; drop trigger price_order_20_guard on price_order"},
        {"the executor releases a hold", "open", "executor",
         "update price_order set held_at = null, held_reason = null, write_epoch = lease_epoch where id = :id", "42501",
         "grant update on price_order to landfall_executor; " +
             edit_function(guard, "elsif role_name is distinct from 'operator' then", "elsif false then"),
         held},
    });
  }

  TEST_CASE("rule 1: the operator releases a hold and moves a held order") {
    scratch_database database;
    fixtures rows{database};
    const auto failed = rows.order_in("fill_failed");
    held(rows, failed);
    CHECK(sqlstate_of(rows.as("operator"), bind_names(rows, failed, move_by("operator", "ready_withdraw_output"))) ==
          "");
    CHECK(sqlstate_of(rows.as("operator"),
                      bind_names(rows, failed,
                                 "update price_order set held_at = null, held_reason = null where id = :id")) == "");
    CHECK(rows.state(failed) == "ready_withdraw_output");
  }

  TEST_CASE("rule 1: what an order is about never changes") {
    for (const auto& column : std::vector<std::string>{
             "wallet = '" + address_of(5000) + "'", "vault = '" + address_of(5000) + "'",
             std::string{"deposit_request_id = gen_random_uuid()"}, std::string{"leg = 1"},
             "order_account = '" + address_of(5000) + "'", "output_account = '" + address_of(5000) + "'",
             std::string{"order_type = 'oco'"}, std::string{"input_mint = output_mint"},
             std::string{"output_mint = input_mint"}, std::string{"trigger_mint = output_mint"},
             std::string{"input_amount = 1"}, std::string{"created_at = now() - interval '1 day'"},
             std::string{"id = gen_random_uuid()"}}) {
      INFO(column);
      scratch_database database;
      fixtures rows{database};
      const auto order = rows.order_in("open");
      const auto sql = bind_names(rows, order, "update price_order set " + column + " where id = :id");
      CHECK(sqlstate_of(rows.as("api"), sql) == "42501");
      CHECK(sqlstate_of(rows.as("admin"), "grant update on price_order to landfall_api") == "");
      CHECK(sqlstate_of(rows.as("api"), sql) == "LF004");
      CHECK(sqlstate_of(rows.as("admin"), sql) == "LF004");
    }
    withstand({
        {"the api sends the output elsewhere", "open", "api",
         "update price_order set output_account = '" + address_of(5000) + "' where id = :id", "42501",
         "grant update on price_order to landfall_api; " +
             edit_function(guard, "new.output_account,", "old.output_account,")},
        {"the executor changes the terms", "open", "executor",
         "update price_order set slippage_bps = 9999, write_epoch = lease_epoch where id = :id", "42501",
         "grant update on price_order to landfall_executor; " +
             edit_function(guard, "role_name is not distinct from 'api' and old.state = 'open' and new.state = 'open'",
                           "true"),
         leased},
        {"the api changes the terms of an order that executes", "executing", "api",
         "update price_order set trigger_price_usd = 1 where id = :id", "LF004",
         edit_function(guard, "and old.state = 'open' and new.state = 'open'", "")},
        {"the api changes the terms together with a move", "open", "api",
         move_by("api", "ready_to_cancel", ", slippage_bps = 1"), "LF004",
         edit_function(guard, "and new.state = 'open'", "")},
        {"an order is deleted", "pending_deposit", "api", "delete from price_order where id = :id", "42501",
         "grant delete on price_order to landfall_api; drop trigger refuse_delete on price_order; "
         "alter table order_move drop constraint order_move_order_id_fkey"},
    });
  }

  TEST_CASE("rule 1: the api may edit an open order, and updated_at is kept by the database") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("open");
    const auto before = rows.value("select updated_at from price_order where id = $1", order.id);
    CHECK(sqlstate_of(rows.as("api"), bind_names(rows, order,
                                                 "update price_order set trigger_price_usd = 250, slippage_bps = 50, "
                                                 "trigger_condition = 'below' where id = :id")) == "");
    CHECK(rows.value("select updated_at from price_order where id = $1", order.id) > before);
    CHECK(sqlstate_of(rows.as("admin"),
                      bind_names(rows, order, "update price_order set updated_at = '2000-01-01' where id = :id")) ==
          "");
    CHECK(rows.value("select updated_at > '2020-01-01' from price_order where id = $1", order.id) == "t");
  }

  TEST_CASE("rule 2: the audit is written by moves only, and stays") {
    withstand({
        {"a service writes an audit row of its own", "open", "executor",
         "insert into order_move (order_id, from_state, to_state, role) values (:id, 'open', 'cancelled', 'executor')",
         "42501", "grant insert on order_move to landfall_executor; drop trigger order_move_guard on order_move"},
        {"the superuser writes an audit row by hand", "open", "admin",
         "insert into order_move (order_id, from_state, to_state, role) values (:id, 'open', 'cancelled', 'executor')",
         "LF004", "drop trigger order_move_guard on order_move"},
        {"a service rewrites the audit", "open", "executor", "update order_move set reason = 'x' where order_id = :id",
         "42501", "grant update on order_move to landfall_executor; drop trigger refuse_change on order_move"},
        {"the superuser rewrites the audit", "open", "admin", "update order_move set reason = 'x' where order_id = :id",
         "LF004", "drop trigger refuse_change on order_move"},
        {"the superuser deletes the audit", "open", "admin", "delete from order_move where order_id = :id", "LF004",
         "drop trigger refuse_change on order_move"},
        {"the superuser empties the audit", "open", "admin", "truncate order_move", "LF004",
         "drop trigger refuse_truncate on order_move"},
        {"the operator deletes the audit", "open", "operator", "delete from order_move where order_id = :id", "42501",
         "grant delete on order_move to landfall_operator; drop trigger refuse_change on order_move"},
        {"the evidence is rewritten", "ready_execute", "trigger",
         "update evidence set price_usd = 1 where id = :evidence", "42501",
         "grant update on evidence to landfall_trigger; drop trigger refuse_change on evidence"},
        {"the superuser rewrites the evidence", "ready_execute", "admin",
         "update evidence set price_usd = 1 where id = :evidence", "LF004", "drop trigger refuse_change on evidence"},
        {"the superuser deletes the evidence", "ready_execute", "admin", "delete from evidence where id = :evidence",
         "LF004",
         "drop trigger refuse_change on evidence; alter table order_move drop constraint order_move_evidence_id_fkey"},
        {"the superuser empties the evidence", "ready_execute", "admin", "truncate evidence cascade", "LF004",
         "drop trigger refuse_truncate on evidence; drop trigger refuse_truncate on order_move"},
        {"a move gives no reason", "open", "api",
         "update price_order set state = 'ready_to_cancel', last_reason = null, last_instance = 'api-1' where id = :id",
         "LF010", edit_function(guard, "new.last_reason is null or", "")},
        {"a move leaves the reason of the last move", "open", "api",
         "update price_order set state = 'ready_to_cancel', last_instance = 'api-1' where id = :id", "LF010",
         edit_function(guard, "or not grounds @> array['reason', 'instance']", "")},
        {"a move leaves the instance of the last move", "open", "api",
         "update price_order set state = 'ready_to_cancel', last_reason = 'cancel' where id = :id", "LF010",
         edit_function(guard, "or not grounds @> array['reason', 'instance']", "")},
        {"a creation gives no reason", "open", "api",
         create_order("wallet, vault, id, order_account, order_account, order_sub_type, 'pending_deposit', input_mint, "
                      "output_mint, input_mint, amount",
                      "null") +
             "consumed_at is null",
         "LF010", edit_function("price_order_create", "new.last_reason is null or", "false or"),
         [](fixtures& rows, const order_fixture&) { rows.deposit_request(); }},
    });
  }

  TEST_CASE("rule 2: a move that cannot be audited does not happen") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("open");
    CHECK(sqlstate_of(rows.as("admin"),
                      "alter table order_move add constraint full_disk check (to_state <> 'ready_to_cancel')") == "");
    CHECK(sqlstate_of(rows.as("api"), bind_names(rows, order, move_by("api", "ready_to_cancel"))) == "23514");
    CHECK(rows.state(order) == "open");
    // The mutant: without the trigger the move leaves no trace.
    CHECK(sqlstate_of(rows.as("admin"), "drop trigger price_order_record_move on price_order") == "");
    CHECK(sqlstate_of(rows.as("api"), bind_names(rows, order, move_by("api", "ready_to_cancel"))) == "");
    CHECK(rows.value("select count(*) from order_move where order_id = $1 and to_state = 'ready_to_cancel'",
                     order.id) == "0");
  }

  TEST_CASE("rule 2: grounds that a move does not give are not taken over from the last move") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("ready_execute");
    CHECK(rows.value("select last_evidence_id is not null from price_order where id = $1", order.id) == "t");
    rows.lease(order);
    CHECK(sqlstate_of(rows.as("executor"), bind_names(rows, order, executor_move("executing"))) == "");
    CHECK(rows.value("select evidence_id is null and attempt_id is null and detail is null from order_move where "
                     "order_id = $1 order by id desc limit 1",
                     order.id) == "t");
  }

  TEST_CASE("rule 2: one statement may move many orders, and each is audited with its own grounds") {
    scratch_database database;
    fixtures rows{database};
    const auto first = rows.order_in("open");
    const auto second = rows.order_in("open");
    CHECK(sqlstate_of(rows.as("api"),
                      "update price_order set state = 'ready_to_cancel', last_reason = 'cancel', "
                      "last_instance = 'api-1', last_detail = id::text") == "");
    for (const auto& order : {first, second})
      CHECK(rows.value("select detail from order_move where order_id = $1 and to_state = 'ready_to_cancel'",
                       order.id) == order.id);
    // The note of the first row is not good for the next statement.
    const auto third = rows.order_in("open");
    CHECK(sqlstate_of(rows.as("api"),
                      bind_names(rows, third,
                                 "update price_order set last_reason = 'x', last_instance = 'api-1' where id = :id; "
                                 "update price_order set state = 'ready_to_cancel' where id = :id")) == "LF010");
  }

  TEST_CASE("rule 3: a deposit request is consumed once, by the order it was crafted for") {
    const auto unconsumed = [](fixtures& rows, const order_fixture&) { rows.deposit_request(); };
    const std::string base =
        "wallet, vault, id, order_account, order_account, order_sub_type, 'pending_deposit', input_mint, "
        "output_mint, input_mint, amount";
    const auto differs = [&](const std::string& what, const std::string& from, const std::string& to) {
      auto columns = base;
      columns.replace(columns.find(from), from.size(), to);
      return attack{what,
                    "open",
                    "api",
                    create_order(columns) + "consumed_at is null",
                    "LF006",
                    edit_function("price_order_create",
                                  "raise exception using errcode = 'LF006', message = format('order %s is not what",
                                  "raise notice using message = format('order %s is not what"),
                    unconsumed};
    };
    withstand({
        {"a second order from the same request", "open", "api", create_order() + "id = :request", "LF006",
         edit_function("price_order_create", "if request.consumed_at is not null and not", "if false and not") +
             "; alter table price_order drop constraint price_order_deposit_request_id_leg_key"},
        {"a second leg joins a pair later", "open", "api",
         create_order(base, "'created'", "1") +
             "id in (select deposit_request_id from price_order where leg = 0 and order_type = 'oco') and not exists "
             "(select from price_order p where p.deposit_request_id = deposit_request.id and p.leg = 1)",
         "LF006", edit_function("price_order_create", "and request.consumed_at = transaction_timestamp()", ""),
         [&](fixtures& rows, const order_fixture&) {
           const auto request = rows.deposit_request("oco");
           REQUIRE(sqlstate_of(rows.as("api"), create_order() + "id = '" + request.id + "'") == "");
         }},
        {"a service gives a request back", "open", "api",
         "update deposit_request set consumed_at = null where id = :request", "42501",
         "grant update on deposit_request to landfall_api; drop trigger deposit_request_guard on deposit_request"},
        {"the superuser gives a request back", "open", "admin",
         "update deposit_request set consumed_at = null where id = :request", "LF006",
         "drop trigger deposit_request_guard on deposit_request"},
        {"the superuser changes a crafted deposit", "open", "admin",
         "update deposit_request set amount = 1 where consumed_at is null", "LF004",
         "drop trigger deposit_request_guard on deposit_request", unconsumed},
        {"a request is born consumed", "open", "api",
         "insert into deposit_request (id, wallet, vault, order_account, input_mint, output_mint, amount, order_type, "
         "order_sub_type, "
         "message, blockhash, last_valid_block_height, expires_at, consumed_at) select gen_random_uuid(), wallet, "
         "vault, '" +
             address_of(7000) +
             "', input_mint, output_mint, amount, order_type, order_sub_type, message, blockhash, 1, now(), now() "
             "from deposit_request where id = :request",
         "LF006", "drop trigger deposit_request_guard on deposit_request"},
        {"two requests pay into one account", "open", "api",
         "insert into deposit_request (id, wallet, vault, order_account, input_mint, output_mint, amount, order_type, "
         "order_sub_type, "
         "message, blockhash, last_valid_block_height, expires_at) select gen_random_uuid(), wallet, vault, "
         "order_account, input_mint, "
         "output_mint, amount, order_type, order_sub_type, message, blockhash, 1, now() from deposit_request where id "
         "= :request",
         "23505", "alter table deposit_request drop constraint deposit_request_order_account_key cascade"},
        {"a request pays into another wallet's vault", "open", "api",
         "insert into deposit_request (id, wallet, vault, order_account, input_mint, output_mint, amount, order_type, "
         "order_sub_type, "
         "message, blockhash, last_valid_block_height, expires_at) select gen_random_uuid(), wallet, '" +
             address_of(7001) + "', '" + address_of(7000) +
             "', input_mint, output_mint, amount, order_type, order_sub_type, message, blockhash, 1, now() "
             "from deposit_request where id = :request",
         "23503", "alter table deposit_request drop constraint deposit_request_wallet_vault_fkey"},
        {"a vault is exchanged", "open", "admin", "update vault set key_version = 2 where vault = :vault", "LF004",
         "drop trigger refuse_change on vault"},
        {"an expired request is used", "open", "api", create_order() + "consumed_at is null", "LF006",
         edit_function("price_order_create", "request.expires_at <= clock_timestamp()", "false"),
         [](fixtures& rows, const order_fixture&) {
           const auto request = rows.deposit_request();
           REQUIRE(sqlstate_of(rows.as("admin"),
                               "set local session_replication_role = replica; update deposit_request set "
                               "expires_at = now() - interval '1 second' where id = '" +
                                   request.id + "'") == "");
         }},
        {"an order is born with a lease", "open", "api",
         "insert into price_order (id, wallet, vault, deposit_request_id, order_account, output_account, order_type, "
         "state, input_mint, "
         "output_mint, trigger_mint, input_amount, trigger_condition, trigger_price_usd, expires_at, last_reason, "
         "last_instance, "
         "lease_epoch) select gen_random_uuid(), " +
             base +
             ", 'above', 200, now() + interval '1 hour', 'created', 'api-1', 7 "
             "from deposit_request where consumed_at is null",
         "42501",
         "grant insert on price_order to landfall_api; " +
             edit_function("price_order_create", "new.lease_epoch <> 0 or", ""),
         unconsumed},
        differs("an order for less than was crafted", "amount", "amount - 1"),
        differs("an order for another wallet", "wallet", "'" + address_of(7002) + "'"),
        differs("an order of another vault", "vault", "'" + address_of(7002) + "'"),
        differs("an order for other mints", "input_mint, output_mint", "output_mint, input_mint"),
        differs("an order of another type", "order_sub_type", "'oco'"),
    });
  }

  TEST_CASE("a challenge is answered once") {
    const auto answered = [](fixtures& rows, const order_fixture& order) {
      REQUIRE(sqlstate_of(rows.as("api"),
                          bind_names(rows, order,
                                     "insert into auth_challenge (wallet, kind, challenge, expires_at) values "
                                     "(:wallet, 'message', '\\x01', now() + interval '1 minute'); "
                                     "update auth_challenge set consumed_at = now()")) == "");
    };
    const std::string no_guard = "drop trigger auth_challenge_guard on auth_challenge";
    withstand({
        {"an answered challenge is used again", "open", "api", "update auth_challenge set consumed_at = null", "LF004",
         no_guard, answered},
        {"an answer is given twice", "open", "api", "update auth_challenge set consumed_at = now()", "LF004", no_guard,
         answered},
        {"a challenge changes hands", "open", "api", "update auth_challenge set wallet = '" + address_of(7000) + "'",
         "42501", "grant update on auth_challenge to landfall_api; " + no_guard, answered},
    });
  }

  TEST_CASE("a deposit that is not yet final holds up no failure") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("depositing");
    rows.confirm(order, rows.last_attempt(order, "deposit"));
    rows.move(order, "open", "api", {});
    rows.bring(order, "executing");
    CHECK(sqlstate_of(rows.as("executor"), bind_names(rows, order, executor_move("execute_failed"))) == "");
  }

  TEST_CASE("rule 4: at most one unresolved attempt an order account") {
    withstand({
        {"a second swap while one is in doubt", "executing", "executor", insert_attempt("swap", "lease_epoch"), "23505",
         "drop index attempt_unresolved", with_attempt("swap")},
        {"a payout while a payout is in doubt", "withdrawing", "executor", insert_attempt("payout", "lease_epoch"),
         "23505", "drop index attempt_unresolved"},
        {"a refund while a refund is in doubt", "ready_to_cancel", "executor", insert_attempt("refund", "lease_epoch"),
         "23505", "drop index attempt_unresolved", with_attempt("refund")},
        {"an attempt hides behind another account", "executing", "executor",
         insert_attempt("swap", "lease_epoch", "'" + address_of(7000) + "'"), "LF007",
         edit_function("attempt_create", "new.order_account <> target.order_account", "false"), with_attempt("swap")},
    });
  }

  TEST_CASE("rule 4: the legs of a pair share the account, and so the rule") {
    scratch_database database;
    fixtures rows{database};
    const auto [first, second] = rows.pair();
    rows.bring(first, "executing");
    rows.bring(second, "executing");
    rows.store_attempt(first, "swap");
    const auto sql = bind_names(rows, second, insert_attempt("swap", "lease_epoch"));
    CHECK(sqlstate_of(rows.as("executor"), sql) == "23505");
    CHECK(sqlstate_of(rows.as("admin"), "drop index attempt_unresolved") == "");
    CHECK(sqlstate_of(rows.as("executor"), sql) == "");
  }

  TEST_CASE("rule 5: an attempt stays as it was stored, and its outcome is written once") {
    const std::string carried = ", write_epoch = lease_epoch where id = :swap";
    const auto resolved = "update attempt set fee_lamports = 1" + carried;
    withstand({
        {"an attempt is deleted by its service", "executing", "executor", "delete from attempt where id = :swap",
         "42501", "grant delete on attempt to landfall_executor; drop trigger refuse_delete on attempt",
         with_attempt("swap")},
        {"the superuser deletes an attempt", "executing", "admin", "delete from attempt where id = :swap", "LF004",
         "drop trigger refuse_delete on attempt", with_attempt("swap")},
        {"the superuser empties the attempts", "executing", "admin", "truncate attempt cascade", "LF004",
         "drop trigger refuse_truncate on attempt; drop trigger refuse_truncate on order_move; "
         "drop trigger refuse_truncate on attempt_movement; drop trigger refuse_truncate on discrepancy_finding",
         with_attempt("swap")},
        {"the bytes are exchanged", "executing", "executor", "update attempt set transaction = '\\x02'" + carried,
         "42501",
         "grant update on attempt to landfall_executor; " +
             edit_function("attempt_guard", "new.quote_id, new.transaction,", "new.quote_id, old.transaction,"),
         with_attempt("swap")},
        {"an outcome is rewritten", "executing", "executor",
         "update attempt set outcome = 'landed_failed', error = '{}'" + carried, "LF004",
         edit_function("attempt_guard", "if old.outcome is not null\n", "if false\n"), with_attempt("swap", "landed")},
        {"an outcome is taken back", "executing", "executor",
         "update attempt set outcome = null, resolved_at = null, slot = null, fee_lamports = null" + carried, "LF004",
         edit_function("attempt_guard", "if old.outcome is not null\n", "if false\n"), with_attempt("swap", "landed")},
        {"the fee of a resolved attempt is rewritten", "executing", "executor", resolved, "LF004",
         edit_function("attempt_guard", "if old.outcome is not null\n", "if false\n"), with_attempt("swap", "landed")},
        {"a confirmation is taken back after the outcome", "executing", "executor",
         "update attempt set confirmed_at = null, confirmed_slot = null" + carried, "LF004",
         edit_function("attempt_guard", "if old.outcome is not null\n", "if false\n"),
         [](fixtures& rows, const order_fixture& order) {
           const auto id = rows.store_attempt(order, "swap");
           rows.confirm(order, id);
           rows.resolve(order, id, "landed");
         }},
        {"results come before the outcome", "executing", "executor", "update attempt set slot = 5" + carried, "LF007",
         edit_function("attempt_guard", "if new.outcome is null\n", "if false\n"), with_attempt("swap")},
        {"the first broadcast is rewritten", "executing", "executor",
         "update attempt set broadcast_at = null" + carried, "LF004",
         edit_function("attempt_guard", "if old.broadcast_at is not null and", "if false and"),
         with_attempt("swap", "confirmed")},
        {"an attempt is stored after it was sent", "executing", "executor",
         insert_attempt("swap", "lease_epoch", "order_account", ", broadcast_at", ", now()"), "LF007",
         edit_function("attempt_create", "new.broadcast_at is not null or", "")},
        {"an attempt is stored with its outcome", "executing", "executor",
         insert_attempt("swap", "lease_epoch", "order_account", ", outcome, resolved_at, slot", ", 'landed', now(), 5"),
         "LF007",
         edit_function("attempt_create", "if new.broadcast_at is not null or",
                       "if false and new.broadcast_at is not null and") +
             "; drop trigger attempt_create on attempt"},
        {"an attempt is stored without signature or quote", "executing", "executor",
         "insert into attempt (id, order_id, order_account, kind, ordinal, transaction, blockhash, "
         "last_valid_block_height, lease_epoch, "
         "instance) select gen_random_uuid(), id, order_account, 'swap', 77, '\\x01', 'hash', 1, lease_epoch, 'x' from "
         "price_order where id = :id",
         "23514", "alter table attempt drop constraint attempt_check"},
        {"a swap for a cancelled order", "cancelled", "executor", insert_attempt("swap", "lease_epoch"), "LF007",
         edit_function("attempt_create", "when 'swap' then target.state = 'executing'", "when 'swap' then true")},
        {"a refund of an order that executes", "executing", "executor", insert_attempt("refund", "lease_epoch"),
         "LF007", edit_function("attempt_create", "target.state in ('ready_to_cancel', 'ready_expire')", "true")},
        {"a payout before the swap is final", "execute_success", "executor", insert_attempt("payout", "lease_epoch"),
         "LF007",
         edit_function("attempt_create", "target.state in ('ready_withdraw_output', 'withdraw_failed', 'withdrawing')",
                       "true") +
             "; drop index attempt_unresolved"},
        {"the api stores a swap", "executing", "api", insert_attempt("swap", "0"), "LF007",
         edit_function("attempt_create", "(new.kind = 'deposit') <> (role_name = 'api')", "false")},
        {"the executor stores a deposit", "pending_deposit", "executor", insert_attempt("deposit", "lease_epoch"),
         "LF007", edit_function("attempt_create", "(new.kind = 'deposit') <> (role_name = 'api')", "false"), leased},
        {"the trigger stores an attempt", "executing", "trigger", insert_attempt("swap", "lease_epoch"), "42501",
         "grant insert on attempt to landfall_trigger; drop trigger attempt_create on attempt"},
        {"the operator stores an attempt", "executing", "operator", insert_attempt("swap", "lease_epoch"), "42501",
         "grant insert on attempt to landfall_operator; drop trigger attempt_create on attempt"},
        {"the api notes a swap as confirmed", "executing", "api",
         "update attempt set confirmed_at = now() where id = :swap", "LF007",
         edit_function("attempt_guard", "if old.kind <> 'deposit' or new.outcome is distinct from old.outcome then",
                       "if false then"),
         with_attempt("swap")},
        {"the api resolves a deposit", "depositing", "api",
         "update attempt set outcome = 'landed', slot = 1, resolved_at = now() where id = :deposit", "42501",
         "grant update on attempt to landfall_api; " +
             edit_function("attempt_guard", "or new.outcome is distinct from old.outcome", "")},
    });
  }

  TEST_CASE("rule 5: every column of an attempt that tells what it is, is fixed") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("executing");
    rows.store_attempt(order, "swap");
    REQUIRE(sqlstate_of(rows.as("admin"), "grant update on attempt to landfall_executor") == "");
    for (const auto& column : std::vector<std::string>{
             "id = gen_random_uuid()", "order_id = gen_random_uuid()", "order_account = 'A'", "kind = 'refund'",
             "ordinal = 9", "signature = null", "quote_id = 'q'", "transaction = '\\x02'", "blockhash = 'b'",
             "last_valid_block_height = 5", "instance = 'x'", "order_account_balance = 1", "expected_input = 1",
             "minimum_output = 2", "maker = 'm'", "quote = '{}'", "signed_at = now() - interval '1 hour'"}) {
      INFO(column);
      const auto value = column == "order_account = 'A'" ? "order_account = '" + address_of(7000) + "'" : column;
      CHECK(sqlstate_of(rows.as("executor"),
                        bind_names(rows, order,
                                   "update attempt set " + value + ", write_epoch = lease_epoch where id = :swap")) ==
            "LF004");
    }
    CHECK(sqlstate_of(rows.as("executor"),
                      bind_names(rows, order,
                                 "update attempt set lease_epoch = 77, write_epoch = lease_epoch where id = :swap")) ==
          "LF004");
  }

  TEST_CASE("rule 6: dead needs a death certificate that proves it") {
    const auto with = [](const std::string& path, const std::string& value) {
      return "jsonb_set(" + good_certificate + ", '{" + path + "}', '" + value + "')";
    };
    const auto lacking = [](const std::string& path) { return "(" + good_certificate + " #- '{" + path + "}')"; };
    withstand({
        {"no certificate at all", "executing", "executor", dead_with("null"), "LF008",
         edit_function("certificate_fault", "return 'there is none'", "return null") +
             "; alter table attempt drop constraint attempt_check3",
         with_attempt("swap")},
        certificate_attack("an empty certificate", "'{}'", "begin\n  if jsonb_typeof(c)",
                           "begin\n  return null;\n  if jsonb_typeof(c)"),
        certificate_attack("a certificate that is no object", "'[]'", "begin\n  if jsonb_typeof(c)",
                           "begin\n  return null;\n  if jsonb_typeof(c)"),
        certificate_attack("another rule", with("rule", "\"timeout\""),
                           "c->>'rule' is distinct from 'finalized_height'", "false"),
        certificate_attack("another attempt's height", with("last_valid_block_height", "999"),
                           "(c->>'last_valid_block_height')::numeric <> dead.last_valid_block_height", "false"),
        certificate_attack("one endpoint of two", lacking("observations,1"), "least(2, configured)", "1"),
        certificate_attack("one endpoint twice", with("observations,1,endpoint", "\"rpc0\""), "count(distinct e)",
                           "count(e)"),
        certificate_attack("no endpoint", with("observations", "[]"), "least(2, configured)", "0"),
        certificate_attack("no endpoint configured", with("endpoints_configured", "0"), "configured < 1", "false"),
        certificate_attack("the last valid height itself", with("observations,0,finalized_block_height", "1000"),
                           "(seen->>'finalized_block_height')::numeric < dead.last_valid_block_height + 2", "false"),
        certificate_attack("one height short", with("observations,0,finalized_block_height", "1001"),
                           "dead.last_valid_block_height + 2", "dead.last_valid_block_height + 1"),
        certificate_attack("a height in words", with("observations,0,finalized_block_height", "\"high\""),
                           "begin\n  if jsonb_typeof(c)", "begin\n  return null;\n  if jsonb_typeof(c)"),
        certificate_attack("the second endpoint lags", with("observations,1,finalized_block_height", "900"),
                           "(seen->>'finalized_block_height')::numeric < dead.last_valid_block_height + 2", "false"),
        certificate_attack("a status", with("observations,1,status", "{\"err\":null}"),
                           "jsonb_typeof(seen->'status') is distinct from 'null'", "false"),
        certificate_attack("no word about the status", lacking("observations,1,status"),
                           "jsonb_typeof(seen->'status') is distinct from 'null'", "false"),
        certificate_attack("history not searched", with("observations,1,searched_history", "false"),
                           "seen->'searched_history' is distinct from 'true'::jsonb", "false"),
        certificate_attack("no word about the history", lacking("observations,0,searched_history"),
                           "seen->'searched_history' is distinct from 'true'::jsonb", "false"),
        certificate_attack("a status older than the height", with("observations,0,status_context_slot", "1199"),
                           "(seen->>'status_context_slot')::numeric < (seen->>'finalized_slot')::numeric", "false"),
        certificate_attack("no look at the order account", lacking("order_account"), "begin\n  if jsonb_typeof(c)",
                           "begin\n  return null;\n  if jsonb_typeof(c)"),
        certificate_attack("a look at the order account too early", with("order_account,slot", "1199"),
                           "(c#>>'{order_account,slot}')::numeric < lowest_slot", "false"),
        certificate_attack("a balance that fell", with("order_account,balance", "\"999999999\""),
                           "(c#>>'{order_account,balance}')::numeric < dead.order_account_balance", "false"),
        certificate_attack("no balance", lacking("order_account,balance"),
                           "coalesce(c#>>'{order_account,balance}', '') !~ '^[0-9]{1,20}$'", "false"),
        {"an attempt noted as confirmed", "executing", "executor", dead_with(good_certificate), "LF008",
         edit_function("attempt_guard", "if new.confirmed_at is not null then", "if false then"),
         with_attempt("swap", "confirmed")},
    });
  }

  TEST_CASE("rule 6: a whole certificate is accepted") {
    scratch_database database;
    fixtures rows{database};
    const auto swap = rows.order_in("executing");
    rows.resolve(swap, rows.store_attempt(swap, "swap"), "dead");
    CHECK(rows.value("select outcome from attempt where order_id = $1 and kind = 'swap'", swap.id) == "dead");
    const auto deposit = rows.order_in("depositing");
    rows.lease(deposit);
    CHECK(sqlstate_of(
              rows.as("executor"),
              bind_names(
                  rows, deposit,
                  "update attempt set outcome = 'dead', resolved_at = now(), write_epoch = (select lease_epoch from "
                  "price_order where id = :id), certificate = '" +
                      death_certificate(1000, "0") + "' where id = :deposit")) == "");
    const auto single = rows.order_in("executing");
    rows.store_attempt(single, "swap");
    CHECK(sqlstate_of(rows.as("executor"),
                      bind_names(rows, single,
                                 dead_with("jsonb_set(" + good_certificate +
                                           " #- '{observations,1}', '{endpoints_configured}', '1')"))) == "");
  }

  TEST_CASE("rule 7: a write by an executor carries the epoch in force") {
    const std::string stale = ", write_epoch = lease_epoch - 1 where id = :id";
    const auto no_epoch_check =
        edit_function(guard, "if carried_epoch is distinct from new.lease_epoch then", "if false then");
    withstand({
        {"a zombie moves the order", "executing", "executor",
         "update price_order set state = 'execute_failed', last_reason = 'x', last_instance = 'executor-1'" + stale,
         "LF003", no_epoch_check, taken_over},
        {"a zombie counts its attempt", "executing", "executor",
         "update price_order set attempts_made = attempts_made + 1" + stale, "LF003", no_epoch_check, taken_over},
        {"a write without an epoch", "executing", "executor", "update price_order set attempts_made = 9 where id = :id",
         "LF003", no_epoch_check},
        {"a zombie stores an attempt", "executing", "executor", insert_attempt("swap", "lease_epoch - 1"), "LF003",
         edit_function("attempt_create", "new.lease_epoch <> target.lease_epoch", "false"), taken_over},
        {"a zombie resolves an attempt", "executing", "executor",
         "update attempt set outcome = 'landed', slot = 1, resolved_at = now(), write_epoch = lease_epoch where id = "
         ":swap",
         "LF003", edit_function("attempt_guard", "carried_epoch is distinct from epoch_in_force", "false"),
         [](fixtures& rows, const order_fixture& order) {
           rows.store_attempt(order, "swap");
           taken_over(rows, order);
         }},
        {"an attempt is changed without an epoch", "executing", "executor",
         "update attempt set broadcast_at = now() where id = :swap", "LF003",
         edit_function("attempt_guard", "carried_epoch is distinct from epoch_in_force", "false"),
         with_attempt("swap")},
        {"a move after the lease ran out", "executing", "executor", executor_move("execute_failed"), "LF003",
         edit_function(guard, "or old.lease_until <= clock)", ")"), lease_expired},
        {"a move without any lease", "ready_execute", "executor",
         "update price_order set state = 'open', last_reason = 'x', last_instance = 'executor-1', write_epoch = "
         "lease_epoch where id = :id",
         "LF003", edit_function(guard, "(old.lease_until is null or old.lease_until <= clock)", "false"),
         lease_expired},
        {"an attempt after the lease ran out", "executing", "executor", insert_attempt("swap", "lease_epoch"), "LF003",
         edit_function("attempt_create", "target.lease_until <= clock_timestamp()", "false"), lease_expired},
        {"a lease is renewed after it ran out", "executing", "executor",
         "update price_order set lease_until = now() + interval '1 minute', write_epoch = lease_epoch where id = :id",
         "LF003", edit_function(guard, "if old.lease_until <= clock then", "if false then"), lease_expired},
    });
  }

  TEST_CASE("rule 7: a lease is taken one epoch at a time, and not from one who holds it") {
    const auto acquire = [](const std::string& epoch, const std::string& holder, const std::string& until) {
      return "update price_order set lease_epoch = " + epoch + ", write_epoch = " + epoch +
             ", lease_holder = " + holder + ", lease_until = " + until + " where id = :id";
    };
    const std::string soon = "clock_timestamp() + interval '1 minute'";
    const auto no_shape = edit_function(guard,
                                        "if new.lease_holder is null or new.lease_until <= clock or new.lease_until > "
                                        "clock + interval '10 minutes' then",
                                        "if false then");
    withstand({
        {"a lease is stolen", "executing", "executor", acquire("lease_epoch + 1", "'executor-2'", soon), "LF005",
         edit_function(guard, "and old.lease_holder <> new.lease_holder", "and false")},
        {"the holder changes under the same epoch", "executing", "executor",
         acquire("lease_epoch", "'executor-2'", soon), "LF005",
         edit_function(guard, "new.lease_holder is distinct from old.lease_holder\n         or", "")},
        {"the epoch jumps", "ready_execute", "executor", acquire("lease_epoch + 2", "'executor-1'", soon), "LF005",
         edit_function(guard, "new.lease_epoch <> old.lease_epoch + 1", "false")},
        {"the epoch goes back", "executing", "executor", acquire("lease_epoch - 1", "'executor-1'", soon), "LF005",
         edit_function(guard, "new.lease_epoch <> old.lease_epoch + 1", "false")},
        {"a lease without a holder", "ready_execute", "executor", acquire("lease_epoch + 1", "null", "null"), "LF005",
         no_shape},
        {"a lease for an hour", "ready_execute", "executor",
         acquire("lease_epoch + 1", "'executor-1'", "now() + interval '1 hour'"), "LF005", no_shape},
        {"a lease that is over", "ready_execute", "executor",
         acquire("lease_epoch + 1", "'executor-1'", "now() - interval '1 second'"), "LF005", no_shape},
        {"a renewal for an hour", "executing", "executor",
         acquire("lease_epoch", "'executor-1'", "now() + interval '1 hour'"), "LF005",
         edit_function(
             guard,
             "or new.lease_until <= clock or new.lease_until > clock + interval '10 minutes' then\n        raise "
             "exception using errcode = 'LF005',\n          message = format('order %s: a lease changes",
             "then\n        raise exception using errcode = 'LF005',\n          message = format('order %s: a lease "
             "changes")},
        {"the api takes a lease", "ready_execute", "api",
         "update price_order set lease_epoch = lease_epoch + 1, lease_holder = 'api', lease_until = now() + interval "
         "'1 minute' where id = :id",
         "42501",
         "grant update on price_order to landfall_api; " +
             edit_function(guard, "elsif (new.lease_epoch, new.lease_holder, new.lease_until)",
                           "elsif false and (new.lease_epoch, new.lease_holder, new.lease_until)")},
        {"the superuser ends a lease", "executing", "admin",
         "update price_order set lease_holder = null, lease_until = null where id = :id", "LF005",
         edit_function(guard, "elsif (new.lease_epoch, new.lease_holder, new.lease_until)",
                       "elsif false and (new.lease_epoch, new.lease_holder, new.lease_until)")},
    });
  }

  TEST_CASE("rule 7: a lease is renewed, released and taken again") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("executing");
    const auto run = [&](const std::string& set) {
      return sqlstate_of(rows.as("executor"),
                         bind_names(rows, order, "update price_order set " + set + " where id = :id"));
    };
    CHECK(run("lease_until = clock_timestamp() + interval '2 minutes', write_epoch = lease_epoch") == "");
    CHECK(run("lease_holder = null, lease_until = null, write_epoch = lease_epoch") == "");
    CHECK(run("state = 'execute_failed', last_reason = 'x', last_instance = 'executor-1', write_epoch = lease_epoch") ==
          "LF003");
    CHECK(
        run("lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, lease_holder = 'executor-2', lease_until = "
            "clock_timestamp() + interval '1 minute'") == "");
    // The holder may begin a new epoch of its own, and give the lease back together with a move.
    CHECK(
        run("lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, lease_holder = 'executor-2', lease_until = "
            "clock_timestamp() + interval '1 minute'") == "");
    CHECK(run("state = 'execute_failed', last_reason = 'x', last_instance = 'executor-2', lease_holder = null, "
              "lease_until = "
              "null, write_epoch = lease_epoch") == "");
    CHECK(rows.value("select write_epoch from price_order where id = $1", order.id) == "");
  }

  TEST_CASE("a move agrees with what is known about the attempts") {
    const auto close_out = [](const std::string& kind, const std::string& outcome) {
      return with_attempt(kind, outcome);
    };
    withstand({
        {"depositing without a signed deposit", "pending_deposit", "api", move_by("api", "depositing"), "LF009",
         without_ground("no signed deposit is stored")},
        {"a stored deposit is given up as unsigned", "pending_deposit", "executor", executor_move("deposit_failed"),
         "LF009", without_ground("a signed deposit is stored"),
         [](fixtures& rows, const order_fixture& order) {
           rows.store_attempt(order, "deposit");
           rows.lease(order);
         }},
        {"open before the deposit is seen", "depositing", "api", move_by("api", "open"), "LF009",
         without_ground("no deposit has landed")},
        {"a deposit in doubt is called failed", "depositing", "api", move_by("api", "deposit_failed"), "LF009",
         without_ground("the deposit is not proven to have failed")},
        {"ready without evidence", "open", "trigger", move_by("trigger", "ready_execute"), "LF009",
         without_ground("the trigger gives no evidence for it") + ";" +
             without_ground("the price in evidence does not meet its condition")},
        {"ready with the evidence of another order", "open", "trigger",
         move_by("trigger", "ready_execute",
                 ", last_evidence_id = (select id from evidence where order_id <> :id limit 1)"),
         "LF009", without_ground("last_evidence_id is no evidence of it"),
         [](fixtures& rows, const order_fixture&) { rows.store_evidence(rows.order_in("open"), "ready_execute"); }},
        {"ready to execute with evidence of an expiry", "open", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF009",
         without_ground("the trigger gives no evidence for it"),
         [](fixtures& rows, const order_fixture& order) { rows.store_evidence(order, "ready_expire"); }},
        {"ready with evidence that was used before", "ready_execute", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF009",
         without_ground("the evidence moved it before") + "; drop index order_move_evidence",
         [](fixtures& rows, const order_fixture& order) { rows.advance(order, "open", "executor"); }},
        {"ready on a price that does not meet the condition", "open", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF009",
         without_ground("the price in evidence does not meet its condition"),
         [](fixtures& rows, const order_fixture& order) {
           rows.store_evidence(order, "ready_execute");
           REQUIRE(sqlstate_of(
                       rows.as("api"),
                       bind_names(rows, order, "update price_order set trigger_price_usd = 202 where id = :id")) == "");
         }},
        {"expired before its time", "open", "trigger",
         move_by("trigger", "ready_expire", ", last_evidence_id = :evidence"), "LF009",
         edit_function(ground, "if clock_timestamp() < new_order.expires_at then", "if false then"),
         [](fixtures& rows, const order_fixture& order) { rows.store_evidence(order, "ready_expire"); }},
        {"success without an attempt", "executing", "executor", executor_move("execute_success"), "LF009",
         without_ground("its last swap attempt is not seen landed")},
        {"success of an attempt in doubt", "executing", "executor", executor_move("execute_success"), "LF009",
         without_ground("its last swap attempt is not seen landed"), close_out("swap", "")},
        {"success of an attempt that failed", "executing", "executor", executor_move("execute_success"), "LF009",
         without_ground("its last swap attempt is not seen landed"), close_out("swap", "landed_failed")},
        {"failure of an attempt in doubt", "executing", "executor", executor_move("execute_failed"), "LF009",
         without_ground("an attempt on its account is unresolved"), close_out("swap", "")},
        {"failure of an attempt that landed", "executing", "executor", executor_move("execute_failed"), "LF009",
         without_ground("a swap of it landed"), close_out("swap", "landed")},
        {"a rollback of a final swap", "execute_success", "executor", executor_move("executing"), "LF009",
         without_ground("its last swap attempt is not open"),
         [](fixtures& rows, const order_fixture& order) {
           rows.resolve(order, rows.last_attempt(order, "swap"), "landed");
         }},
        {"output ready before the swap is final", "execute_success", "executor", executor_move("ready_withdraw_output"),
         "LF009", without_ground("its last swap attempt is not finalized")},
        {"withdrawing without a payout", "ready_withdraw_output", "executor", executor_move("withdrawing"), "LF009",
         without_ground("no unresolved payout attempt is stored")},
        {"withdrawing again without a new payout", "withdraw_failed", "executor", executor_move("withdrawing"), "LF009",
         without_ground("no unresolved payout attempt is stored")},
        {"filled before the payout is final", "withdrawing", "executor", executor_move("fill_success"), "LF009",
         without_ground("no payout of it landed")},
        {"a payout in doubt is called failed", "withdrawing", "executor", executor_move("withdraw_failed"), "LF009",
         without_ground("its last payout attempt is not proven to have failed")},
        {"cancelled before the refund", "ready_to_cancel", "executor", executor_move("cancelled"), "LF009",
         edit_function(ground, "when move = 'ready_to_cancel>cancelled' then", "when false then"), leased},
        {"the api calls it cancelled before the refund", "ready_to_cancel", "api", move_by("api", "cancelled"), "LF009",
         edit_function(ground, "when move = 'ready_to_cancel>cancelled' then", "when false then")},
        {"expired while the refund is in doubt", "ready_expire", "executor", executor_move("expired"), "LF009",
         edit_function(ground, "when move = 'ready_expire>expired' then", "when false then"), close_out("refund", "")},
        {"cancelled as sibling of nobody", "open", "executor", executor_move("oco_cancelled"), "LF009",
         without_ground("its sibling has not filled"), leased},
        {"a cancel that nobody asked for", "execute_failed", "executor", executor_move("ready_to_cancel"), "LF009",
         without_ground("nobody asked for a cancel"), leased},
        {"a move names an attempt of another order", "execute_failed", "executor",
         "update price_order set state = 'open', last_reason = 'x', last_instance = 'executor-1', write_epoch = "
         "lease_epoch, "
         "last_attempt_id = (select id from attempt where order_id <> :id limit 1) where id = :id",
         "LF009", without_ground("last_attempt_id is no attempt on its account"),
         [](fixtures& rows, const order_fixture& order) {
           rows.order_in("executing");
           rows.lease(order);
         }},
    });
  }

  TEST_CASE("a partial fill accounts for its swap, and the next failure is one") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("partial_fill_success");
    rows.advance(order, "ready_execute", "executor");
    rows.advance(order, "executing", "executor");
    CHECK_NOTHROW(rows.advance(order, "execute_failed", "executor"));
  }

  TEST_CASE("a statement may store the attempt and make the move at once") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("ready_withdraw_output");
    rows.lease(order);
    CHECK(sqlstate_of(rows.as("executor"), bind_names(rows, order,
                                                      "with moved as (" + executor_move("withdrawing") +
                                                          " returning id) " + insert_attempt("payout", "lease_epoch") +
                                                          " and exists (select from moved)")) == "");
    CHECK(rows.state(order) == "withdrawing");
    const auto open = rows.order_in("open");
    CHECK(sqlstate_of(
              rows.as("trigger"),
              bind_names(
                  rows, open,
                  "with seen as (insert into evidence (id, order_id, decision, source, price_usd, publish_time, "
                  "received_at, gates, instance) values (gen_random_uuid(), :id, 'ready_execute', 'pyth', 201, now(), "
                  "now(), '{}', 'trigger-1') returning id) update price_order set state = 'ready_execute', "
                  "triggered_at = now(), last_reason = 'price', last_instance = 'trigger-1', last_evidence_id = "
                  "seen.id from seen where price_order.id = :id and state = 'open'")) == "");
    CHECK(rows.state(open) == "ready_execute");
    // The evidence of only those that moved: here it is written after the move.
    const auto next = rows.order_in("open");
    CHECK(sqlstate_of(
              rows.as("trigger"),
              bind_names(rows, next,
                         "with moved as (update price_order set state = 'ready_execute', last_reason = 'price', "
                         "last_instance = 'trigger-1', last_evidence_id = gen_random_uuid() where id = :id and state = "
                         "'open' returning id, last_evidence_id) insert into evidence (id, order_id, decision, source, "
                         "price_usd, publish_time, received_at, gates, instance) select last_evidence_id, id, "
                         "'ready_execute', 'pyth', 201, now(), now(), '{}', 'trigger-1' from moved")) == "");
    CHECK(rows.state(next) == "ready_execute");
  }

  TEST_CASE("rule 8: final states are final") {
    const auto opened_table = [](const std::string& from, const std::string& to) {
      return "insert into allowed_move values ('" + from + "', '" + to + "', 'api')";
    };
    withstand({
        {"a filled order is opened again", "fill_success", "api", move_by("api", "open"), "LF001",
         opened_table("fill_success", "open")},
        {"a failed deposit is opened again", "deposit_failed", "api", move_by("api", "open"), "LF001",
         opened_table("deposit_failed", "open")},
        {"a cancelled order is opened again", "cancelled", "api", move_by("api", "open"), "LF001",
         opened_table("cancelled", "open")},
        {"a cancelled leg is opened again", "oco_cancelled", "api", move_by("api", "open"), "LF001",
         opened_table("oco_cancelled", "open")},
        {"a refunded expired order is refunded again", "open", "api", move_by("api", "ready_to_cancel"), "LF009",
         without_ground("its refund has landed"), refund_landed},
        {"a service extends the table of moves", "fill_success", "api", opened_table("fill_success", "pending_deposit"),
         "42501", "grant insert on allowed_move to landfall_api"},
    });
  }

  TEST_CASE("rule 9: an idempotency key belongs to one request body") {
    const auto keyed = [](fixtures& rows, const order_fixture& order) {
      REQUIRE(sqlstate_of(rows.as("api"), bind_names(rows, order,
                                                     "insert into idempotency_key (wallet, key, request, body_sha256) "
                                                     "values (:wallet, 'k', 'POST /orders/price', '\\x01')")) == "");
    };
    const auto answered = [=](fixtures& rows, const order_fixture& order) {
      keyed(rows, order);
      REQUIRE(
          sqlstate_of(
              rows.as("api"),
              bind_names(rows, order,
                         "update idempotency_key set order_id = :id, status = 200, response = '{}' where key = 'k'")) ==
          "");
    };
    const std::string no_guard = "drop trigger idempotency_key_guard on idempotency_key";
    withstand({
        {"the key with another body", "open", "api",
         "insert into idempotency_key (wallet, key, request, body_sha256) values (:wallet, 'k', 'POST /orders/price', "
         "'\\x02')",
         "23505", "alter table idempotency_key drop constraint idempotency_key_pkey", keyed},
        {"the body is exchanged", "open", "api", "update idempotency_key set body_sha256 = '\\x02' where key = 'k'",
         "42501", "grant update on idempotency_key to landfall_api; " + no_guard, keyed},
        {"the superuser exchanges the body", "open", "admin",
         "update idempotency_key set body_sha256 = '\\x02' where key = 'k'", "LF004", no_guard, keyed},
        {"the answer is rewritten", "open", "api", "update idempotency_key set status = 500 where key = 'k'", "LF004",
         no_guard, answered},
        {"the key moves to another order", "open", "api", "update idempotency_key set order_id = null where key = 'k'",
         "LF004", no_guard, answered},
        {"the key is freed", "open", "api", "delete from idempotency_key where key = 'k'", "42501",
         "grant delete on idempotency_key to landfall_api; " + no_guard, keyed},
    });
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order();
    keyed(rows, order);
    REQUIRE(sqlstate_of(rows.as("admin"), "grant delete on idempotency_key to landfall_api") == "");
    CHECK(sqlstate_of(rows.as("api"), "delete from idempotency_key") == "LF004");
    CHECK(sqlstate_of(rows.as("admin"), "delete from idempotency_key") == "");
  }
}
