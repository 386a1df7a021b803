// The time that the rules compare with: the database's own, whatever a service does. Only the owner may put another in
// its place, as a test database does.
#include <string>

#include "tests/migrations/rules.hpp"

using namespace landfall::tests;

namespace {

/// A clock that stands where every lease is in force.
std::string clock(const std::string& function) {
  return "create or replace function " + function +
         "() returns timestamptz language sql as $$ select timestamptz '2020-01-01' $$";
}

/// What the owner of the database may do, and a test does: no service's statement is any part of it.
const std::string owner_turns_back = "set local role landfall_owner; " + clock("public.rule_time");

}  // namespace

TEST_SUITE("migrations rule time") {
  TEST_CASE("no service puts another clock in the place of the rules'") {
    const std::string given_away =
        "grant create on schema public to landfall_executor; "
        "alter function rule_time() owner to landfall_executor";
    withstand({
        {"a service replaces the clock", "executing", "executor", clock("rule_time"), "42501", given_away},
        {"a service drops the clock", "executing", "executor", "drop function rule_time()", "42501", given_away},
        {"a service renames the clock", "executing", "executor", "alter function rule_time() rename to past_time",
         "42501", given_away},
        {"a service takes the clock over", "executing", "executor",
         "alter function rule_time() owner to landfall_executor", "42501", given_away},
        {"a service lets the clock be found elsewhere", "executing", "executor",
         "alter function rule_time() set search_path = pg_temp", "42501", given_away},
        {"a service reads the clock as a function of its own", "executing", "executor", "select rule_time()", "42501",
         "grant execute on function rule_time() to landfall_executor"},
    });
    for (const std::string role : {"api", "trigger", "operator", "verifier", "agents"}) {
      INFO(role);
      scratch_database database;
      fixtures rows{database};
      CHECK(sqlstate_of(rows.as(role), clock("rule_time")) == "42501");
      CHECK(sqlstate_of(rows.as(role), clock("public.clock_timestamp")) == "42501");
      CHECK(sqlstate_of(rows.as(role), "drop function rule_time()") == "42501");
    }
  }

  TEST_CASE("no setting and no name of a service's own turns the rules' clock back") {
    const std::string late = executor_move("execute_failed");
    const std::string own =
        clock("pg_temp.rule_time") + "; " + clock("pg_temp.clock_timestamp") + "; " + clock("pg_temp.now");
    withstand({
        {"a clock in the temporary schema", "executing", "executor", own + "; " + late, "LF003", owner_turns_back,
         lease_expired},
        {"a search path that finds it first", "executing", "executor",
         own + "; set local search_path = pg_temp, public, pg_catalog; " + late, "LF003", owner_turns_back,
         lease_expired},
        {"a time zone far away", "executing", "executor", "set local timezone = '+14'; " + late, "LF003",
         owner_turns_back, lease_expired},
        {"a transaction that began while the lease ran", "executing", "executor",
         "update price_order set lease_until = clock_timestamp() + interval '50 milliseconds', write_epoch = "
         "lease_epoch "
         "where id = :id; do $$ begin while clock_timestamp() <= (select max(lease_until) from price_order) loop end "
         "loop; "
         "end $$; " +
             late,
         "LF003", edit_function("rule_time", "clock_timestamp()", "now()")},
    });
  }

  TEST_CASE("no rule reads another clock") {
    scratch_database database;
    fixtures rows{database};
    CHECK(rows.value("select string_agg(proname, ' ') from pg_proc where pronamespace = 'public'::regnamespace and "
                     "position($1 in prosrc) > 0",
                     "clock_timestamp") == "rule_time");
  }
}
