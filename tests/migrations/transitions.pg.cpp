// The table of transitions: complete, and the only way.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <tuple>

#include "common/domain/order_state.hpp"
#include "tests/support/fixtures.hpp"

using namespace landfall;
using namespace landfall::tests;

namespace {

using move_row = std::tuple<std::string, std::string, std::string>;

std::set<move_row> moves_in_database(fixtures& rows) {
  std::set<move_row> moves;
  pqxx::work work{rows.as("admin")};
  for (const auto& row : work.exec("select from_state, to_state, role from allowed_transition"))
    moves.emplace(row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>());
  return moves;
}

std::vector<std::string> states_in_database(fixtures& rows) {
  std::vector<std::string> states;
  pqxx::work work{rows.as("admin")};
  for (const auto& row : work.exec("select name from order_state order by name"))
    states.push_back(row[0].as<std::string>());
  return states;
}

/// The move with every formality kept, so that only the table can refuse it. An executor takes the lease with it.
std::string bare_move(const std::string& id, const std::string& to, const std::string& role) {
  auto sql = "update price_order set state = '" + to + "', last_reason = 'test', last_instance = 'test-1'";
  if (role == "executor")
    sql +=
        ", lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, lease_holder = 'executor-1', lease_until = "
        "clock_timestamp() + interval '1 minute'";
  return sql + " where id = '" + id + "'";
}

}  // namespace

TEST_SUITE("migrations transitions") {
  TEST_CASE("the states in the database are those of the program") {
    scratch_database database;
    fixtures rows{database};
    std::set<std::tuple<std::string, std::string, bool>> stored;
    std::set<std::tuple<std::string, std::string, bool>> compiled;
    pqxx::work work{rows.as("trigger")};
    for (const auto& row : work.exec("select name, shown_as, is_final from order_state"))
      stored.emplace(row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<bool>());
    for (const auto& row : domain::order_states)
      compiled.emplace(std::string{row.name}, std::string{row.shown_as}, row.is_final);
    CHECK(stored == compiled);
  }

  TEST_CASE("the moves in the database are those of the program") {
    scratch_database database;
    fixtures rows{database};
    const auto stored = moves_in_database(rows);
    std::set<move_row> compiled;
    for (const auto& move : domain::allowed_transitions)
      compiled.emplace(move.from ? std::string{to_string(*move.from)} : "(new)", std::string{to_string(move.to)},
                       std::string{to_string(move.by)});
    for (const auto& move : stored) {
      INFO(std::get<0>(move), " to ", std::get<1>(move), " by ", std::get<2>(move), " is only in the database");
      CHECK(compiled.contains(move));
    }
    for (const auto& move : compiled) {
      INFO(std::get<0>(move), " to ", std::get<1>(move), " by ", std::get<2>(move), " is only in the program");
      CHECK(stored.contains(move));
    }
  }

  TEST_CASE("no move leads out of a final state, and one leads out of every other") {
    scratch_database database;
    fixtures rows{database};
    CHECK(rows.value(R"(select count(*) from order_state s
                        where s.is_final = exists (select from allowed_transition m where m.from_state = s.name)
                          and $1 = '')",
                     "") == "0");
  }

  TEST_CASE("every pair of states is refused to every role that the table does not name") {
    scratch_database database;
    fixtures rows{database};
    const auto allowed = moves_in_database(rows);
    const auto states = states_in_database(rows);
    REQUIRE(states.size() == 19);
    unsigned refused = 0;
    unsigned skipped = 0;
    for (const auto& from : states) {
      const auto order = rows.order_in(from);
      if (rows.value("select lease_until > clock_timestamp() from price_order where id = $1", order.id) == "t")
        rows.expire_lease(order);
      for (const auto& to : states)
        for (const std::string role : {"api", "trigger", "executor", "operator", "verifier", "agents"}) {
          if (allowed.contains({from, to, role})) {
            ++skipped;
            continue;
          }
          INFO(from, " to ", to, " by ", role);
          // A verifier and an agent have no right to the column at all.
          const auto* expected = role == "verifier" || role == "agents" ? "42501" : "LF001";
          CHECK(sqlstate_of(rows.as(role), bare_move(order.id, to, role)) == expected);
          ++refused;
        }
      CHECK(rows.state(order) == from);
    }
    CHECK(skipped + 1 == allowed.size());
    CHECK(refused == 19 * 19 * 6 - skipped);
  }

  TEST_CASE("every move of the table is accepted from its role once its precondition is there, and audited") {
    scratch_database database;
    fixtures rows{database};
    for (const auto& [from, to, role] : moves_in_database(rows)) {
      if (from == "(new)")
        continue;
      INFO(from, " to ", to, " by ", role);
      const auto order = to == "oco_cancelled" ? rows.pair().second : rows.order();
      rows.bring(order, from);
      const auto why = rows.prepare(order, to, role);
      REQUIRE_NOTHROW(rows.move(order, to, role, why));
      CHECK(rows.state(order) == to);
      pqxx::work work{rows.as("operator")};
      const auto audit = work.exec_params1(
          R"(select m.from_state, m.to_state, m.role, m.instance, m.reason, m.attempt_id, m.evidence_id,
                    m.lease_epoch = o.lease_epoch
             from order_transition m join price_order o on o.id = m.order_id
             where o.id = $1 order by m.id desc limit 1)",
          order.id);
      CHECK(audit[0].as<std::string>() == from);
      CHECK(audit[1].as<std::string>() == to);
      CHECK(audit[2].as<std::string>() == role);
      CHECK(audit[3].as<std::string>() == role + "-1");
      CHECK(audit[4].as<std::string>() == why.reason);
      CHECK(audit[5].as<std::string>("") == why.attempt_id.value_or(""));
      CHECK(audit[6].as<std::string>("") == why.evidence_id.value_or(""));
      CHECK(audit[7].as<bool>());
    }
  }

  TEST_CASE("a creation is audited and no other state is created") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order();
    CHECK(rows.value("select from_state || ' ' || to_state || ' ' || role || ' ' || instance || ' ' || reason from "
                     "order_transition where order_id = $1",
                     order.id) == "(new) pending_deposit api api-1 created");
    for (const auto& state : states_in_database(rows)) {
      const auto deposit = rows.deposit_request();
      const auto sql =
          "insert into price_order (id, wallet, vault, deposit_request_id, order_account, output_account, "
          "order_type, state, input_mint, output_mint, trigger_mint, input_amount, trigger_condition, "
          "trigger_price_usd, expires_at, last_reason, last_instance) select gen_random_uuid(), wallet, "
          "vault, id, order_account, order_account, 'single', '" +
          state +
          "', input_mint, output_mint, input_mint, amount, 'above', 200, now() + interval '1 hour', "
          "'created', 'api-1' from deposit_request where id = '" +
          deposit.id + "'";
      INFO(state);
      CHECK(sqlstate_of(rows.as("executor"), sql) == "42501");
      CHECK(sqlstate_of(rows.as("operator"), sql) == "42501");
      CHECK(sqlstate_of(rows.as("admin"), sql) == "LF001");
      CHECK(sqlstate_of(rows.as("api"), sql) == (state == "pending_deposit" ? "" : "LF001"));
    }
  }

  TEST_CASE("a move notifies with the state it led to") {
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in("open");
    struct receiver : pqxx::notification_receiver {
      std::vector<std::string> seen;
      explicit receiver(pqxx::connection& c) : pqxx::notification_receiver(c, "landfall_order") {}
      void operator()(const std::string& payload, int) override {
        seen.push_back(payload);
      }
    };
    const auto connection = database.connect_as("landfall_executor");
    receiver listening{*connection};
    rows.advance(order, "ready_execute", "trigger");
    rows.lease(order);
    connection->await_notification(5, 0);
    CHECK(listening.seen == std::vector<std::string>{"ready_execute"});
  }
}
