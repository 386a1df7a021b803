#include <doctest/doctest.h>

#include "tests/support/fixtures.hpp"

using namespace landfall::tests;

TEST_CASE("an order whose deposit was undone for good expires without a refund, and no other does") {
  scratch_database database;
  fixtures rows{database};

  const auto arrived = rows.order_in("ready_expire");
  CHECK_THROWS_AS(rows.move(arrived, "expired", "executor", {"deposit_came_to_nothing", {}, {}}), pqxx::sql_error);
  CHECK(rows.state(arrived) == "ready_expire");

  // Opened on a confirmation; then the fork that held the deposit died.
  const auto undone = rows.order_in("depositing");
  rows.lease(undone);
  const auto deposit = rows.last_attempt(undone, "deposit");
  rows.confirm(undone, deposit);
  rows.move(undone, "open", "executor", {"deposit_confirmed", deposit, {}});
  rows.unconfirm(undone, deposit);
  rows.resolve(undone, deposit, "dead");
  rows.advance(undone, "ready_expire", "executor");
  rows.move(undone, "expired", "executor", {"deposit_came_to_nothing", {}, {}});
  CHECK(rows.state(undone) == "expired");
}
