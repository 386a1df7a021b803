#include "executor-service/api/deposit/deposit_watch.hpp"

#include <doctest/doctest.h>

#include <array>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <semaphore>
#include <utility>
#include <vector>

#include "common/net/http_server.hpp"
#include "common/solana/programs.hpp"
#include "executor-service/api/api_server.hpp"
#include "tests/support/actor_system_fixture.hpp"
#include "tests/support/token_accounts.hpp"

namespace landfall::executor::api {
namespace {

constexpr auto vault = solana::pubkey::literal("7nE9GJoYHNmtaQvTQpota3KV2oz4pQ2dA6nvYK8EUJHV");
constexpr auto stranger = solana::pubkey::literal("BQ72nSv9f3PRyRKCBnHLVrerrv37CYTHm5h3s9VSGQDV");
constexpr auto usdc = solana::pubkey::literal("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");

signed_deposit deposit_of_100() {
  signed_deposit deposit;
  deposit.vault = vault;
  deposit.mint = usdc;
  deposit.token_program = solana::programs::token;
  deposit.amount = domain::token_amount{100};
  return deposit;
}

account_info account_with(const solana::pubkey& mint, const solana::pubkey& owner, std::uint64_t amount) {
  return landfall::tests::token_account(mint, owner, amount);
}

/// Says of each deposit that it failed, when it is made to answer.
class slow_chain final : public chain_gateway {
public:
  std::counting_semaphore<> asked{0};

  void latest_blockhash(chain_done<latest_blockhash_view> done) override {
    done(latest_blockhash_view{});
  }
  void token_account_rent(chain_done<std::uint64_t> done) override {
    done(std::uint64_t{0});
  }
  void account(const solana::pubkey&, std::optional<std::uint64_t>,
               chain_done<std::optional<account_info>> done) override {
    done(std::optional<account_info>{});
  }
  void statuses(const std::vector<solana::signature>& signatures, bool,
                chain_done<std::vector<std::optional<deposit_status>>> done) override {
    {
      const std::lock_guard lock{mutex_};
      answer_ = [count = signatures.size(), done = std::move(done)] {
        done(std::vector<std::optional<deposit_status>>{count, deposit_status{1, true, "{}"}});
      };
    }
    asked.release();
  }
  void broadcast(const solana::bytes&, const solana::signature&, bool) override {}

  void answer() {
    std::function<void()> now;
    {
      const std::lock_guard lock{mutex_};
      now = std::move(answer_);
    }
    now();
  }

private:
  std::mutex mutex_;
  std::function<void()> answer_;
};

TEST_SUITE("deposit_watch") {
  TEST_CASE("an order account holds the deposit, or more, in the vault's hands") {
    CHECK(order_account_fault(deposit_of_100(), account_with(usdc, vault, 100)).empty());
    CHECK(order_account_fault(deposit_of_100(), account_with(usdc, vault, 101)).empty());
  }

  TEST_CASE("anything else opens no order") {
    CHECK_FALSE(order_account_fault(deposit_of_100(), std::nullopt).empty());
    CHECK_FALSE(order_account_fault(deposit_of_100(), account_with(usdc, vault, 99)).empty());
    CHECK_FALSE(order_account_fault(deposit_of_100(), account_with(usdc, stranger, 100)).empty());
    CHECK_FALSE(order_account_fault(deposit_of_100(), account_with(solana::mints::wrapped_sol, vault, 100)).empty());
    auto account = account_with(usdc, vault, 100);
    account.owner = solana::programs::token_2022;
    CHECK_FALSE(order_account_fault(deposit_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data.resize(164);
    CHECK_FALSE(order_account_fault(deposit_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data[72] = 1;  // a delegate
    CHECK_FALSE(order_account_fault(deposit_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data[108] = 2;  // frozen
    CHECK_FALSE(order_account_fault(deposit_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data[129] = 1;  // a close authority
    CHECK_FALSE(order_account_fault(deposit_of_100(), account).empty());
  }

  TEST_CASE("calls that wait are a quarter of the HTTP server's requests at most") {
    CHECK(4 * deposit_watch_options{}.max_waiting <= net::http_server_options{}.max_in_flight);
    config c;
    c.instance = "api-1";
    CHECK(validate(c) == std::nullopt);
    ++c.deposits.max_waiting;
    CHECK(validate(c).value_or("").starts_with("deposits.max_waiting"));
  }

  TEST_CASE_FIXTURE(
      landfall::tests::actor_system_fixture,
      "a call whose deposit is being read still counts as waiting; beyond the bound a call is answered at "
      "once") {
    const auto chain = std::make_shared<slow_chain>();
    const auto database = std::make_shared<database_pool>(system, database_pool_settings{{}, 1, 8});
    auto watch =
        spawn_deposit_watch(system, chain, database, "api-1",
                            {.wait = std::chrono::hours{1}, .poll = std::chrono::milliseconds{1}, .max_waiting = 1});
    const auto answer_to = [&](std::uint8_t n) {
      const auto answered = std::make_shared<std::promise<deposit_outcome>>();
      auto deposit = deposit_of_100();
      deposit.signature = solana::signature{std::array<std::uint8_t, 64>{n}};
      caf::anon_send(watch, await_deposit{std::move(deposit), false, [answered](const deposit_outcome& outcome) {
                                            answered->set_value(outcome);
                                          }});
      return answered->get_future();
    };
    const auto comes = [](const std::future<deposit_outcome>& answer) {
      return answer.wait_for(std::chrono::minutes{1}) == std::future_status::ready;
    };
    auto first = answer_to(1);
    chain->asked.acquire();
    auto beyond = answer_to(2);
    const bool at_once = comes(beyond);
    CHECK(at_once);
    if (at_once) {
      const auto seen = beyond.get();
      CHECK_FALSE(seen.confirmed);
      CHECK(seen.state == domain::order_state::depositing);
      CHECK(seen.err.empty());
    }
    CHECK(first.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
    chain->answer();
    REQUIRE(comes(first));
    CHECK(first.get().err == "{}");
    // Its slot is free again: the next one waits.
    auto next = answer_to(3);
    chain->asked.acquire();
    CHECK(next.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
    chain->answer();
    CHECK(comes(next));
    runtime::stop_actors(system, {caf::actor_cast<caf::strong_actor_ptr>(std::exchange(watch, nullptr))},
                         std::chrono::minutes{1});
  }
}

}  // namespace
}  // namespace landfall::executor::api
