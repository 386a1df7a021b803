#include "executor-service/api/deposit/actor_chain.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "executor-service/chain/chain_actor.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_rpc.hpp"

namespace landfall::executor::api {
namespace {

using landfall::tests::fake_rpc;
using landfall::tests::rpc_failure;
using landfall::tests::signature;

const auto down = rpc_failure(rpc_error::kind::unreachable);

/// Two endpoints behind the chain actor. A silent one is waited for 20 ms.
struct gateway_fixture : landfall::tests::actor_fixture {
  std::shared_ptr<fake_rpc> first = std::make_shared<fake_rpc>("rpc0");
  std::shared_ptr<fake_rpc> second = std::make_shared<fake_rpc>("rpc1");
  chain_actor actor = spawn_chain(system, settings(), {first, second}, *clock);
  std::unique_ptr<chain_gateway> gateway = make_actor_chain(system, actor);

  ~gateway_fixture() {
    gateway.reset();
    kill(std::exchange(actor, nullptr));
    for (const auto& endpoint : {first, second})
      endpoint->held.clear();
  }

  chain_result<latest_blockhash_view> latest_blockhash() {
    return answer_to<latest_blockhash_view>([&](auto done) { gateway->latest_blockhash(done); });
  }
  chain_result<std::uint64_t> token_account_rent() {
    return answer_to<std::uint64_t>([&](auto done) { gateway->token_account_rent(done); });
  }
  chain_result<std::optional<account_info>> account(std::uint64_t min_slot) {
    return answer_to<std::optional<account_info>>([&](auto done) { gateway->account({}, min_slot, done); });
  }
  chain_result<std::vector<std::optional<deposit_status>>> statuses(const std::vector<solana::signature>& ids,
                                                                    bool search_history = false) {
    return answer_to<std::vector<std::optional<deposit_status>>>(
        [&](auto done) { gateway->statuses(ids, search_history, done); });
  }

private:
  template <class T, class Ask>
  chain_result<T> answer_to(Ask ask) {
    std::optional<chain_result<T>> answer;
    ask(chain_done<T>{[&answer](chain_result<T> result) { answer = std::move(result); }});
    advance_in_steps(std::chrono::milliseconds{60}, std::chrono::milliseconds{20});
    REQUIRE(answer);
    return *answer;
  }

  static chain_config settings() {
    chain_config c;
    c.hedge_min_ms = 5;
    c.hedge_max_ms = 20;
    // Everything is asked for anew.
    c.blockhash_max_age_ms = 1;
    c.rent_max_age_ms = 0;
    return c;
  }
};

TEST_SUITE("chain") {
  TEST_CASE_FIXTURE(gateway_fixture, "reads go on to the next endpoint, and fail only when all do") {
    first->fails = down;
    CHECK(latest_blockhash()->last_valid_block_height == 1'180);
    CHECK(latest_blockhash()->context_slot == 1'230);
    CHECK(*token_account_rent() == 2'039'280);
    CHECK(account(1'230).ok());
    CHECK_FALSE(account(1'231).ok());
    CHECK(statuses({signature(1)}).ok());
  }

  TEST_CASE_FIXTURE(gateway_fixture, "reads fail when every endpoint does") {
    first->fails = down;
    second->fails = down;
    CHECK_FALSE(latest_blockhash().ok());
    CHECK_FALSE(token_account_rent().ok());
    CHECK_FALSE(account(1'230).ok());
    CHECK_FALSE(statuses({signature(1)}).ok());
  }

  TEST_CASE_FIXTURE(gateway_fixture, "whoever says nothing at all is not waited for") {
    for (const auto& silent : {first, second}) {
      CAPTURE(silent->name());
      const auto& other = silent == first ? second : first;
      silent->hold = true;
      other->known[signature(1)] = {50, commitment::confirmed, std::nullopt};
      // Whoever waited for the silent one would have no answer.
      CHECK(latest_blockhash().ok());
      CHECK(token_account_rent().ok());
      CHECK(account(1'230).ok());
      CHECK(statuses({signature(1)})->at(0)->confirmed);
      const auto unknown = statuses({signature(1), signature(2)});
      REQUIRE(unknown.ok());
      CHECK(unknown->at(0).has_value());
      CHECK_FALSE(unknown->at(1).has_value());
      silent->hold = false;
    }
  }

  TEST_CASE_FIXTURE(gateway_fixture, "a deposit goes to every endpoint, whatever the others say") {
    first->fails = second->fails = down;
    gateway->broadcast({1}, signature(1), false);
    run();
    CHECK(first->sent.size() == 1);
    CHECK(second->sent.size() == 1);
  }

  TEST_CASE_FIXTURE(gateway_fixture, "what one endpoint does not know the next one is asked") {
    first->known[signature(1)] = {50, commitment::confirmed, std::nullopt};
    first->known[signature(2)] = {60, commitment::processed, std::nullopt};
    second->known[signature(2)] = {61, commitment::finalized, "\"AccountInUse\""};
    const auto seen = statuses({signature(1), signature(2), signature(3)});
    REQUIRE(seen.ok());
    CHECK(seen->at(0)->confirmed);
    CHECK(seen->at(0)->slot == 50);
    CHECK(seen->at(1)->confirmed);
    CHECK(seen->at(1)->slot == 61);
    CHECK(seen->at(1)->err == "\"AccountInUse\"");
    CHECK_FALSE(seen->at(2).has_value());
  }

  TEST_CASE_FIXTURE(gateway_fixture, "processed is not confirmed") {
    first->known[signature(1)] = {50, commitment::processed, std::nullopt};
    const auto seen = statuses({signature(1)});
    REQUIRE(seen.ok());
    CHECK_FALSE(seen->at(0)->confirmed);
  }

  TEST_CASE_FIXTURE(gateway_fixture, "an endpoint without history is asked for what it remembers") {
    second->fails = down;
    first->has_history = false;
    first->known[signature(1)] = {50, commitment::confirmed, std::nullopt};
    const auto seen = statuses({signature(1)}, true);
    REQUIRE(seen.ok());
    CHECK(seen->at(0)->confirmed);
  }

  TEST_CASE_FIXTURE(gateway_fixture, "more signatures than one call takes, or none, are refused") {
    CHECK_FALSE(statuses({}).ok());
    CHECK_FALSE(statuses(std::vector(max_statuses_per_call + 1, signature(1))).ok());
  }
}

}  // namespace
}  // namespace landfall::executor::api
