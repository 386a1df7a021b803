// Questions that any endpoint may answer.
#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE_FIXTURE(chain_fixture, "one fetched blockhash serves many, until it is old") {
  start();
  const auto get = [&] { return ask<chain::fresh_blockhash>(chain::blockhash_request{}); };
  const auto first = get();
  REQUIRE(first);
  CHECK(first->blocks_left == 150);
  CHECK(first->context_slot == 1'230);
  CHECK(get());
  CHECK(a->calls["blockhash"] + b->calls["blockhash"] == 1);
  clock->advance(milliseconds{config.blockhash_max_age_ms});
  CHECK(get());
  CHECK(a->calls["blockhash"] + b->calls["blockhash"] == 2);
  clock->advance(milliseconds{-5'000});
  CHECK(get());
  CHECK(a->calls["blockhash"] + b->calls["blockhash"] == 3);
}

TEST_CASE_FIXTURE(chain_fixture, "a blockhash with little life left, or too much, is not used") {
  start();
  SUBCASE("cached by the provider") {
    a->last_valid = a->confirmed.block_height + 99;
  }
  SUBCASE("already over") {
    a->last_valid = a->confirmed.block_height - 1;
  }
  SUBCASE("too good to be true") {
    a->last_valid = a->confirmed.block_height + 301;
  }
  SUBCASE("from an endpoint that fails") {
    a->fails = rpc_failure(rpc_error::kind::server);
  }
  const auto hash = ask<chain::fresh_blockhash>(chain::blockhash_request{});
  REQUIRE(hash);
  CHECK(hash->endpoint == "b");
  b->last_valid = 0;
  clock->advance(milliseconds{60'000});
  caf::error why;
  CHECK_FALSE(ask<chain::fresh_blockhash>(chain::blockhash_request{}, &why));
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(chain_fixture, "accounts come from an endpoint that is recent enough") {
  start();
  b->confirmed.absolute_slot = 2'000;
  chain::accounts_request request{{solana::pubkey{}}, commitment::confirmed, 1'500};
  const auto read = ask<chain::accounts_read>(request);
  REQUIRE(read);
  CHECK(read->endpoint == "b");
  CHECK(read->view.context_slot == 2'000);
  request.min_context_slot = 2'001;
  caf::error why;
  CHECK_FALSE(ask<chain::accounts_read>(request, &why));
  CHECK(is_unavailable(why));
  request.keys.resize(101);
  CHECK_FALSE(ask<chain::accounts_read>(request, &why));
  CHECK(is_refused(why));
}

TEST_CASE_FIXTURE(chain_fixture, "a simulation comes from an endpoint that is recent enough") {
  start();
  b->confirmed.absolute_slot = 2'000;
  chain::simulate_request request;
  request.options.min_context_slot = 1'500;
  CHECK(ask<chain::simulated>(request)->endpoint == "b");
}

TEST_CASE_FIXTURE(chain_fixture, "a question is refused only if every endpoint refuses it") {
  start();
  caf::error why;
  const auto simulate = [&] { return ask<chain::simulated>(chain::simulate_request{}, &why); };
  CHECK(simulate());
  a->fails = rpc_failure(rpc_error::kind::rpc, -32602);
  CHECK(simulate()->endpoint == "b");
  b->fails = rpc_failure(rpc_error::kind::timeout);
  CHECK_FALSE(simulate());
  CHECK(is_unavailable(why));
  b->fails = rpc_failure(rpc_error::kind::rpc, -32602);
  CHECK_FALSE(simulate());
  CHECK(is_refused(why));
}

TEST_CASE_FIXTURE(chain_fixture, "a transaction is missing only if every endpoint says so") {
  start();
  const auto find = [&] { return ask<chain::transaction_found>(chain::transaction_request{signature(1)}); };
  REQUIRE(find());
  CHECK_FALSE(find()->view);
  a->fails = rpc_failure(rpc_error::kind::timeout);
  CHECK_FALSE(find());
  b->landed[signature(1)] = transaction_view{};
  REQUIRE(find());
  CHECK(find()->endpoint == "b");
  CHECK(find()->view);
}

TEST_CASE_FIXTURE(chain_fixture, "a priority fee stays between floor and cap") {
  start();
  const auto fee = [&] { return *ask<chain::fee_estimate>(chain::fee_request{}); };
  CHECK(fee().micro_lamports_per_unit == config.fee_floor_micro_lamports);
  CHECK(fee().measured);
  for (std::uint64_t i = 0; i <= 100; ++i)
    a->fees.push_back({i, i * 1'000});
  b->fees = a->fees;
  CHECK(fee().micro_lamports_per_unit == 75'000);
  for (auto& sample : a->fees)
    sample.micro_lamports_per_unit = UINT64_MAX;
  b->fees = a->fees;
  CHECK(fee().micro_lamports_per_unit == config.fee_cap_micro_lamports);
  a->fails = b->fails = rpc_failure(rpc_error::kind::rpc, -32601);
  CHECK(fee().micro_lamports_per_unit == config.fee_floor_micro_lamports);
  CHECK_FALSE(fee().measured);
}

TEST_CASE_FIXTURE(chain_fixture, "rent is asked for once in a while") {
  start();
  const auto rent = [&] { return ask<chain::rent>(chain::rent_request{165})->lamports; };
  CHECK(rent() == 2'039'280);
  CHECK(rent() == 2'039'280);
  CHECK(a->calls["rent"] + b->calls["rent"] == 1);
  clock->advance(milliseconds{config.rent_max_age_ms});
  CHECK(rent() == 2'039'280);
  CHECK(a->calls["rent"] + b->calls["rent"] == 2);
}

}  // namespace landfall::executor
