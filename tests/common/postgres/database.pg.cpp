#include "common/postgres/database.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/support/scratch_database.hpp"

using namespace landfall::postgres;
using landfall::tests::scratch_database;

namespace {

constexpr std::string_view one = "select 1";
constexpr std::string_view backend = "select pg_backend_pid()";
constexpr std::string_view bad_syntax = "selekt 1";
constexpr std::string_view insert_bad_move =
    "insert into allowed_transition (from_state, to_state, role) values ('open', 'no such state', 'api')";
constexpr std::string_view make_table = "create table scratch (n int primary key)";
constexpr std::string_view insert_row = "insert into scratch values ($1)";
constexpr std::string_view idle_limit = "show idle_in_transaction_session_timeout";
constexpr std::string_view short_idle_limit = "set local idle_in_transaction_session_timeout = 20";
constexpr std::string_view session_of = "select from pg_stat_activity where pid = $1";
constexpr std::string_view count_rows = "select count(*) from scratch";

database::options options_of(const scratch_database& scratch, const char* role) {
  database::options opts;
  opts.conninfo = scratch.conninfo(role);
  opts.application_name = "database.pg";
  return opts;
}

/// What is waited for at most; far above what it takes.
constexpr std::chrono::seconds patience{60};

/// The superuser's own connection string: the scratch database under the role that owns the tables.
database::options owner_of(const scratch_database& scratch) {
  return options_of(scratch, "landfall_owner");
}

}  // namespace

TEST_CASE("a transaction commits what its body did, once") {
  scratch_database scratch;
  database db{owner_of(scratch)};
  REQUIRE(db.transact([](transaction& t) { return t.run(make_table).size(); }).ok());
  REQUIRE(db.transact([](transaction& t) { return t.run(insert_row, 1).size(); }).ok());
  CHECK(db.transact([](transaction& t) { return t.run(count_rows)[0][0].as<int>(); }).value() == 1);
}

TEST_CASE("a refused part is undone alone, and the rest is committed") {
  scratch_database scratch;
  database db{owner_of(scratch)};
  REQUIRE(db.transact([](transaction& t) { return t.run(make_table).size(); }).ok());
  const auto refusals = db.transact([](transaction& t) {
    std::vector<std::optional<database_error>> list;
    for (const int n : {1, 1, 2})
      list.push_back(t.attempt([n](transaction& part) { part.run(insert_row, n); }));
    return list;
  });
  REQUIRE_MESSAGE(refusals.ok(), (refusals.ok() ? std::string{} : refusals.error().message));
  CHECK(!(*refusals)[0]);
  REQUIRE((*refusals)[1]);
  CHECK((*refusals)[1]->sqlstate == "23505");
  CHECK(!(*refusals)[2]);
  CHECK(db.transact([](transaction& t) { return t.run(count_rows)[0][0].as<int>(); }).value() == 2);
}

TEST_CASE("errors are told apart by what a caller may do about them") {
  scratch_database scratch;
  database db{owner_of(scratch)};
  CHECK(db.transact([](transaction& t) { return t.run(bad_syntax).size(); }).error().kind == error_kind::defect);
  CHECK(db.transact([](transaction& t) { return t.run(insert_bad_move).size(); }).error().kind ==
        error_kind::constraint);
  database api{options_of(scratch, "landfall_api")};
  const auto refused = api.transact([](transaction& t) { return t.run(insert_bad_move).size(); });
  REQUIRE(!refused.ok());
  CHECK(refused.error().kind == error_kind::constraint);
  CHECK(refused.error().sqlstate == "42501");
  auto nowhere = options_of(scratch, "landfall_api");
  nowhere.conninfo = "host=127.0.0.1 port=1 dbname=none";
  database unreachable{nowhere};
  CHECK(unreachable.transact([](transaction& t) { return t.run(one).size(); }).error().kind == error_kind::unavailable);
}

TEST_CASE("a server that goes away in the middle is unavailable, and the next call has a new connection") {
  scratch_database scratch;
  database db{owner_of(scratch)};
  const auto pid = db.transact([](transaction& t) { return t.run(backend)[0][0].as<int>(); });
  REQUIRE(pid.ok());
  auto admin = scratch.connect_as_admin();
  const auto terminate = [&] {
    pqxx::nontransaction work{*admin};
    work.exec_params("select pg_terminate_backend($1)", *pid);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (work.exec_params("select count(*) from pg_stat_activity where pid = $1", *pid)[0][0].as<int>() != 0)
      REQUIRE(std::chrono::steady_clock::now() < deadline);
  };
  const auto broken = db.transact([&](transaction& t) {
    terminate();
    return t.run(one).size();
  });
  REQUIRE(!broken.ok());
  CHECK(broken.error().kind == error_kind::unavailable);
  const auto again = db.transact([](transaction& t) { return t.run(backend)[0][0].as<int>(); });
  REQUIRE(again.ok());
  CHECK(*again != *pid);
}

TEST_CASE("who stops in the middle of a transaction loses it and its locks within seconds, and may try again") {
  scratch_database scratch;
  database db{owner_of(scratch)};
  CHECK(db.transact([](transaction& t) { return t.run(idle_limit)[0][0].as<std::string>(); }).value() == "5s");
  REQUIRE(db.transact([](transaction& t) { return t.run(make_table).size(); }).ok());
  // The same with a shorter time: the server ends the session, and nothing of it stays.
  const auto stopped = db.transact([&](transaction& t) {
    t.run(short_idle_limit);
    t.run(insert_row, 1);
    const auto pid = t.run(backend)[0][0].as<int>();
    database other{owner_of(scratch)};
    while (other.transact([&](transaction& o) { return o.run(session_of, pid).size(); }).value() > 0)
      std::this_thread::yield();
    return t.run(count_rows).size();
  });
  REQUIRE_FALSE(stopped.ok());
  CHECK(stopped.error().kind == error_kind::unavailable);
  CHECK(db.transact([](transaction& t) { return t.run(count_rows)[0][0].as<int>(); }).value() == 0);
}

TEST_CASE("a connection that the server closed while it was idle is replaced within the next call") {
  scratch_database scratch;
  database db{owner_of(scratch)};
  const auto pid = db.transact([](transaction& t) { return t.run(backend)[0][0].as<int>(); });
  REQUIRE(pid.ok());
  auto admin = scratch.connect_as_admin();
  pqxx::nontransaction work{*admin};
  work.exec_params("select pg_terminate_backend($1)", *pid);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (work.exec_params("select count(*) from pg_stat_activity where pid = $1", *pid)[0][0].as<int>() != 0)
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  CHECK(db.transact([](transaction& t) { return t.run(one).size(); }).ok());
}

TEST_CASE("a listener hears what is notified, and says when its connection broke") {
  scratch_database scratch;
  listener listening{options_of(scratch, "landfall_trigger"), "landfall_order"};
  REQUIRE(listening.wait(std::chrono::milliseconds{0}).ok());
  auto admin = scratch.connect_as_admin();
  {
    pqxx::work work{*admin};
    work.exec("notify landfall_order, 'open'");
    work.commit();
  }
  const auto notified = listening.wait(patience);
  REQUIRE(notified.ok());
  CHECK(*notified == std::vector<std::string>{"open"});
  {
    pqxx::work work{*admin};
    work.exec(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'database.pg' "
        "and datname = current_database()");
    work.commit();
  }
  bool broken = false;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!broken && std::chrono::steady_clock::now() < deadline)
    broken = !listening.wait(std::chrono::milliseconds{500}).ok();
  CHECK(broken);
  CHECK(listening.wait(std::chrono::milliseconds{0}).ok());
}

TEST_CASE("array literals keep quotes, backslashes and nulls") {
  scratch_database scratch;
  auto admin = scratch.connect_as_admin();
  pqxx::nontransaction work{*admin};
  const std::vector<std::optional<std::string>> items{"a,b", "\"q\"", "back\\slash", std::nullopt, "", "NULL"};
  const auto rows = work.exec_params("select unnest($1::text[])", array_literal(items));
  REQUIRE(rows.size() == items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto field = rows[static_cast<int>(i)][0];
    CHECK(field.is_null() == !items[i].has_value());
    if (items[i])
      CHECK(field.as<std::string>() == *items[i]);
  }
}
