#include <doctest/doctest.h>

#include <string>

#include "tests/executor-service/order/core/resolution_answers.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE("a certificate reads as PostgreSQL checks it") {
  death_certificate proof{1'000, 2, {denies("rpc-0", 1'002), denies("r\"1\n", 1'003)}, holds(1'234, 5'000)};
  CHECK(proof.to_json() ==
        R"({"rule":"finalized_height","last_valid_block_height":1000,"endpoints_configured":2,"observations":[)"
        R"({"endpoint":"rpc-0","finalized_block_height":1002,"finalized_slot":1202,"status_context_slot":1234,)"
        R"("status":null,"searched_history":true},)"
        R"({"endpoint":"r\"1\n","finalized_block_height":1003,"finalized_slot":1203,"status_context_slot":1235,)"
        R"("status":null,"searched_history":true}],)"
        R"("order_account":{"balance":"5000","slot":1234,"endpoint":"a"}})");
  proof.order_account.balance.reset();
  CHECK(proof.to_json().find(R"("balance":"0")") != std::string::npos);
}

}  // namespace landfall::executor
