#include "executor-service/api/deposit/chain_gateway.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <caf/actor_cast.hpp>

#include "common/runtime/actor_system.hpp"
#include "executor-service/api/deposit/actor_chain.hpp"
#include "executor-service/chain/chain_actor.hpp"
#include "tests/executor-service/api/actor_system_fixture.hpp"

namespace landfall::executor::api {
namespace {

rpc_error down() {
  rpc_error error;
  error.what = rpc_error::kind::unreachable;
  error.message = "down";
  return error;
}

/// An endpoint that knows some signatures, refuses history if told to, says nothing at all, or only that it is down.
class fake_endpoint final : public rpc_api {
public:
  std::atomic<bool> up = true;
  std::atomic<bool> silent = false;
  std::atomic<bool> has_history = true;
  std::atomic<std::size_t> sent = 0;

  explicit fake_endpoint(std::string name) : name_(std::move(name)) {}

  void knows(const solana::signature& id, status_view status) {
    const std::lock_guard lock{mutex_};
    known_[id] = std::move(status);
  }

  [[nodiscard]] const std::string& name() const noexcept override {
    return name_;
  }
  void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) override {
    CHECK(level == commitment::confirmed);
    answer(std::move(done), latest_blockhash_view{7, {}, 157});
  }
  void send_transaction(solana::bytes, send_options, rpc_done<solana::signature> done) override {
    ++sent;
    done(domain::failure{down()});
  }
  void signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                          rpc_done<statuses_view> done) override {
    if (search_history && !has_history) {
      auto refused = down();
      refused.what = rpc_error::kind::rpc;
      refused.code = -32011;
      return done(domain::failure{refused});
    }
    statuses_view view;
    {
      const std::lock_guard lock{mutex_};
      for (const auto& id : signatures) {
        const auto found = known_.find(id);
        view.statuses.push_back(found == known_.end() ? std::nullopt : std::optional{found->second});
      }
    }
    answer(std::move(done), std::move(view));
  }
  void address_signatures(solana::pubkey, std::optional<solana::signature>, std::optional<std::uint64_t>,
                          rpc_done<std::vector<address_signature_view>> done) override {
    done(domain::failure{down()});
  }
  void accounts(std::vector<solana::pubkey>, commitment level, std::optional<std::uint64_t> min_context_slot,
                rpc_done<accounts_view> done) override {
    CHECK(level == commitment::confirmed);
    if (min_context_slot > 100U)
      return done(domain::failure{down()});
    answer(std::move(done), accounts_view{100, {std::nullopt}});
  }
  void minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) override {
    CHECK(space_bytes == 165);
    answer(std::move(done), std::uint64_t{2'039'280});
  }
  void epoch_info(commitment, rpc_done<epoch_view> done) override {
    epoch_view now;
    now.block_height = 7;
    now.absolute_slot = 7;
    answer(std::move(done), now);
  }

  void simulate(solana::bytes, simulate_options, rpc_done<simulation> done) override {
    done(domain::failure{down()});
  }
  void transaction(solana::signature, commitment, rpc_done<std::optional<transaction_view>> done) override {
    done(domain::failure{down()});
  }
  void recent_prioritization_fees(std::vector<solana::pubkey>,
                                  rpc_done<std::vector<priority_fee_sample>> done) override {
    done(domain::failure{down()});
  }
  void is_blockhash_valid(solana::blockhash, commitment, std::optional<std::uint64_t>,
                          rpc_done<blockhash_validity> done) override {
    done(domain::failure{down()});
  }
  void health(rpc_done<domain::done> done) override {
    done(domain::failure{down()});
  }
  void genesis_hash(rpc_done<solana::blockhash> done) override {
    done(domain::failure{down()});
  }

private:
  template <class T>
  void answer(rpc_done<T> done, T value) {
    if (silent) {
      // As an answer that never comes: the question stays open.
      const std::lock_guard lock{mutex_};
      unanswered_.push_back(std::make_shared<rpc_done<T>>(std::move(done)));
      return;
    }
    if (up)
      done(std::move(value));
    else
      done(domain::failure{down()});
  }

  std::string name_;
  std::mutex mutex_;
  std::map<solana::signature, status_view> known_;
  std::vector<std::shared_ptr<void>> unanswered_;
};

solana::signature signature_of(std::uint8_t fill) {
  std::array<std::uint8_t, 64> raw{};
  raw.fill(fill);
  return solana::signature{raw};
}

/// Waits for each answer.
class waiting_chain {
public:
  explicit waiting_chain(chain_gateway& chain) : chain_(chain) {}

  chain_result<latest_blockhash_view> latest_blockhash() {
    return waited<latest_blockhash_view>([&](auto done) { chain_.latest_blockhash(std::move(done)); });
  }
  chain_result<std::uint64_t> token_account_rent() {
    return waited<std::uint64_t>([&](auto done) { chain_.token_account_rent(std::move(done)); });
  }
  chain_result<std::optional<account_info>> account(const solana::pubkey& key, std::optional<std::uint64_t> min_slot) {
    return waited<std::optional<account_info>>([&](auto done) { chain_.account(key, min_slot, std::move(done)); });
  }
  chain_result<std::vector<std::optional<deposit_status>>> statuses(const std::vector<solana::signature>& signatures,
                                                                    bool search_history) {
    return waited<std::vector<std::optional<deposit_status>>>(
        [&](auto done) { chain_.statuses(signatures, search_history, std::move(done)); });
  }
  void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) {
    chain_.broadcast(transaction, id, again);
  }

private:
  template <class T, class Ask>
  chain_result<T> waited(Ask ask) {
    const auto answer = std::make_shared<std::promise<chain_result<T>>>();
    auto future = answer->get_future();
    ask(chain_done<T>{[answer](chain_result<T> result) { answer->set_value(std::move(result)); }});
    return future.get();
  }

  chain_gateway& chain_;
};

/// How long a silent one is waited for. Patient for every test but one: what the other says is meant to arrive first.
enum class hedging { patient, hasty };

template <hedging How>
struct two_endpoints_that_hedge {
  std::shared_ptr<fake_endpoint> first = std::make_shared<fake_endpoint>("rpc0");
  std::shared_ptr<fake_endpoint> second = std::make_shared<fake_endpoint>("rpc1");
  runtime::system_clock_source clock;
  actor_system_fixture actors;
  caf::actor_system& system = actors.system;
  chain_actor actor = spawn_chain(system, settings(), {first, second}, clock);
  std::unique_ptr<chain_gateway> gateway = make_actor_chain(system, actor);
  std::unique_ptr<waiting_chain> chain = std::make_unique<waiting_chain>(*gateway);

  ~two_endpoints_that_hedge() {
    chain.reset();
    gateway.reset();
    runtime::stop_actors(system, {caf::actor_cast<caf::strong_actor_ptr>(std::exchange(actor, nullptr))},
                         std::chrono::minutes{1});
  }

  static chain_config settings() {
    chain_config c;
    c.hedge_min_ms = How == hedging::hasty ? 5 : 60'000;
    c.hedge_max_ms = How == hedging::hasty ? 20 : 60'000;
    // Everything is asked for anew.
    c.blockhash_max_age_ms = 1;
    c.rent_max_age_ms = 0;
    return c;
  }
};

using two_endpoints = two_endpoints_that_hedge<hedging::patient>;
using two_hasty_endpoints = two_endpoints_that_hedge<hedging::hasty>;

TEST_SUITE("chain") {
  TEST_CASE_FIXTURE(two_endpoints, "reads go on to the next endpoint, and fail only when all do") {
    first->up = false;
    CHECK(chain->latest_blockhash()->last_valid_block_height == 157);
    CHECK(*chain->token_account_rent() == 2'039'280);
    CHECK(chain->account({}, 100).ok());
    CHECK_FALSE(chain->account({}, 101).ok());
    CHECK(chain->statuses({signature_of(1)}, false).ok());
  }

  TEST_CASE_FIXTURE(two_endpoints, "reads fail when every endpoint does") {
    first->up = false;
    second->up = false;
    CHECK_FALSE(chain->latest_blockhash().ok());
    CHECK_FALSE(chain->token_account_rent().ok());
    CHECK_FALSE(chain->account({}, 100).ok());
    CHECK_FALSE(chain->statuses({signature_of(1)}, false).ok());
  }

  TEST_CASE_FIXTURE(two_hasty_endpoints, "whoever says nothing at all is not waited for") {
    for (const auto& dumb : {first, second}) {
      CAPTURE(dumb->name());
      const auto& other = dumb == first ? second : first;
      dumb->silent = true;
      other->knows(signature_of(1), {50, commitment::confirmed, std::nullopt});
      // Whoever waited for the silent one would have no answer.
      CHECK(chain->latest_blockhash().ok());
      CHECK(chain->token_account_rent().ok());
      CHECK(chain->account({}, 100).ok());
      CHECK(chain->statuses({signature_of(1)}, false)->at(0)->confirmed);
      const auto unknown = chain->statuses({signature_of(1), signature_of(2)}, false);
      REQUIRE(unknown.ok());
      CHECK(unknown->at(0).has_value());
      CHECK_FALSE(unknown->at(1).has_value());
      dumb->silent = false;
    }
  }

  TEST_CASE_FIXTURE(two_endpoints, "a deposit goes to every endpoint, whatever the others say") {
    chain->broadcast({1}, signature_of(1), false);
    // Messages of one sender are taken in turn.
    CHECK(chain->latest_blockhash().ok());
    CHECK(first->sent == 1);
    CHECK(second->sent == 1);
  }

  TEST_CASE_FIXTURE(two_endpoints, "what one endpoint does not know the next one is asked") {
    first->knows(signature_of(1), {50, commitment::confirmed, std::nullopt});
    first->knows(signature_of(2), {60, commitment::processed, std::nullopt});
    second->knows(signature_of(2), {61, commitment::finalized, "\"AccountInUse\""});
    const auto seen = chain->statuses({signature_of(1), signature_of(2), signature_of(3)}, false);
    REQUIRE(seen.ok());
    CHECK(seen->at(0)->confirmed);
    CHECK(seen->at(0)->slot == 50);
    CHECK(seen->at(1)->confirmed);
    CHECK(seen->at(1)->slot == 61);
    CHECK(seen->at(1)->err == "\"AccountInUse\"");
    CHECK_FALSE(seen->at(2).has_value());
  }

  TEST_CASE_FIXTURE(two_endpoints, "processed is not confirmed") {
    first->knows(signature_of(1), {50, commitment::processed, std::nullopt});
    const auto seen = chain->statuses({signature_of(1)}, false);
    REQUIRE(seen.ok());
    CHECK_FALSE(seen->at(0)->confirmed);
  }

  TEST_CASE_FIXTURE(two_endpoints, "an endpoint without history is asked for what it remembers") {
    second->up = false;
    first->has_history = false;
    first->knows(signature_of(1), {50, commitment::confirmed, std::nullopt});
    const auto seen = chain->statuses({signature_of(1)}, true);
    REQUIRE(seen.ok());
    CHECK(seen->at(0)->confirmed);
  }

  TEST_CASE_FIXTURE(two_endpoints, "more signatures than one call takes, or none, are refused") {
    CHECK_FALSE(chain->statuses({}, false).ok());
    CHECK_FALSE(chain->statuses(std::vector(max_statuses_per_call + 1, signature_of(1)), false).ok());
  }
}

}  // namespace
}  // namespace landfall::executor::api
