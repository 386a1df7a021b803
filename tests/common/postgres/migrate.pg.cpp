#include "common/postgres/migrate.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <tuple>

#include "common/domain/order_state.hpp"
#include "tests/support/scratch_database.hpp"

using namespace landfall;
using namespace landfall::postgres;

namespace {

/// An empty database of its own, not migrated.
struct empty_database {
  empty_database() : name("landfall_migrate_" + std::to_string(::getpid()) + "_" + std::to_string(++count())) {
    pqxx::connection admin{admin_conninfo()};
    pqxx::nontransaction{admin}.exec("create database " + name);
  }
  ~empty_database() {
    pqxx::connection admin{admin_conninfo()};
    pqxx::nontransaction{admin}.exec("drop database " + name + " with (force)");
  }
  empty_database(const empty_database&) = delete;
  empty_database& operator=(const empty_database&) = delete;

  static int& count() {
    static int n = 0;
    return n;
  }
  static std::string admin_conninfo() {
    const char* value = std::getenv("LANDFALL_TEST_POSTGRES");
    REQUIRE_MESSAGE(value != nullptr, "LANDFALL_TEST_POSTGRES is not set");
    return value;
  }
  [[nodiscard]] database::options options() const {
    database::options opts;
    opts.conninfo = admin_conninfo() + " dbname=" + name;
    opts.application_name = "migrate.pg";
    return opts;
  }

  std::string name;
};

const auto quiet = [](const std::string&) {};

}  // namespace

TEST_CASE("migrating applies everything once, in order, and then nothing") {
  empty_database empty;
  std::vector<std::string> names;
  const auto first = migrate(empty.options(), [&](const std::string& name) { names.push_back(name); });
  REQUIRE_MESSAGE(first.ok(), (first.ok() ? std::string{} : first.error().message));
  CHECK(*first == static_cast<int>(names.size()));
  CHECK(std::is_sorted(names.begin(), names.end()));
  const auto second = migrate(empty.options(), quiet);
  REQUIRE(second.ok());
  CHECK(*second == 0);
  database db{empty.options()};
  CHECK(migrations_current(db).value());
}

TEST_CASE("many migrators at once apply each migration once") {
  empty_database empty;
  std::vector<std::jthread> threads;
  std::array<int, 4> applied{};
  std::array<std::string, 4> errors;
  for (std::size_t i = 0; i < applied.size(); ++i)
    threads.emplace_back([&, i] {
      const auto count = migrate(empty.options(), quiet);
      if (count.ok())
        applied[i] = *count;
      else
        errors[i] = count.error().message;
    });
  threads.clear();
  for (const auto& error : errors)
    CHECK(error == "");
  database db{empty.options()};
  CHECK(migrations_current(db).value());
  CHECK(applied[0] + applied[1] + applied[2] + applied[3] == static_cast<int>(migrations(empty.options())->size()));
}

TEST_CASE("a migration that was changed after it was applied is refused") {
  empty_database empty;
  REQUIRE(migrate(empty.options(), quiet).ok());
  {
    pqxx::connection admin{empty.options().conninfo};
    pqxx::work work{admin};
    work.exec("update schema_migration set sha256 = repeat('0', 64) where name like '0001%'");
    work.commit();
  }
  const auto refused = migrate(empty.options(), quiet);
  REQUIRE(!refused.ok());
  CHECK(refused.error().message.find("0001_states was changed") != std::string::npos);
  database db{empty.options()};
  CHECK(!migrations_current(db).value());
}

TEST_CASE("a database from the future is refused") {
  empty_database empty;
  REQUIRE(migrate(empty.options(), quiet).ok());
  {
    pqxx::connection admin{empty.options().conninfo};
    pqxx::work work{admin};
    work.exec("insert into schema_migration (name, sha256) values ('9999_future', 'x')");
    work.commit();
  }
  CHECK(!migrate(empty.options(), quiet).ok());
}

TEST_CASE("the compiled states and moves are those of the migrated database, as sets") {
  tests::scratch_database scratch;
  auto admin = scratch.connect_as_admin();
  pqxx::nontransaction work{*admin};
  std::set<std::tuple<std::string, std::string, std::string>> stored;
  for (const auto& row : work.exec("select from_state, to_state, role from allowed_transition"))
    stored.emplace(row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>());
  std::set<std::tuple<std::string, std::string, std::string>> compiled;
  for (const auto& move : domain::allowed_transitions)
    compiled.emplace(move.from ? std::string{to_string(*move.from)} : "(new)", std::string{to_string(move.to)},
                     std::string{to_string(move.by)});
  CHECK(stored == compiled);

  std::set<std::tuple<std::string, std::string, bool>> stored_states;
  for (const auto& row : work.exec("select name, shown_as, is_final from order_state"))
    stored_states.emplace(row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<bool>());
  std::set<std::tuple<std::string, std::string, bool>> compiled_states;
  for (const auto& row : domain::order_states)
    compiled_states.emplace(std::string{row.name}, std::string{row.shown_as}, row.is_final);
  CHECK(stored_states == compiled_states);
}
