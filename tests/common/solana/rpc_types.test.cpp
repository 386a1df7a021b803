#include "common/solana/rpc_types.hpp"

#include <doctest/doctest.h>

#include "tests/support/keys.hpp"

using namespace landfall::solana;
using landfall::tests::key;

TEST_CASE("what a transaction did to a token account is after minus before") {
  transaction_view t;
  t.pre_token_balances = {{key(1), key(9), {}, 100}, {key(2), key(9), {}, 7}};
  t.post_token_balances = {{key(1), key(9), {}, 30}, {key(3), key(8), {}, 5}};
  REQUIRE(t.token_delta(key(1)));
  CHECK(t.token_delta(key(1))->mint == key(9));
  CHECK((t.token_delta(key(1))->delta() == -70));
  CHECK((t.token_delta(key(2))->delta() == -7));
  CHECK((t.token_delta(key(3))->delta() == 5));
  CHECK_FALSE(t.token_delta(key(4)));
}

TEST_CASE("an account that changed its mint shows no change that could be trusted") {
  transaction_view t;
  t.pre_token_balances = {{key(1), key(9), {}, 100}};
  t.post_token_balances = {{key(1), key(8), {}, 100}};
  CHECK_FALSE(t.token_delta(key(1)));
}

TEST_CASE("commitments have the names of the JSON-RPC and the order of their strength") {
  CHECK(to_string(commitment::processed) == "processed");
  CHECK(to_string(commitment::confirmed) == "confirmed");
  CHECK(to_string(commitment::finalized) == "finalized");
  CHECK(commitment::processed < commitment::confirmed);
  CHECK(commitment::confirmed < commitment::finalized);
}
