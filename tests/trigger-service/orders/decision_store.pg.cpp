#include "trigger-service/orders/decision_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <barrier>
#include <thread>

#include "tests/support/fixtures.hpp"
#include "tests/support/scratch_database.hpp"
#include "tests/trigger-service/samples.hpp"

using namespace landfall;
using namespace landfall::trigger;
using landfall::trigger::tests::sample_feed;
using landfall::trigger::tests::usd;

namespace {

domain::order_id id_of(const landfall::tests::order_fixture& order) {
  return *domain::order_id::parse(order.id);
}

postgres::database::options options_for(const landfall::tests::scratch_database& database) {
  postgres::database::options options;
  options.conninfo = database.conninfo("landfall_trigger");
  options.application_name = "test";
  return options;
}

/// Fixtures sell above 200 USD.
decision execute(const landfall::tests::order_fixture& order, std::string_view price = "201") {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  decision d;
  d.order = id_of(order);
  d.to = domain::order_state::ready_execute;
  d.reason = "trigger_above";
  d.detail = R"(price "201" >= 200, \ and more)";
  d.evidence.id = domain::evidence_id::random();
  d.evidence.source = "hermes";
  d.evidence.price_usd = usd(price);
  d.evidence.confidence_usd = usd("0.05");
  d.evidence.publish_time = now;
  d.evidence.received_at = now;
  d.evidence.gates = R"({"condition":"above","gates":[{"gate":"age","passed":true}]})";
  return d;
}

decision expire(const landfall::tests::order_fixture& order) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  auto d = *decide_expiry(id_of(order), now, now);
  d.evidence.id = domain::evidence_id::random();
  return d;
}

struct store_fixture {
  landfall::tests::scratch_database database;
  landfall::tests::fixtures rows{database};
  decision_store store{options_for(database), "trigger-1"};

  std::vector<write_outcome> write(const std::vector<decision>& decisions) {
    const auto written = store.write(decisions);
    REQUIRE_MESSAGE(written.ok(), written.error().message);
    std::vector<write_outcome> outcomes;
    for (const auto& one : *written)
      outcomes.push_back(one.outcome);
    return outcomes;
  }
  std::string value(const std::string& sql, const std::string& parameter) {
    return rows.value(sql, parameter);
  }
  std::string evidence_count(const landfall::tests::order_fixture& order) {
    return value("select count(*) from evidence where order_id = $1", order.id);
  }
  std::string trigger_moves(const landfall::tests::order_fixture& order) {
    return value("select count(*) from order_transition where order_id = $1 and role = 'trigger'", order.id);
  }
  /// As superuser, past every rule.
  void force(const std::string& sql) {
    pqxx::work work{rows.as("admin")};
    work.exec("set local session_replication_role = replica");
    work.exec(sql);
    work.commit();
  }
};

}  // namespace

TEST_SUITE("trigger-service/orders/decision_store") {
  TEST_CASE("an open order moves with its evidence and its audit row") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    const auto d = execute(order);
    CHECK(b.write({d}) == std::vector{write_outcome::applied});
    CHECK(b.rows.state(order) == "ready_execute");
    const auto evidence = d.evidence.id.to_string();
    CHECK(b.value("select last_evidence_id::text from price_order where id = $1", order.id) == evidence);
    CHECK(b.value("select last_reason from price_order where id = $1", order.id) == "trigger_above");
    CHECK(b.value("select last_detail from price_order where id = $1", order.id) == d.detail);
    CHECK(b.value("select last_instance from price_order where id = $1", order.id) == "trigger-1");
    CHECK(b.value("select (triggered_at is not null)::text from price_order where id = $1", order.id) == "true");
    CHECK(b.value("select evidence_id::text from order_transition where order_id = $1 and role = 'trigger'",
                  order.id) == evidence);
    CHECK(b.value("select price_usd || ' ' || confidence_usd from evidence where id = $1", evidence) ==
          "201.000000000000000000 0.050000000000000000");
    CHECK(b.value("select gates ->> 'condition' from evidence where id = $1", evidence) == "above");
    CHECK(b.value("select instance from evidence where id = $1", evidence) == "trigger-1");
  }

  TEST_CASE("what is not open moves nothing and stores no evidence") {
    store_fixture b;
    for (const auto* state : {"depositing", "ready_execute", "executing", "ready_to_cancel", "fill_success"}) {
      CAPTURE(state);
      const auto order = b.rows.order_in(state);
      const auto before = b.evidence_count(order);
      CHECK(b.write({execute(order)}) == std::vector{write_outcome::not_applied});
      CHECK(b.rows.state(order) == state);
      CHECK(b.evidence_count(order) == before);
    }
  }

  TEST_CASE("an order that does not exist is told as not moved") {
    store_fixture b;
    CHECK(b.write({execute({domain::order_id::random().to_string(), {}, 0})}) ==
          std::vector{write_outcome::not_applied});
  }

  TEST_CASE("a held order does not move") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    {
      pqxx::work work{b.rows.as("verifier")};
      work.exec_params("update price_order set held_at = now(), held_reason = 'test' where id = $1", order.id);
      work.commit();
    }
    CHECK(b.write({execute(order)}) == std::vector{write_outcome::not_applied});
    CHECK(b.rows.state(order) == "open");
    CHECK(b.evidence_count(order) == "0");
  }

  TEST_CASE("terms that changed after the decision keep the order open") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    const auto d = execute(order, "205");
    {
      pqxx::work work{b.rows.as("api")};
      work.exec_params("update price_order set trigger_price_usd = 210 where id = $1", order.id);
      work.commit();
    }
    CHECK(b.write({d}) == std::vector{write_outcome::not_applied});
    CHECK(b.rows.state(order) == "open");
    CHECK(b.write({execute(order, "210")}) == std::vector{write_outcome::applied});
  }

  TEST_CASE("an order expires when its time is over and not before, and then never executes") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    CHECK(b.write({expire(order)}) == std::vector{write_outcome::not_applied});
    b.force("update price_order set expires_at = now() - interval '1 second' where id = '" + order.id + "'");
    CHECK(b.write({execute(order)}) == std::vector{write_outcome::not_applied});
    CHECK(b.rows.state(order) == "open");
    CHECK(b.write({expire(order)}) == std::vector{write_outcome::applied});
    CHECK(b.rows.state(order) == "ready_expire");
    CHECK(b.value("select reason from order_transition where order_id = $1 and to_state = 'ready_expire'", order.id) ==
          "expired");
  }

  TEST_CASE("a batch tells each decision its own outcome in their order") {
    store_fixture b;
    const auto first = b.rows.order_in("open");
    const auto second = b.rows.order_in("ready_execute");
    const auto third = b.rows.order_in("open");
    CHECK(b.write({execute(first), execute(second), execute(third)}) ==
          std::vector{write_outcome::applied, write_outcome::not_applied, write_outcome::applied});
  }

  TEST_CASE("two decisions on one order in one batch move it once") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    auto outcomes = b.write({execute(order, "201"), execute(order, "202")});
    CHECK(std::count(outcomes.begin(), outcomes.end(), write_outcome::applied) == 1);
    CHECK(b.evidence_count(order) == "1");
    CHECK(b.trigger_moves(order) == "1");
  }

  TEST_CASE("a write whose commit was in doubt is acknowledged when it is written again and moves nothing twice") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    const auto d = execute(order);
    CHECK(b.write({d}) == std::vector{write_outcome::applied});
    CHECK(b.write({d}) == std::vector{write_outcome::applied});
    CHECK(b.trigger_moves(order) == "1");

    // The executor finds the evidence too old and opens the order again: the old decision must not move it now.
    b.rows.advance(order, "open", "executor");
    CHECK(b.write({d}) == std::vector{write_outcome::applied});
    CHECK(b.rows.state(order) == "open");
    CHECK(b.trigger_moves(order) == "1");

    CHECK(b.write({execute(order, "203")}) == std::vector{write_outcome::applied});
    CHECK(b.trigger_moves(order) == "2");
  }

  TEST_CASE("whether a connection breaks before a write or during it, repeating the write moves the order once") {
    store_fixture b;
    const auto order = b.rows.order_in("open");
    const auto other = b.rows.order_in("open");
    const auto d = execute(order);
    CHECK(b.write({execute(other)}).size() == 1);
    {
      pqxx::nontransaction work{b.rows.as("admin")};
      work.exec(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test' "
          "and datname = current_database()");
    }
    // A break that is noticed before the write is mended within it; one that comes later is an error.
    const auto first = b.store.write({d});
    if (!first.ok())
      CHECK(first.error().kind == postgres::error_kind::unavailable);
    CHECK(b.write({d}) == std::vector{write_outcome::applied});
    CHECK(b.trigger_moves(order) == "1");
  }

  TEST_CASE("a decision that the database refuses does not keep back the others") {
    store_fixture b;
    const auto first = b.rows.order_in("open");
    const auto second = b.rows.order_in("open");
    auto bad = execute(first);
    bad.evidence.gates = "no json";
    CHECK(b.write({bad, execute(second)}) == std::vector{write_outcome::refused, write_outcome::applied});
    CHECK(b.rows.state(first) == "open");
    CHECK(b.rows.state(second) == "ready_execute");
  }

  TEST_CASE("replicas that decide the same orders at once move each of them once") {
    constexpr std::size_t orders_each_round = 12;
    constexpr int rounds = 6;
    constexpr int replicas = 4;
    store_fixture b;
    for (int round = 0; round < rounds; ++round) {
      std::vector<landfall::tests::order_fixture> orders;
      for (std::size_t n = 0; n < orders_each_round; ++n)
        orders.push_back(b.rows.order_in("open"));
      std::vector<std::vector<write_outcome>> outcomes(replicas);
      std::vector<std::string> errors(replicas);
      std::barrier together{replicas};
      std::vector<std::thread> threads;
      for (std::size_t r = 0; r < replicas; ++r)
        threads.emplace_back([&, r] {
          decision_store store{options_for(b.database), "trigger-" + std::to_string(r)};
          std::vector<decision> decisions;
          for (const auto& order : orders)
            decisions.push_back(execute(order));
          // Every other replica takes them in the opposite order.
          if (r % 2 == 1)
            std::reverse(decisions.begin(), decisions.end());
          static_cast<void>(store.write({}));
          together.arrive_and_wait();
          const auto written = store.write(decisions);
          if (!written) {
            errors[r] = written.error().message;
            return;
          }
          for (const auto& one : *written)
            outcomes[r].push_back(one.outcome);
        });
      for (auto& thread : threads)
        thread.join();
      std::size_t moved = 0;
      for (std::size_t r = 0; r < replicas; ++r) {
        CHECK(errors[r] == "");
        moved += static_cast<std::size_t>(std::count(outcomes[r].begin(), outcomes[r].end(), write_outcome::applied));
      }
      CHECK(moved == orders_each_round);
      for (const auto& order : orders) {
        CHECK(b.trigger_moves(order) == "1");
        CHECK(b.evidence_count(order) == "1");
      }
    }
  }
}
