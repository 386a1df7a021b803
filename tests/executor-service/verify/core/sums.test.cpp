// Sums over all orders of a token.
#include "executor-service/verify/core/sums.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/executor-service/verify/core/checked_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

namespace {

booked_account booked(std::uint8_t n, std::int64_t amount, side of = side::input) {
  booked_account a;
  a.account = key(n);
  a.mint = of == side::input ? input_mint : output_mint;
  a.program = program;
  a.vault = vault;
  a.of = of;
  a.booked = amount;
  a.last_slot = landed_slot;
  return a;
}

}  // namespace

TEST_SUITE("verify sums") {
  const auto reading = [](std::uint64_t amount, std::uint64_t slot = seen_slot) {
    return account_reading{slot, holding(input_mint, amount)};
  };

  TEST_CASE("a sum adds up when each account holds what is left in it") {
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 200)};
    const auto rows = add_up(accounts, std::vector{reading(100), reading(200)});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].booked == 300);
    CHECK(rows[0].observed == 300);
    CHECK(rows[0].shortfall == 0);
    CHECK(check_of(rows[0], "rpc0", 0).is == check_result::right);
  }

  TEST_CASE("what strangers send to one account does not cover what is missing in another") {
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 200)};
    const auto rows = add_up(accounts, std::vector{reading(150), reading(170)});
    CHECK(rows[0].observed == 320);
    CHECK(rows[0].shortfall == 30);
    CHECK(rows[0].accounts_short == 1);
    const auto c = check_of(rows[0], "rpc0", 29);
    CHECK(c.is == check_result::found);
    CHECK(c.subject == input_mint.to_string() + ":input");
    CHECK(check_of(rows[0], "rpc0", 30).is == check_result::right);
  }

  TEST_CASE("accounts in flight, or read before their last movement, are left out") {
    auto flying = booked(1, 100);
    flying.in_flight = true;
    const std::vector<booked_account> accounts{flying, booked(2, 200)};
    const auto rows = add_up(accounts, std::vector{reading(0), reading(0, landed_slot - 1)});
    CHECK(rows[0].left_out == 2);
    CHECK(rows[0].shortfall == 0);
    CHECK(check_of(rows[0], "rpc0", 0).is == check_result::unknown);
  }

  TEST_CASE("a missing account and one of another owner hold nothing of ours") {
    auto foreign = reading(100);
    foreign.account->owner = key(50);
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 100)};
    const auto rows = add_up(accounts, std::vector{foreign, account_reading{seen_slot, std::nullopt}});
    CHECK(rows[0].shortfall == 200);
  }

  TEST_CASE("tokens and sides are told apart") {
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 50, side::output)};
    const auto rows = add_up(accounts, std::vector{reading(99), account_reading{seen_slot, holding(output_mint, 50)}});
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].shortfall + rows[1].shortfall == 1);
  }

  TEST_CASE("numbers of any size are written out") {
    CHECK(to_text(0) == "0");
    CHECK(to_text(-5) == "-5");
    CHECK(to_text(static_cast<domain::int128>(18'446'744'073'709'551'615U) * 10) == "184467440737095516150");
  }
}
