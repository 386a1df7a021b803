// What a line or a server in trouble does to a call: each ends within a bound, and says what may have happened.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <latch>
#include <thread>

#include "common/postgres/database.hpp"
#include "tests/common/postgres/line.hpp"
#include "tests/support/scratch_database.hpp"

using namespace landfall::postgres;
using landfall::postgres::test::line;
using landfall::tests::scratch_database;

namespace {

constexpr std::string_view one = "select 1";
constexpr std::string_view make_table = "create table scratch (n int primary key, times int not null default 0)";
constexpr std::string_view insert_row = "insert into scratch values ($1)";
constexpr std::string_view touch_row = "update scratch set times = times + 1 where n = $1";
constexpr std::string_view sum_times = "select sum(times) from scratch";
constexpr std::string_view rows_of = "select count(*) from scratch where n = $1";
constexpr std::string_view serializable = "set transaction isolation level serializable";
constexpr std::string_view sleep_long = "select pg_sleep(3600)";

database::options owner_of(const scratch_database& scratch) {
  database::options opts;
  opts.conninfo = scratch.conninfo("landfall_owner");
  opts.application_name = "database_trouble.pg";
  return opts;
}

/// A table of ours, a line to it, and a connection over that line that has been used.
struct trouble_fixture {
  scratch_database scratch;
  line wire{scratch.conninfo("landfall_owner")};
  database direct{owner_of(scratch)};
  database over_line{through_line()};

  trouble_fixture() {
    REQUIRE(direct.transact([](transaction& t) { return t.run(make_table).size(); }).ok());
    REQUIRE(over_line.transact([](transaction& t) { return t.run(one).size(); }).ok());
  }
  database::options through_line() {
    auto opts = owner_of(scratch);
    opts.conninfo = wire.through(opts.conninfo);
    opts.connect_timeout_s = 2;
    opts.statement_timeout_ms = 500;
    return opts;
  }
  int rows(int n) {
    return direct.transact([n](transaction& t) { return t.run(rows_of, n)[0][0].as<int>(); }).value();
  }
  void swallow(bool requests, bool replies) {
    wire.swallow_requests = requests;
    wire.swallow_replies = replies;
  }
};

}  // namespace

TEST_CASE("a line that swallows what is asked, or the answer, ends the call as unavailable; the next has a new line") {
  for (const bool requests : {true, false}) {
    CAPTURE(requests);
    trouble_fixture b;
    b.swallow(requests, !requests);
    const auto hung = b.over_line.transact([](transaction& t) { return t.run(one).size(); });
    REQUIRE(!hung.ok());
    CHECK(hung.error().kind == error_kind::unavailable);
    CHECK(hung.error().message.starts_with("no reply within 2500 ms"));
    const auto unconnected = b.over_line.transact([](transaction& t) { return t.run(one).size(); });
    REQUIRE(!unconnected.ok());
    CHECK(unconnected.error().kind == error_kind::unavailable);
    b.swallow(false, false);
    CHECK(b.over_line.transact([](transaction& t) { return t.run(one).size(); }).ok());
  }
}

TEST_CASE("a line that dies silently within a transaction undoes it") {
  trouble_fixture b;
  const auto hung = b.over_line.transact([&](transaction& t) {
    t.run(insert_row, 1);
    b.swallow(true, true);
    return t.run(insert_row, 2).size();
  });
  REQUIRE(!hung.ok());
  CHECK(hung.error().kind == error_kind::unavailable);
  CHECK(b.rows(1) == 0);
}

TEST_CASE("a line that swallows COMMIT or its answer leaves the call in doubt, in bounded time") {
  for (const bool requests : {true, false}) {
    CAPTURE(requests);
    trouble_fixture b;
    const auto hung = b.over_line.transact([&](transaction& t) {
      t.run(insert_row, 1);
      b.swallow(requests, !requests);
      return 0;
    });
    REQUIRE(!hung.ok());
    CHECK(hung.error().kind == error_kind::in_doubt);
    CHECK(hung.error().message.starts_with("no reply within"));
    CHECK(b.rows(1) == (requests ? 0 : 1));
  }
}

TEST_CASE("what the database refused is undone over a line that has died since, in bounded time") {
  trouble_fixture b;
  REQUIRE(b.over_line.transact([](transaction& t) { return t.run(insert_row, 1).size(); }).ok());
  const auto refused = b.over_line.transact([&](transaction& t) {
    try {
      return t.run(insert_row, 1).size();
    } catch (const pqxx::sql_error&) {
      b.swallow(true, true);
      throw;
    }
  });
  REQUIRE(!refused.ok());
  b.swallow(false, false);
  CHECK(b.over_line.transact([](transaction& t) { return t.run(one).size(); }).ok());
}

TEST_CASE("a listener on a line that has died silently says so, and hears again on the next") {
  trouble_fixture b;
  listener listening{b.through_line(), "landfall_order"};
  REQUIRE(listening.wait(std::chrono::milliseconds{0}).ok());
  b.swallow(false, true);
  database_result<std::vector<std::string>> notified = std::vector<std::string>{};
  while (notified.ok())
    notified = listening.wait(std::chrono::milliseconds{100});
  CHECK(notified.error().kind == error_kind::unavailable);
  b.swallow(false, false);
  REQUIRE(listening.wait(std::chrono::milliseconds{0}).ok());
  auto admin = b.scratch.connect_as_admin();
  pqxx::nontransaction{*admin}.exec("notify landfall_order, 'open'");
  auto again = listening.wait(std::chrono::seconds{60});
  REQUIRE(again.ok());
  CHECK(*again == std::vector<std::string>{"open"});
}

TEST_CASE("a statement that the server ends in time keeps the connection") {
  trouble_fixture b;
  const auto late = b.over_line.transact([](transaction& t) { return t.run(sleep_long).size(); });
  REQUIRE(!late.ok());
  CHECK(late.error().kind == error_kind::unavailable);
  CHECK(late.error().sqlstate == "57014");
}

TEST_CASE("a deadlock is a conflict: nothing of its victim is committed, and tried again it passes") {
  scratch_database scratch;
  std::array<std::unique_ptr<database>, 2> sessions;
  for (auto& session : sessions)
    session = std::make_unique<database>(owner_of(scratch));
  REQUIRE(sessions[0]->transact([](transaction& t) { return t.run(make_table).size(); }).ok());
  for (const int n : {1, 2})
    REQUIRE(sessions[0]->transact([n](transaction& t) { return t.run(insert_row, n).size(); }).ok());
  // Both hold their first row before either asks for the other's; the victim's second try begins with what the
  // other holds, and waits for it.
  std::latch both_hold{2};
  std::array<int, 2> tries{};
  std::array<std::optional<database_error>, 2> errors;
  {
    std::vector<std::jthread> threads;
    for (int me = 0; me < 2; ++me)
      threads.emplace_back([&, me] {
        const auto done = sessions[me]->transact_retrying(3, [&](transaction& t) {
          const bool first_try = tries[me]++ == 0;
          const int begin_with = first_try == (me == 0) ? 1 : 2;
          t.run(touch_row, begin_with);
          if (first_try)
            both_hold.arrive_and_wait();
          t.run(touch_row, 3 - begin_with);
          return 0;
        });
        if (!done.ok())
          errors[me] = done.error();
      });
  }
  CHECK(!errors[0]);
  CHECK(!errors[1]);
  CHECK(tries[0] + tries[1] == 3);
  CHECK(sessions[0]->transact([](transaction& t) { return t.run(sum_times)[0][0].as<int>(); }).value() == 4);
}

TEST_CASE(
    "a serialization failure is a conflict, whether a statement or COMMIT meets it, and is never retried unasked") {
  scratch_database scratch;
  database first{owner_of(scratch)};
  database second{owner_of(scratch)};
  REQUIRE(first.transact([](transaction& t) { return t.run(make_table).size(); }).ok());
  REQUIRE(first.transact([](transaction& t) { return t.run(insert_row, 1).size(); }).ok());
  int tries = 0;
  const auto lost = first.transact([&](transaction& t) {
    ++tries;
    t.run(serializable);
    t.run(sum_times);
    REQUIRE(second.transact([](transaction& u) { return u.run(touch_row, 1).size(); }).ok());
    return t.run(touch_row, 1).size();
  });
  REQUIRE(!lost.ok());
  CHECK(lost.error().kind == error_kind::conflict);
  CHECK(tries == 1);
  // Write skew: each reads what the other writes; only the second one's COMMIT can tell.
  const auto skewed = first.transact([&](transaction& t) {
    t.run(serializable);
    t.run(sum_times);
    t.run(insert_row, 2);
    REQUIRE(second
                .transact([](transaction& u) {
                  u.run(serializable);
                  u.run(sum_times);
                  return u.run(insert_row, 3).size();
                })
                .ok());
    return 0;
  });
  REQUIRE(!skewed.ok());
  CHECK(skewed.error().kind == error_kind::conflict);
  CHECK(first.transact([](transaction& t) { return t.run(rows_of, 2)[0][0].as<int>(); }).value() == 0);
}
