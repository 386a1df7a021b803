// Two connections at once: the second waits for the first and then meets the rule.
#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "tests/migrations/attack.hpp"

using namespace landfall::tests;

namespace {

struct race_result {
  /// The second was seen waiting for the first.
  bool waited = false;
  /// What became of the second, after the first had committed.
  std::string second;
};

/// Runs the first statement and leaves its transaction open, starts the second on another connection, waits until that
/// one waits for a lock (or is through), commits the first.
race_result race(scratch_database& database, fixtures& rows, const std::string& first_role, const std::string& first,
                 const std::string& second_role, const std::string& second) {
  const auto one = database.connect_as("landfall_" + first_role);
  const auto two = database.connect_as("landfall_" + second_role);
  const auto second_pid = std::to_string(two->backendpid());
  pqxx::work holding{*one};
  holding.exec(first);
  auto outcome = std::async(std::launch::async, [&] { return sqlstate_of(*two, second); });
  race_result result;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (std::chrono::steady_clock::now() < deadline &&
         outcome.wait_for(std::chrono::milliseconds{5}) != std::future_status::ready) {
    if (rows.value("select count(*) from pg_stat_activity where pid = $1::int and wait_event_type = 'Lock'",
                   second_pid) != "0") {
      result.waited = true;
      break;
    }
  }
  holding.commit();
  result.second = outcome.get();
  return result;
}

std::string claim(const std::string& holder) {
  return "update price_order set lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, lease_holder = '" +
         holder + "', lease_until = clock_timestamp() + interval '1 minute' where id = :id";
}

std::string swap_attempt(unsigned number, const std::string& epoch) {
  return "insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash, "
         "last_valid_block_height, lease_epoch, instance) select gen_random_uuid(), id, order_account, 'swap', " +
         std::to_string(number) + ", '" + signature_of(800'000 + number) + "', '\\x01', 'hash', 1000, " + epoch +
         ", 'executor-1' from price_order where id = :id";
}

std::string create_order() {
  return "insert into price_order (id, wallet, vault, deposit_request_id, order_account, output_account, order_type, "
         "state, "
         "input_mint, output_mint, trigger_mint, input_amount, trigger_condition, trigger_price_usd, expires_at, "
         "last_reason, "
         "last_instance) select gen_random_uuid(), wallet, vault, id, order_account, order_account, 'single', "
         "'pending_deposit', input_mint, output_mint, input_mint, amount, 'above', 200, now() + interval '1 hour', "
         "'created', 'api-1' from deposit_request where consumed_at is null";
}

struct racing {
  scratch_database database;
  fixtures rows{database};

  race_result run(const order_fixture& order, const std::string& first_role, const std::string& first,
                  const std::string& second_role, const std::string& second) {
    return race(database, rows, first_role, bind_names(rows, order, first), second_role,
                bind_names(rows, order, second));
  }
  void mutate(const std::string& sql) {
    REQUIRE(sqlstate_of(rows.as("admin"), sql) == "");
  }
};

}  // namespace

TEST_SUITE("migrations races") {
  TEST_CASE("two executors claim one order: one gets it") {
    racing r;
    const auto order = r.rows.order_in("open");
    r.rows.expire_lease(order);
    const auto result = r.run(order, "executor", claim("executor-1"), "executor", claim("executor-2"));
    CHECK(result.waited);
    CHECK(result.second == "LF005");
    CHECK(r.rows.value("select lease_holder from price_order where id = $1", order.id) == "executor-1");

    r.mutate(edit_function("price_order_check_lease", "and old.lease_holder <> new.lease_holder", "and false"));
    const auto unguarded = r.rows.order_in("open");
    r.rows.expire_lease(unguarded);
    CHECK(r.run(unguarded, "executor", claim("executor-1"), "executor", claim("executor-2")).second == "");
  }

  TEST_CASE("claims that skip what is locked never share an order") {
    racing r;
    for (int i = 0; i < 3; ++i)
      r.rows.expire_lease(r.rows.order_in("open"));
    const auto claim_two = [](const std::string& holder) {
      return "update price_order set lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, lease_holder = '" +
             holder +
             "', lease_until = clock_timestamp() + interval '1 minute' where id in (select id from price_order where "
             "lease_until < "
             "clock_timestamp() for update skip locked limit 2)";
    };
    const auto result =
        race(r.database, r.rows, "executor", claim_two("executor-1"), "executor", claim_two("executor-2"));
    CHECK(!result.waited);
    CHECK(result.second == "");
    CHECK(r.rows.value("select string_agg(lease_holder, ' ' order by lease_holder) from price_order where $1 = ''",
                       "") == "executor-1 executor-1 executor-2");
  }

  TEST_CASE("an attempt of the old epoch does not slip in beside a take-over") {
    racing r;
    const auto order = r.rows.order_in("executing");
    // The same instance name, restarted: it may begin its new epoch while the old lease runs.
    const auto stale = swap_attempt(1, r.rows.value("select lease_epoch from price_order where id = $1", order.id));
    const auto result = r.run(order, "executor", claim("executor-1"), "executor", stale);
    CHECK(result.waited);
    CHECK(result.second == "LF003");
    CHECK(r.rows.value("select count(*) from attempt where kind = 'swap' and order_id = $1", order.id) == "0");

    const auto unlocked = swap_attempt(2, r.rows.value("select lease_epoch from price_order where id = $1", order.id));
    r.mutate(edit_function("attempt_create", "for no key update", ""));
    const auto slipped = r.run(order, "executor", claim("executor-1"), "executor", unlocked);
    CHECK(!slipped.waited);
    CHECK(slipped.second == "");
  }

  TEST_CASE("a take-over waits until the attempt of the old epoch is durable") {
    racing r;
    const auto order = r.rows.order_in("executing");
    const auto result = r.run(order, "executor", swap_attempt(1, "lease_epoch"), "executor", claim("executor-1"));
    CHECK(result.waited);
    CHECK(result.second == "");
    CHECK(r.rows.value("select count(*) from attempt where kind = 'swap' and order_id = $1", order.id) == "1");

    r.rows.resolve(order, r.rows.last_attempt(order, "swap"), "landed_failed");
    r.mutate(edit_function("attempt_create", "for no key update", ""));
    CHECK(!r.run(order, "executor", swap_attempt(2, "lease_epoch"), "executor", claim("executor-1")).waited);
  }

  TEST_CASE("an outcome of the old epoch does not slip in beside a take-over") {
    racing r;
    const auto order = r.rows.order_in("executing");
    r.rows.store_attempt(order, "swap");
    const std::string outcome =
        "update attempt set outcome = 'landed', slot = 1, resolved_at = now(), write_epoch = lease_epoch "
        "where id = :swap";
    const auto result = r.run(order, "executor", claim("executor-1"), "executor", outcome);
    CHECK(result.waited);
    CHECK(result.second == "LF003");
  }

  TEST_CASE("a hold set meanwhile stops the next attempt") {
    racing r;
    const auto order = r.rows.order_in("executing");
    const auto result =
        r.run(order, "verifier", "update price_order set held_at = now(), held_reason = 'balance' where id = :id",
              "executor", swap_attempt(1, "lease_epoch"));
    CHECK(result.waited);
    CHECK(result.second == "LF002");

    const auto other = r.rows.order_in("executing");
    r.mutate(edit_function("attempt_create", "for no key update", ""));
    CHECK(r.run(other, "verifier", "update price_order set held_at = now(), held_reason = 'balance' where id = :id",
                "executor", swap_attempt(1, "lease_epoch"))
              .second == "");
  }

  TEST_CASE("a cancel and a trigger meet: the first one moves the order") {
    racing r;
    const auto order = r.rows.order_in("open");
    r.rows.store_evidence(order, "ready_execute");
    const std::string cancel =
        "update price_order set state = 'ready_to_cancel', last_reason = 'cancel', last_instance = 'api-1' "
        "where id = :id";
    const std::string trigger =
        "update price_order set state = 'ready_execute', last_reason = 'price', last_instance = "
        "'trigger-1', last_evidence_id = :evidence where id = :id";
    const auto result = r.run(order, "api", cancel, "trigger", trigger);
    CHECK(result.waited);
    CHECK(result.second == "LF001");
    CHECK(r.rows.state(order) == "ready_to_cancel");
  }

  TEST_CASE("two creations from one deposit request: one order") {
    racing r;
    r.rows.deposit_request();
    const auto result = race(r.database, r.rows, "api", create_order(), "api", create_order());
    CHECK(result.waited);
    CHECK(result.second == "LF006");
    CHECK(r.rows.value("select count(*) from price_order where $1 = ''", "") == "1");
  }

  TEST_CASE("both legs of a pair sign at once: one attempt") {
    racing r;
    const auto [first, second] = r.rows.pair();
    r.rows.bring(first, "executing");
    r.rows.bring(second, "executing");
    const auto one = bind_names(r.rows, first, swap_attempt(1, "lease_epoch"));
    const auto two = bind_names(r.rows, second, swap_attempt(2, "lease_epoch"));
    const auto result = race(r.database, r.rows, "executor", one, "executor", two);
    CHECK(result.waited);
    CHECK(result.second == "23505");

    r.mutate("drop index attempt_unresolved");
    CHECK(
        race(r.database, r.rows, "executor", bind_names(r.rows, first, swap_attempt(3, "lease_epoch")), "executor", two)
            .second == "");
  }
}
