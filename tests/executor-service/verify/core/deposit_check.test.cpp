// Deposits that no order was made of.
#include "executor-service/verify/core/deposit_check.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <utility>

#include "tests/executor-service/verify/core/checked_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verify deposits") {
  TEST_CASE("a deposit without an order is found where all of it is there, and the vault's") {
    const unclaimed_deposit deposit{domain::deposit_request_id::random(), key(10), vault, input_mint, program,
                                    domain::token_amount{input}};
    const auto holds = [&](std::optional<token_account_facts> account) {
      return check_of(deposit, account_reading{seen_slot, std::move(account)}, "rpc0");
    };
    const auto arrived = holds(holding(input_mint, input));
    CHECK(arrived.is == check_result::found);
    CHECK(arrived.subject == deposit.id.to_string());
    CHECK_FALSE(arrived.order);
    CHECK(arrived.money);
    CHECK(arrived.slot == seen_slot);
    CHECK(holds(std::nullopt).is == check_result::right);
    CHECK(holds(holding(input_mint, input - 1)).is == check_result::right);
    CHECK(holds(holding(output_mint, input)).is == check_result::right);
    auto foreign = holding(input_mint, input);
    foreign->owner = key(99);
    CHECK(holds(foreign).is == check_result::right);
  }
}
