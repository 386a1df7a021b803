// The verifier and the sums over all orders of a token: what halts signing.

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "tests/executor-service/verify/verifier_fixture.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verifier sums") {
  TEST_CASE("a sum that lacks something in three passes halts signing until an operator releases it") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    const auto executing = f.order_in("executing");
    const auto v = f.make();
    REQUIRE(v->check_orders());
    f.everywhere([&](fake_node& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input - 7); });
    const auto halted = [&] {
      return f.rows.value("select count(*) from signing_halt where released_at is null and $1 = ''", "") == "1";
    };
    for (int i = 0; i < 3; ++i) {
      CHECK_FALSE(halted());
      f.next_slot();
      REQUIRE(v->check_sums());
    }
    REQUIRE(halted());
    CHECK(f.rows.value("select shortfall || ' ' || side from signing_halt where mint = $1", std::string{sol_mint}) ==
          "7 input");
    CHECK_THROWS_AS((void)f.rows.store_attempt(executing, "swap"), pqxx::sql_error);

    REQUIRE(sqlstate_of(f.rows.as("operator"), "update signing_halt set released_at = now(), released_by = 'ann'") ==
            "");
    f.next_slot();
    REQUIRE(v->check_sums());
    CHECK_FALSE(halted());
    f.everywhere([&](fake_node& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input - 8); });
    f.next_slot();
    REQUIRE(v->check_sums());
    CHECK(halted());

    f.everywhere([&](fake_node& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input); });
    f.next_slot();
    REQUIRE(v->check_sums());
    CHECK(f.open("sum_short") == "0");
    // The halt stands: only an operator releases it.
    CHECK(halted());
  }

  TEST_CASE("two short passes with a good one between do not halt, nor do endpoints that disagree") {
    verifier_fixture f;
    const auto o = f.order_in("open");
    const auto v = f.make();
    REQUIRE(v->check_orders());
    const auto pass_with = [&](std::uint64_t at_first, std::uint64_t at_second) {
      f.chains[0]->holds(o.deposit.order_account, sol_mint, o.deposit.vault, at_first);
      f.chains[1]->holds(o.deposit.order_account, sol_mint, o.deposit.vault, at_second);
      f.next_slot();
      REQUIRE(v->check_sums());
    };
    for (int i = 0; i < 3; ++i) {
      pass_with(1, 1);
      pass_with(1, 1);
      pass_with(input, input);
    }
    for (int i = 0; i < 5; ++i)
      pass_with(1, input);
    CHECK(f.rows.value("select count(*) from signing_halt where $1 = ''", "") == "0");
  }

  TEST_CASE("the dust of strangers moves no sum, and what is missing elsewhere is not covered by it") {
    verifier_fixture f;
    const auto rich = f.order_in("open");
    const auto poor = f.order_in("open");
    const auto v = f.make();
    REQUIRE(v->check_orders());
    f.everywhere([&](fake_node& c) { c.holds(rich.deposit.order_account, sol_mint, rich.deposit.vault, 9 * input); });
    f.next_slot();
    REQUIRE(v->check_sums());
    CHECK(f.open("sum_short") == "0");
    f.everywhere([&](fake_node& c) { c.closes(poor.deposit.order_account); });
    f.next_slot();
    REQUIRE(v->check_sums());
    CHECK(f.open("sum_short") == "1");
  }
}
