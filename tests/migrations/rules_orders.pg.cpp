// Each rule attacked with plain SQL under the service's own role, and each attack proven real: with the rule taken away
// the same statements go through.
#include <string>

#include "tests/migrations/rules.hpp"

using namespace landfall::tests;

TEST_SUITE("migrations rules") {
  TEST_CASE("rule 1: an order moves only along the table, by the role named there") {
    withstand({
        {"the trigger opens an order", "depositing", "trigger", move_by("trigger", "open"), "LF001",
         "insert into allowed_transition values ('depositing', 'open', 'trigger'); " +
             edit_function("missing_for_deposit", "transition = 'depositing>open'", "false") +
             edit_function("missing_precondition", "role_name = 'trigger'", "false")},
        {"the executor decides instead of the trigger", "open", "executor", executor_move("ready_execute"), "LF001",
         edit_function(check_transition, "if not exists (select from allowed_transition t",
                       "if false and not exists (select from allowed_transition t"),
         leased},
        {"the operator moves an order that nothing is wrong with", "open", "operator", move_by("operator", "cancelled"),
         "LF001",
         edit_function(check_transition, "if not exists (select from allowed_transition t",
                       "if false and not exists (select from allowed_transition t")},
        {"the same move is made twice", "ready_execute", "trigger", move_by("trigger", "ready_execute"), "LF001",
         "drop trigger price_order_30_same_state on price_order"},
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
        check_transition, "if old.held_at is not null and role_name is distinct from 'operator' then", "if false then");
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
             check_lease,
             "if old.held_at is not null then\n      raise exception using errcode = 'LF002', message = "
             "format('order %s is held: %s'",
             "if false then\n      raise exception using errcode = 'LF002', message = format('order %s is held: %s'"),
         held},
        {"an executor signs another attempt for a held order", "executing", "executor",
         insert_attempt("swap", "lease_epoch"), "LF002",
         edit_function("attempt_create", "target.held_at is not null", "false"), leased_and_held},
        {"the verifier releases its own hold", "open", "verifier",
         "update price_order set held_at = null, held_reason = null where id = :id", "LF002",
         edit_function(check_hold,
                       "if old.held_at is not null then\n        raise exception using errcode = 'LF002',\n          "
                       "message = format('order %s is held: only",
                       "if false then\n        raise exception using errcode = 'LF002',\n          message = "
                       "format('order %s is held: only"),
         held},
        {"the verifier changes more than the hold", "open", "verifier",
         "update price_order set held_at = now(), held_reason = 'x', trigger_price_usd = 1 where id = :id", "42501",
         "grant update on price_order to landfall_verifier; drop trigger price_order_20_guard on price_order"},
        {"the executor releases a hold", "open", "executor",
         "update price_order set held_at = null, held_reason = null, write_epoch = lease_epoch where id = :id", "42501",
         "grant update on price_order to landfall_executor; " +
             edit_function(check_hold, "elsif role_name is distinct from 'operator' then", "elsif false then"),
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
             edit_function(check_terms, "new.output_account,", "old.output_account,")},
        {"the executor changes the terms", "open", "executor",
         "update price_order set slippage_bps = 9999, write_epoch = lease_epoch where id = :id", "42501",
         "grant update on price_order to landfall_executor; " +
             edit_function(check_terms,
                           "role_name is not distinct from 'api' and old.state = 'open' and new.state = 'open'",
                           "true"),
         leased},
        {"the api changes the terms of an order that executes", "executing", "api",
         "update price_order set trigger_price_usd = 1 where id = :id", "LF004",
         edit_function(check_terms, "and old.state = 'open' and new.state = 'open'", "")},
        {"the api changes the terms together with a move", "open", "api",
         move_by("api", "ready_to_cancel", ", slippage_bps = 1"), "LF004",
         edit_function(check_terms, "and new.state = 'open'", "")},
        {"an order is deleted", "pending_deposit", "api", "delete from price_order where id = :id", "42501",
         "grant delete on price_order to landfall_api; drop trigger refuse_delete on price_order; "
         "alter table order_transition drop constraint order_transition_order_id_fkey"},
    });
  }

  TEST_CASE("a price is a number and an expiry a time: the api writes neither NaN nor infinity") {
    withstand({
        {"an order is edited to no price", "open", "api",
         "update price_order set trigger_price_usd = 'NaN' where id = :id", "23514",
         "alter domain price_usd drop constraint price_usd_check"},
        {"an order is edited to expire never", "open", "api",
         "update price_order set expires_at = 'infinity' where id = :id", "23514",
         "alter domain deadline drop constraint deadline_check"},
        {"an order is edited to have expired always", "open", "api",
         "update price_order set expires_at = '-infinity' where id = :id", "23514",
         "alter domain deadline drop constraint deadline_check"},
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
         "insert into order_transition (order_id, from_state, to_state, role) values (:id, 'open', 'cancelled', "
         "'executor')",
         "42501",
         "grant insert on order_transition to landfall_executor; drop trigger order_transition_guard on "
         "order_transition"},
        {"the superuser writes an audit row by hand", "open", "admin",
         "insert into order_transition (order_id, from_state, to_state, role) values (:id, 'open', 'cancelled', "
         "'executor')",
         "LF004", "drop trigger order_transition_guard on order_transition"},
        {"a service rewrites the audit", "open", "executor",
         "update order_transition set reason = 'x' where order_id = :id", "42501",
         "grant update on order_transition to landfall_executor; drop trigger refuse_change on order_transition"},
        {"the superuser rewrites the audit", "open", "admin",
         "update order_transition set reason = 'x' where order_id = :id", "LF004",
         "drop trigger refuse_change on order_transition"},
        {"the superuser deletes the audit", "open", "admin", "delete from order_transition where order_id = :id",
         "LF004", "drop trigger refuse_change on order_transition"},
        {"the superuser empties the audit", "open", "admin", "truncate order_transition", "LF004",
         "drop trigger refuse_truncate on order_transition"},
        {"the operator deletes the audit", "open", "operator", "delete from order_transition where order_id = :id",
         "42501",
         "grant delete on order_transition to landfall_operator; drop trigger refuse_change on order_transition"},
        {"the evidence is rewritten", "ready_execute", "trigger",
         "update evidence set price_usd = 1 where id = :evidence", "42501",
         "grant update on evidence to landfall_trigger; drop trigger refuse_change on evidence"},
        {"the superuser rewrites the evidence", "ready_execute", "admin",
         "update evidence set price_usd = 1 where id = :evidence", "LF004", "drop trigger refuse_change on evidence"},
        {"the superuser deletes the evidence", "ready_execute", "admin", "delete from evidence where id = :evidence",
         "LF004",
         "drop trigger refuse_change on evidence; alter table order_transition drop constraint "
         "order_transition_evidence_id_fkey"},
        {"the superuser empties the evidence", "ready_execute", "admin", "truncate evidence cascade", "LF004",
         "drop trigger refuse_truncate on evidence; drop trigger refuse_truncate on order_transition"},
        {"a move gives no reason", "open", "api",
         "update price_order set state = 'ready_to_cancel', last_reason = null, last_instance = 'api-1' where id = :id",
         "LF010", edit_function(check_transition, "new.last_reason is null or", "")},
        {"a move leaves the reason of the last move", "open", "api",
         "update price_order set state = 'ready_to_cancel', last_instance = 'api-1' where id = :id", "LF010",
         edit_function(check_transition, "or not given @> array['reason', 'instance']", "")},
        {"a move leaves the instance of the last move", "open", "api",
         "update price_order set state = 'ready_to_cancel', last_reason = 'cancel' where id = :id", "LF010",
         edit_function(check_transition, "or not given @> array['reason', 'instance']", "")},
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
                      "alter table order_transition add constraint full_disk check (to_state <> 'ready_to_cancel')") ==
          "");
    CHECK(sqlstate_of(rows.as("api"), bind_names(rows, order, move_by("api", "ready_to_cancel"))) == "23514");
    CHECK(rows.state(order) == "open");
    // The mutant: without the trigger the move leaves no trace.
    CHECK(sqlstate_of(rows.as("admin"), "drop trigger price_order_record_transition on price_order") == "");
    CHECK(sqlstate_of(rows.as("api"), bind_names(rows, order, move_by("api", "ready_to_cancel"))) == "");
    CHECK(rows.value("select count(*) from order_transition where order_id = $1 and to_state = 'ready_to_cancel'",
                     order.id) == "0");
  }

  TEST_CASE("rule 2: what a transition does not give is not taken over from the last one") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("ready_execute");
    CHECK(rows.value("select last_evidence_id is not null from price_order where id = $1", order.id) == "t");
    rows.lease(order);
    CHECK(sqlstate_of(rows.as("executor"), bind_names(rows, order, executor_move("executing"))) == "");
    CHECK(rows.value("select evidence_id is null and attempt_id is null and detail is null from order_transition where "
                     "order_id = $1 order by id desc limit 1",
                     order.id) == "t");
  }

  TEST_CASE("rule 2: one statement may move many orders, and each is audited with its own reasons") {
    scratch_database database;
    fixtures rows{database};
    const auto first = rows.order_in("open");
    const auto second = rows.order_in("open");
    CHECK(sqlstate_of(rows.as("api"),
                      "update price_order set state = 'ready_to_cancel', last_reason = 'cancel', "
                      "last_instance = 'api-1', last_detail = id::text") == "");
    for (const auto& order : {first, second})
      CHECK(rows.value("select detail from order_transition where order_id = $1 and to_state = 'ready_to_cancel'",
                       order.id) == order.id);
    // The note of the first row is not good for the next statement.
    const auto third = rows.order_in("open");
    CHECK(sqlstate_of(rows.as("api"),
                      bind_names(rows, third,
                                 "update price_order set last_reason = 'x', last_instance = 'api-1' where id = :id; "
                                 "update price_order set state = 'ready_to_cancel' where id = :id")) == "LF010");
  }
}
