// Each rule attacked with plain SQL under the service's own role, and each attack proven real: with the rule taken away
// the same statements go through.
#include <string>

#include "tests/migrations/rules.hpp"

using namespace landfall::tests;

namespace {

/// The verifier's finding about the deposit of a request, which is a literal, in SQL.
std::string deposit_found(const std::string& request) {
  return "insert into discrepancy_finding (kind, subject, detail, slot, endpoint, touches_money, times_agreed) "
         "values ('deposit_without_order', " +
         request + ", 'arrived', 1, 'rpc0', true, 1)";
}

void arrived(fixtures& rows, const deposit_fixture& request) {
  REQUIRE(sqlstate_of(rows.as("verifier"), deposit_found("'" + request.id + "'")) == "");
}

void unconsumed(fixtures& rows, const order_fixture&) {
  rows.deposit_request();
}

/// The columns of a request, as its order takes them over.
const std::string base =
    "wallet, vault, id, order_account, order_account, order_sub_type, 'pending_deposit', input_mint, "
    "output_mint, input_mint, amount";

/// An order that takes `to` over instead of `from`.
attack differs(const std::string& what, const std::string& from, const std::string& to) {
  auto columns = base;
  columns.replace(columns.find(from), from.size(), to);
  return {what,
          "open",
          "api",
          create_order(columns) + "consumed_at is null",
          "LF006",
          edit_function("price_order_create",
                        "raise exception using errcode = 'LF006',\n      message = format('order %s is not what",
                        "raise notice using\n      message = format('order %s is not what"),
          unconsumed};
}

/// Part of an update by the executor that holds the lease.
const std::string carried = ", write_epoch = lease_epoch where id = :swap";

}  // namespace

TEST_SUITE("migrations rules") {
  TEST_CASE("rule 3: a deposit that arrived makes its order however late") {
    scratch_database scratch;
    fixtures rows{scratch};
    const auto request = rows.deposit_request();
    rows.expire(request);
    const auto create = create_order() + "id = '" + request.id + "'";
    CHECK(sqlstate_of(rows.as("api"), create) == "LF006");
    arrived(rows, request);
    CHECK(sqlstate_of(rows.as("api"), create) == "");
    CHECK(sqlstate_of(rows.as("api"), create) == "LF006");
  }

  TEST_CASE("rule 3: a deposit request is consumed once, by the order it was crafted for") {
    withstand({
        {"a second order from the same request", "open", "api", create_order() + "id = :request", "LF006",
         edit_function("price_order_create", "if request.consumed_at is not null and not", "if false and not") +
             "; alter table price_order drop constraint price_order_deposit_request_id_leg_key"},
        {"a second leg joins a pair later", "open", "api",
         create_order(base, "'created'", "1") +
             "id in (select deposit_request_id from price_order where leg = 0 and order_type = 'oco') and not exists "
             "(select from price_order p where p.deposit_request_id = deposit_request.id and p.leg = 1)",
         "LF006", edit_function("price_order_create", "and request.consumed_at = transaction_timestamp()", ""),
         [](fixtures& rows, const order_fixture&) {
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
    });
  }

  TEST_CASE("rule 3: a request pays into an account and a vault of its own") {
    withstand({
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
    });
  }

  TEST_CASE("rule 3: a request that expired makes no order") {
    withstand({
        {"an expired request is used", "open", "api", create_order() + "consumed_at is null", "LF006",
         edit_function("price_order_create", "request.expires_at <= rule_time()", "false"),
         [](fixtures& rows, const order_fixture&) { rows.expire(rows.deposit_request()); }},
        {"an expired request is used whose deposit has left again", "open", "api",
         create_order() + "consumed_at is null", "LF006",
         edit_function("deposit_arrived", "and f.closed_at is null", ""),
         [](fixtures& rows, const order_fixture&) {
           const auto request = rows.deposit_request();
           rows.expire(request);
           arrived(rows, request);
           REQUIRE(sqlstate_of(rows.as("verifier"), "update discrepancy_finding set closed_at = now()") == "");
         }},
        {"an expired request is used because another's deposit arrived", "open", "api",
         create_order() + "consumed_at is null and expires_at <= now()", "LF006",
         edit_function("deposit_arrived", "and f.subject = request_id::text", ""),
         [](fixtures& rows, const order_fixture&) {
           rows.expire(rows.deposit_request());
           arrived(rows, rows.deposit_request());
         }},
        {"the api says itself that a deposit arrived", "open", "api", deposit_found(":request"), "42501",
         "grant insert on discrepancy_finding to landfall_api"},
    });
  }

  TEST_CASE("rule 3: an order is what was crafted") {
    withstand({
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
    withstand({
        {"an attempt is deleted by its service", "executing", "executor", "delete from attempt where id = :swap",
         "42501", "grant delete on attempt to landfall_executor; drop trigger refuse_delete on attempt",
         with_attempt("swap")},
        {"the superuser deletes an attempt", "executing", "admin", "delete from attempt where id = :swap", "LF004",
         "drop trigger refuse_delete on attempt", with_attempt("swap")},
        {"the superuser empties the attempts", "executing", "admin", "truncate attempt cascade", "LF004",
         "drop trigger refuse_truncate on attempt; drop trigger refuse_truncate on order_transition; "
         "drop trigger refuse_truncate on attempt_movement; drop trigger refuse_truncate on discrepancy_finding",
         with_attempt("swap")},
        {"the bytes are exchanged", "executing", "executor", "update attempt set transaction = '\\x02'" + carried,
         "42501",
         "grant update on attempt to landfall_executor; " + edit_function("attempt_check_identity",
                                                                          "new.quote_id, new.transaction,",
                                                                          "new.quote_id, old.transaction,"),
         with_attempt("swap")},
        {"an outcome is rewritten", "executing", "executor",
         "update attempt set outcome = 'landed_failed', error = '{}'" + carried, "LF004",
         edit_function("attempt_check_results", "if old.outcome is not null\n", "if false\n"),
         with_attempt("swap", "landed")},
        {"an outcome is taken back", "executing", "executor",
         "update attempt set outcome = null, resolved_at = null, slot = null, fee_lamports = null" + carried, "LF004",
         edit_function("attempt_check_results", "if old.outcome is not null\n", "if false\n"),
         with_attempt("swap", "landed")},
        {"the fee of a resolved attempt is rewritten", "executing", "executor",
         "update attempt set fee_lamports = 1" + carried, "LF004",
         edit_function("attempt_check_results", "if old.outcome is not null\n", "if false\n"),
         with_attempt("swap", "landed")},
        {"a confirmation is taken back after the outcome", "executing", "executor",
         "update attempt set confirmed_at = null, confirmed_slot = null" + carried, "LF004",
         edit_function("attempt_check_results", "if old.outcome is not null\n", "if false\n"),
         [](fixtures& rows, const order_fixture& order) {
           const auto id = rows.store_attempt(order, "swap");
           rows.confirm(order, id);
           rows.resolve(order, id, "landed");
         }},
    });
  }

  TEST_CASE("rule 5: an attempt is stored before it is sent, and its results with the outcome") {
    withstand({
        {"results come before the outcome", "executing", "executor", "update attempt set slot = 5" + carried, "LF007",
         edit_function("attempt_check_results", "if new.outcome is null\n", "if false\n"), with_attempt("swap")},
        {"the first broadcast is rewritten", "executing", "executor",
         "update attempt set broadcast_at = null" + carried, "LF004",
         edit_function("attempt_check_results", "if old.broadcast_at is not null and", "if false and"),
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
    });
  }

  TEST_CASE("rule 5: an attempt fits the state of its order and the role that writes it") {
    withstand({
        {"a swap for a cancelled order", "cancelled", "executor", insert_attempt("swap", "lease_epoch"), "LF007",
         edit_function("attempt_fits_state", "when 'swap' then state = 'executing'", "when 'swap' then true")},
        {"a refund of an order that executes", "executing", "executor", insert_attempt("refund", "lease_epoch"),
         "LF007", edit_function("attempt_fits_state", "state in ('ready_to_cancel', 'ready_expire')", "true")},
        {"a payout before the swap is final", "execute_success", "executor", insert_attempt("payout", "lease_epoch"),
         "LF007",
         edit_function("attempt_fits_state", "state in ('ready_withdraw_output', 'withdraw_failed', 'withdrawing')",
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
         edit_function("attempt_check_writer",
                       "if old.kind <> 'deposit' or new.outcome is distinct from old.outcome then", "if false then"),
         with_attempt("swap")},
        {"the api resolves a deposit", "depositing", "api",
         "update attempt set outcome = 'landed', slot = 1, resolved_at = now() where id = :deposit", "42501",
         "grant update on attempt to landfall_api; " +
             edit_function("attempt_check_writer", "or new.outcome is distinct from old.outcome", "")},
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
        observation_attack("the last valid height itself", with("observations,0,finalized_block_height", "1000"),
                           "(seen->>'finalized_block_height')::numeric < dead.last_valid_block_height + 2", "false"),
        observation_attack("one height short", with("observations,0,finalized_block_height", "1001"),
                           "dead.last_valid_block_height + 2", "dead.last_valid_block_height + 1"),
        certificate_attack("a height in words", with("observations,0,finalized_block_height", "\"high\""),
                           "begin\n  if jsonb_typeof(c)", "begin\n  return null;\n  if jsonb_typeof(c)"),
        observation_attack("the second endpoint lags", with("observations,1,finalized_block_height", "900"),
                           "(seen->>'finalized_block_height')::numeric < dead.last_valid_block_height + 2", "false"),
        observation_attack("a status", with("observations,1,status", "{\"err\":null}"),
                           "jsonb_typeof(seen->'status') is distinct from 'null'", "false"),
        observation_attack("no word about the status", lacking("observations,1,status"),
                           "jsonb_typeof(seen->'status') is distinct from 'null'", "false"),
        observation_attack("history not searched", with("observations,1,searched_history", "false"),
                           "seen->'searched_history' is distinct from 'true'::jsonb", "false"),
        observation_attack("no word about the history", lacking("observations,0,searched_history"),
                           "seen->'searched_history' is distinct from 'true'::jsonb", "false"),
        observation_attack("a status older than the height", with("observations,0,status_context_slot", "1199"),
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
         edit_function("attempt_check_results", "if new.confirmed_at is not null then", "if false then"),
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
}
