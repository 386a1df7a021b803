// Each rule attacked with plain SQL under the service's own role, and each attack proven real: with the rule taken away
// the same statements go through.
#include <string>

#include "tests/migrations/rules.hpp"

using namespace landfall::tests;

TEST_SUITE("migrations rules") {
  TEST_CASE("rule 7: a write by an executor carries the epoch in force") {
    const std::string stale = ", write_epoch = lease_epoch - 1 where id = :id";
    const auto no_epoch_check =
        edit_function(check_lease, "if carried_epoch is distinct from new.lease_epoch then", "if false then");
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
         "LF003", edit_function("attempt_check_writer", "carried_epoch is distinct from epoch_in_force", "false"),
         [](fixtures& rows, const order_fixture& order) {
           rows.store_attempt(order, "swap");
           taken_over(rows, order);
         }},
        {"an attempt is changed without an epoch", "executing", "executor",
         "update attempt set broadcast_at = now() where id = :swap", "LF003",
         edit_function("attempt_check_writer", "carried_epoch is distinct from epoch_in_force", "false"),
         with_attempt("swap")},
        {"a move after the lease ran out", "executing", "executor", executor_move("execute_failed"), "LF003",
         edit_function(check_transition, "or old.lease_until <= rule_time())", ")"), lease_expired},
        {"a move without any lease", "ready_execute", "executor",
         "update price_order set state = 'open', last_reason = 'x', last_instance = 'executor-1', write_epoch = "
         "lease_epoch where id = :id",
         "LF003",
         edit_function(check_transition, "(old.lease_until is null or old.lease_until <= rule_time())", "false"),
         lease_expired},
        {"an attempt after the lease ran out", "executing", "executor", insert_attempt("swap", "lease_epoch"), "LF003",
         edit_function("attempt_create", "target.lease_until <= rule_time()", "false"), lease_expired},
        {"a lease is renewed after it ran out", "executing", "executor",
         "update price_order set lease_until = now() + interval '1 minute', write_epoch = lease_epoch where id = :id",
         "LF003", edit_function(check_lease, "if old.lease_until <= clock then", "if false then"), lease_expired},
    });
  }

  TEST_CASE("rule 7: a lease is taken one epoch at a time, and not from one who holds it") {
    const auto acquire = [](const std::string& epoch, const std::string& holder, const std::string& until) {
      return "update price_order set lease_epoch = " + epoch + ", write_epoch = " + epoch +
             ", lease_holder = " + holder + ", lease_until = " + until + " where id = :id";
    };
    const std::string soon = "clock_timestamp() + interval '1 minute'";
    const auto no_shape = edit_function(check_lease,
                                        "if new.lease_holder is null or new.lease_until <= clock or new.lease_until > "
                                        "clock + interval '10 minutes' then",
                                        "if false then");
    withstand({
        {"a lease is stolen", "executing", "executor", acquire("lease_epoch + 1", "'executor-2'", soon), "LF005",
         edit_function(check_lease, "and old.lease_holder <> new.lease_holder", "and false")},
        {"the holder changes under the same epoch", "executing", "executor",
         acquire("lease_epoch", "'executor-2'", soon), "LF005",
         edit_function(check_lease, "new.lease_holder is distinct from old.lease_holder\n       or", "")},
        {"the epoch jumps", "ready_execute", "executor", acquire("lease_epoch + 2", "'executor-1'", soon), "LF005",
         edit_function(check_lease, "new.lease_epoch <> old.lease_epoch + 1", "false")},
        {"the epoch goes back", "executing", "executor", acquire("lease_epoch - 1", "'executor-1'", soon), "LF005",
         edit_function(check_lease, "new.lease_epoch <> old.lease_epoch + 1", "false")},
        {"a lease without a holder", "ready_execute", "executor", acquire("lease_epoch + 1", "null", "null"), "LF005",
         no_shape},
        {"a lease for an hour", "ready_execute", "executor",
         acquire("lease_epoch + 1", "'executor-1'", "now() + interval '1 hour'"), "LF005", no_shape},
        {"a lease that is over", "ready_execute", "executor",
         acquire("lease_epoch + 1", "'executor-1'", "now() - interval '1 second'"), "LF005", no_shape},
        {"a renewal for an hour", "executing", "executor",
         acquire("lease_epoch", "'executor-1'", "now() + interval '1 hour'"), "LF005",
         edit_function(
             check_lease,
             "or new.lease_until <= clock or new.lease_until > clock + interval '10 minutes' then\n      raise "
             "exception using errcode = 'LF005',\n        message = format('order %s: a lease changes",
             "then\n      raise exception using errcode = 'LF005',\n        message = format('order %s: a lease "
             "changes")},
        {"the api takes a lease", "ready_execute", "api",
         "update price_order set lease_epoch = lease_epoch + 1, lease_holder = 'api', lease_until = now() + interval "
         "'1 minute' where id = :id",
         "42501",
         "grant update on price_order to landfall_api; " +
             edit_function(check_lease, "if (new.lease_epoch, new.lease_holder, new.lease_until)",
                           "if false and (new.lease_epoch, new.lease_holder, new.lease_until)")},
        {"the superuser ends a lease", "executing", "admin",
         "update price_order set lease_holder = null, lease_until = null where id = :id", "LF005",
         edit_function(check_lease, "if (new.lease_epoch, new.lease_holder, new.lease_until)",
                       "if false and (new.lease_epoch, new.lease_holder, new.lease_until)")},
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

  TEST_CASE("a transition agrees with what is known about deposit and evidence") {
    withstand({
        {"depositing without a signed deposit", "pending_deposit", "api", move_by("api", "depositing"), "LF009",
         without_precondition("for_deposit", "no signed deposit is stored")},
        {"a stored deposit is given up as unsigned", "pending_deposit", "executor", executor_move("deposit_failed"),
         "LF009", without_precondition("for_deposit", "a signed deposit is stored"),
         [](fixtures& rows, const order_fixture& order) {
           rows.store_attempt(order, "deposit");
           rows.lease(order);
         }},
        {"open before the deposit is seen", "depositing", "api", move_by("api", "open"), "LF009",
         without_precondition("for_deposit", "no deposit has landed")},
        {"a deposit in doubt is called failed", "depositing", "api", move_by("api", "deposit_failed"), "LF009",
         without_precondition("for_deposit", "the deposit is not proven to have failed")},
        {"ready without evidence", "open", "trigger", move_by("trigger", "ready_execute"), "LF009",
         without_precondition("evidence", "the trigger gives no evidence for it") + ";" +
             without_precondition("evidence", "the price in evidence does not meet its condition")},
        {"ready with the evidence of another order", "open", "trigger",
         move_by("trigger", "ready_execute",
                 ", last_evidence_id = (select id from evidence where order_id <> :id limit 1)"),
         "LF009", without_precondition("reference", "last_evidence_id is no evidence of it"),
         [](fixtures& rows, const order_fixture&) { rows.store_evidence(rows.order_in("open"), "ready_execute"); }},
        {"ready to execute with evidence of an expiry", "open", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF009",
         without_precondition("evidence", "the trigger gives no evidence for it"),
         [](fixtures& rows, const order_fixture& order) { rows.store_evidence(order, "ready_expire"); }},
        {"ready with evidence that was used before", "ready_execute", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF009",
         without_precondition("evidence", "the evidence was used before") + "; drop index order_transition_evidence",
         [](fixtures& rows, const order_fixture& order) { rows.advance(order, "open", "executor"); }},
        {"ready on a price that does not meet the condition", "open", "trigger",
         move_by("trigger", "ready_execute", ", last_evidence_id = :evidence"), "LF009",
         without_precondition("evidence", "the price in evidence does not meet its condition"),
         [](fixtures& rows, const order_fixture& order) {
           rows.store_evidence(order, "ready_execute");
           REQUIRE(sqlstate_of(
                       rows.as("api"),
                       bind_names(rows, order, "update price_order set trigger_price_usd = 202 where id = :id")) == "");
         }},
        {"expired before its time", "open", "trigger",
         move_by("trigger", "ready_expire", ", last_evidence_id = :evidence"), "LF009",
         edit_function("missing_for_return", "and rule_time() < new_order.expires_at", "and false"),
         [](fixtures& rows, const order_fixture& order) { rows.store_evidence(order, "ready_expire"); }},
    });
  }

  TEST_CASE("a transition agrees with what is known about the swap") {
    withstand({
        {"success without an attempt", "executing", "executor", executor_move("execute_success"), "LF009",
         without_precondition("for_swap", "its last swap attempt is not seen landed")},
        {"success of an attempt in doubt", "executing", "executor", executor_move("execute_success"), "LF009",
         without_precondition("for_swap", "its last swap attempt is not seen landed"), with_attempt("swap")},
        {"success of an attempt that failed", "executing", "executor", executor_move("execute_success"), "LF009",
         without_precondition("for_swap", "its last swap attempt is not seen landed"),
         with_attempt("swap", "landed_failed")},
        {"failure of an attempt in doubt", "executing", "executor", executor_move("execute_failed"), "LF009",
         without_precondition("for_swap", "an attempt on its account is unresolved"), with_attempt("swap")},
        {"failure of an attempt that landed", "executing", "executor", executor_move("execute_failed"), "LF009",
         without_precondition("for_swap", "a swap of it landed"), with_attempt("swap", "landed")},
        {"a rollback of a final swap", "execute_success", "executor", executor_move("executing"), "LF009",
         without_precondition("for_swap", "its last swap attempt is not open"),
         [](fixtures& rows, const order_fixture& order) {
           rows.resolve(order, rows.last_attempt(order, "swap"), "landed");
         }},
        {"output ready before the swap is final", "execute_success", "executor", executor_move("ready_withdraw_output"),
         "LF009", without_precondition("for_swap", "its last swap attempt is not finalized")},
    });
  }

  TEST_CASE("a transition agrees with what is known about payout and refund") {
    withstand({
        {"withdrawing without a payout", "ready_withdraw_output", "executor", executor_move("withdrawing"), "LF009",
         without_precondition("for_payout", "no unresolved payout attempt is stored")},
        {"withdrawing again without a new payout", "withdraw_failed", "executor", executor_move("withdrawing"), "LF009",
         without_precondition("for_payout", "no unresolved payout attempt is stored")},
        {"filled before the payout is final", "withdrawing", "executor", executor_move("fill_success"), "LF009",
         without_precondition("for_payout", "no payout of it landed")},
        {"a payout in doubt is called failed", "withdrawing", "executor", executor_move("withdraw_failed"), "LF009",
         without_precondition("for_payout", "its last payout attempt is not proven to have failed")},
        {"cancelled before the refund", "ready_to_cancel", "executor", executor_move("cancelled"), "LF009",
         edit_function("missing_for_return", "transition = 'ready_to_cancel>cancelled'", "false"), leased},
        {"the api calls it cancelled before the refund", "ready_to_cancel", "api", move_by("api", "cancelled"), "LF009",
         edit_function("missing_for_return", "transition = 'ready_to_cancel>cancelled'", "false")},
        {"expired while the refund is in doubt", "ready_expire", "executor", executor_move("expired"), "LF009",
         edit_function("missing_for_return", "transition = 'ready_expire>expired'", "false"), with_attempt("refund")},
        {"cancelled as sibling of nobody", "open", "executor", executor_move("oco_cancelled"), "LF009",
         without_precondition("for_return", "its sibling has not filled"), leased},
        {"a cancel that nobody asked for", "execute_failed", "executor", executor_move("ready_to_cancel"), "LF009",
         without_precondition("for_return", "nobody asked for a cancel"), leased},
        {"a move names an attempt of another order", "execute_failed", "executor",
         "update price_order set state = 'open', last_reason = 'x', last_instance = 'executor-1', write_epoch = "
         "lease_epoch, "
         "last_attempt_id = (select id from attempt where order_id <> :id limit 1) where id = :id",
         "LF009", without_precondition("reference", "last_attempt_id is no attempt on its account"),
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
      return "insert into allowed_transition values ('" + from + "', '" + to + "', 'api')";
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
         without_precondition("for_return", "its refund has landed"), refund_landed},
        {"a service extends the table of moves", "fill_success", "api", opened_table("fill_success", "pending_deposit"),
         "42501", "grant insert on allowed_transition to landfall_api"},
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
