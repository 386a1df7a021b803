#include "trigger-service/orders/open_order_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/postgres/migrate.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/scratch_database.hpp"
#include "tests/trigger-service/samples.hpp"

using namespace landfall;
using namespace landfall::trigger;
using landfall::trigger::tests::usd;
using namespace std::chrono_literals;

namespace {

struct source_fixture {
  landfall::tests::scratch_database database;
  landfall::tests::fixtures rows{database};
  open_order_store store{{database.conninfo("landfall_trigger"), "test"}};

  std::vector<std::string> ids(const std::vector<watched_order>& orders) {
    std::vector<std::string> out;
    for (const auto& order : orders)
      out.push_back(order.id.to_string());
    std::sort(out.begin(), out.end());
    return out;
  }
  /// As superuser, past every rule.
  void force(const std::string& sql) {
    pqxx::work work{rows.as("admin")};
    work.exec("set local session_replication_role = replica");
    work.exec(sql);
    work.commit();
  }
};

std::vector<std::string> sorted(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

TEST_SUITE("trigger-service/orders/open_order_store") {
  TEST_CASE("the enabled tokens are read with their feeds") {
    source_fixture b;
    const auto tokens = b.store.tokens();
    REQUIRE_MESSAGE(tokens.ok(), tokens.error().message);
    CHECK(*tokens == std::vector<watched_token>{{std::string{landfall::tests::usdc_mint}, std::string(64, 'b')},
                                                {std::string{landfall::tests::sol_mint}, std::string(64, 'a')}});
    b.force("update token set enabled = false where symbol = 'USDC'");
    CHECK(b.store.tokens()->size() == 1);
  }

  TEST_CASE("a row that cannot be read says why, and the others are read") {
    source_fixture b;
    const auto broken = b.rows.order_in("open");
    const auto whole = b.rows.order_in("open");
    b.force("alter domain price_usd drop constraint price_usd_check");
    b.force("update price_order set trigger_price_usd = 'NaN' where id = '" + broken.id + "'");
    const auto orders = b.store.open({}, 10);
    REQUIRE_MESSAGE(orders.ok(), orders.error().message);
    REQUIRE(orders->size() == 2);
    for (const auto& order : *orders)
      CHECK(order.unreadable.empty() == (order.id.to_string() == whole.id));
  }

  TEST_CASE("an open order is read with its exact terms") {
    source_fixture b;
    const auto order = b.rows.order_in("open");
    b.force(
        "update price_order set trigger_price_usd = 0.000000000000000001, expires_at = '2030-01-02T03:04:05.678Z' "
        "where id = '" +
        order.id + "'");
    const auto orders = b.store.open({}, 10);
    REQUIRE_MESSAGE(orders.ok(), orders.error().message);
    REQUIRE(orders->size() == 1);
    const auto& read = orders->front();
    CHECK(read.id.to_string() == order.id);
    CHECK(read.trigger_mint == landfall::tests::sol_mint);
    CHECK(read.condition == domain::trigger_condition::above);
    CHECK(read.trigger_price_usd == usd("0.000000000000000001"));
    CHECK(domain::to_iso8601(read.expires_at) == "2030-01-02T03:04:05.678Z");
    CHECK(read.version_us > 1'600'000'000'000'000);
  }

  TEST_CASE("only orders that may be decided on are read") {
    source_fixture b;
    const auto open = b.rows.order_in("open");
    const auto held = b.rows.order_in("open");
    const auto late = b.rows.order_in("open");
    b.rows.order_in("depositing");
    b.rows.order_in("ready_execute");
    b.force("update price_order set held_at = now(), held_reason = 'test' where id = '" + held.id + "'");
    b.force("update price_order set expires_at = now() - interval '1 hour' where id = '" + late.id + "'");
    CHECK(b.ids(*b.store.open({}, 10)) == std::vector{open.id});
    CHECK(b.ids(b.store.changed({}, 10)->orders) == std::vector{open.id});
    const auto expired = b.store.expired(10);
    REQUIRE(expired->size() == 1);
    CHECK(expired->front().id.to_string() == late.id);
    CHECK(expired->front().now >= expired->front().expires_at);
  }

  TEST_CASE("pages by id cover every open order once") {
    source_fixture b;
    std::vector<std::string> all;
    for (int n = 0; n < 7; ++n)
      all.push_back(b.rows.order_in("open").id);
    std::vector<std::string> seen;
    domain::order_id after{};
    for (;;) {
      const auto page = *b.store.open(after, 3);
      for (const auto& order : page)
        seen.push_back(order.id.to_string());
      if (page.size() < 3)
        break;
      after = page.back().id;
    }
    CHECK(seen == sorted(all));
  }

  TEST_CASE("pages by change cover every order once, also those written in one transaction") {
    source_fixture b;
    std::vector<std::string> all;
    for (int n = 0; n < 7; ++n)
      all.push_back(b.rows.order_in("open").id);
    b.force("update price_order set updated_at = '2026-06-01T12:00:00.123456Z'");
    std::vector<std::string> seen;
    change_cursor from;
    for (int page = 0; page < 10; ++page) {
      const auto changed = *b.store.changed(from, 3);
      for (const auto& order : changed.orders)
        seen.push_back(order.id.to_string());
      from = changed.next;
    }
    CHECK(seen == sorted(all));
  }

  TEST_CASE("a later reading finds what changed since and begins earlier by the overlap") {
    source_fixture b;
    const auto first = b.rows.order_in("open");
    auto from = b.store.changed({}, 10)->next;
    CHECK(b.store.changed(from, 10)->orders.empty());
    const auto second = b.rows.order_in("open");
    CHECK(b.ids(b.store.changed(from, 10)->orders) == std::vector{second.id});
    from = b.store.changed(from, 10)->next;
    from.overlap = 60s;
    CHECK(b.ids(b.store.changed(from, 10)->orders) == sorted({first.id, second.id}));
  }

  TEST_CASE("a change of terms is read as a newer version") {
    source_fixture b;
    const auto order = b.rows.order_in("open");
    const auto before = b.store.changed({}, 10);
    {
      pqxx::work work{b.rows.as("api")};
      work.exec_params("update price_order set trigger_price_usd = 300 where id = $1", order.id);
      work.commit();
    }
    const auto after = b.store.changed(before->next, 10);
    REQUIRE(after->orders.size() == 1);
    CHECK(after->orders.front().version_us > before->orders.front().version_us);
    CHECK(after->orders.front().trigger_price_usd == usd("300"));
  }

  TEST_CASE("a database that lacks a migration is told apart from one that is current") {
    source_fixture b;
    const auto name = b.database.name() + "_migrated";
    const auto run_as_admin = [&](const std::string& sql, const std::string& dbname) {
      pqxx::connection connection{b.database.conninfo("") + " dbname=" + dbname};
      pqxx::nontransaction work{connection};
      work.exec(sql);
    };
    run_as_admin("create database " + name, b.database.name());
    {
      const auto migrated =
          postgres::migrate({b.database.conninfo("") + " dbname=" + name, "test"}, [](const std::string&) {});
      REQUIRE_MESSAGE(migrated.ok(), migrated.error().message);
      open_order_store store{{b.database.conninfo("landfall_trigger") + " dbname=" + name, "test"}};
      CHECK(*store.migrations_current());
      run_as_admin("delete from schema_migration where name = (select max(name) from schema_migration)", name);
      CHECK_FALSE(*store.migrations_current());
    }
    run_as_admin("drop database " + name, b.database.name());
  }
}
