// Reads of the chain without actors: which answers count, and what an endpoint that never answers takes away.
#include "executor-service/verify/chain_reader.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/solana/pubkey.hpp"
#include "tests/executor-service/verify/core/checked_order.hpp"
#include "tests/executor-service/verify/fake_node.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;
using landfall::executor::tests::fake_node;

namespace {

/// The owner of a reader: runs tasks when the test says so.
struct reader_fixture {
  std::deque<task> tasks;
  std::vector<task> deadlines;
  std::vector<std::shared_ptr<fake_node>> chains;

  explicit reader_fixture(std::size_t endpoints) {
    for (std::size_t i = 0; i < endpoints; ++i)
      chains.push_back(std::make_shared<fake_node>("rpc" + std::to_string(i)));
  }
  chain_reader reader() {
    return {{chains.begin(), chains.end()},
            32,
            {[this](task t) { tasks.push_back(std::move(t)); },
             [this](domain::milliseconds, task t) { deadlines.push_back(std::move(t)); }}};
  }
  /// `newest_first`: answers overtake each other.
  void run(bool newest_first = false) {
    while (!tasks.empty()) {
      const auto next = newest_first ? std::move(tasks.back()) : std::move(tasks.front());
      newest_first ? tasks.pop_back() : tasks.pop_front();
      next();
    }
  }
  void pass_deadlines() {
    for (const auto& end : std::exchange(deadlines, {}))
      end();
    run();
  }
};

}  // namespace

TEST_SUITE("chain reader") {
  TEST_CASE("an endpoint that never answers hides nothing that two others show") {
    reader_fixture f{3};
    f.chains[1]->hold = true;
    auto reader = f.reader();
    std::optional<orders_view> seen;
    const auto order = open_order().stored;
    reader.orders({order}, [&](domain::result<orders_view, std::string> r) { seen = *r; });
    f.run();
    CHECK_FALSE(seen);
    f.pass_deadlines();
    REQUIRE(seen);
    CHECK(seen->endpoints.size() == 2);
    CHECK(seen->by.answered == 2);
    CHECK(seen->by.shortage().empty());

    std::optional<std::vector<endpoint_readings>> readings;
    reader.accounts({order.order_account},
                    [&](domain::result<std::vector<endpoint_readings>, std::string> r) { readings = *r; });
    f.run();
    f.pass_deadlines();
    REQUIRE(readings);
    CHECK(readings->size() == 2);
  }

  TEST_CASE(
      "an endpoint that falls silent on the way is one that did not answer everything, and its late answers count no "
      "more") {
    reader_fixture f{2};
    auto reader = f.reader();
    int ends = 0;
    std::optional<orders_view> seen;
    f.chains[0]->before_accounts = [&] { f.chains[1]->hold = true; };
    reader.orders({open_order().stored}, [&](domain::result<orders_view, std::string> r) {
      seen = *r;
      ++ends;
    });
    f.run();
    CHECK(ends == 0);
    f.pass_deadlines();
    f.pass_deadlines();
    REQUIRE(seen);
    CHECK(seen->by.answered == 1);
    CHECK_FALSE(seen->by.shortage().empty());
    f.chains[1]->release();
    f.run();
    CHECK(ends == 1);
  }

  TEST_CASE("accounts stand where they were asked for, in whatever order the answers come") {
    reader_fixture f{1};
    const auto count = chain_reader::account_calls_at_once * max_accounts_per_call + 7;
    std::vector<solana::pubkey> keys;
    for (std::size_t i = 0; i < count; ++i) {
      std::array<std::uint8_t, 32> raw{};
      raw[0] = static_cast<std::uint8_t>(i);
      raw[1] = static_cast<std::uint8_t>(i >> 8U);
      raw[31] = 1;
      keys.emplace_back(raw);
      f.chains[0]->holds(keys.back().to_string(), vault.to_string(), vault.to_string(), i);
    }
    auto reader = f.reader();
    std::optional<std::vector<endpoint_readings>> readings;
    reader.accounts(keys, [&](domain::result<std::vector<endpoint_readings>, std::string> r) { readings = *r; });
    f.run(true);
    REQUIRE(readings);
    REQUIRE(readings->size() == 1);
    const auto& accounts = readings->front().accounts;
    REQUIRE(accounts.size() == count);
    for (std::size_t i = 0; i < count; ++i)
      CHECK(accounts[i].account->amount.units() == i);
  }

  TEST_CASE("without any endpoint there is a sentence") {
    reader_fixture f{2};
    for (auto& c : f.chains)
      c->fails = landfall::tests::rpc_failure(rpc_error::kind::unreachable);
    auto reader = f.reader();
    std::string why;
    reader.orders({open_order().stored}, [&](domain::result<orders_view, std::string> r) { why = r.error(); });
    f.run();
    CHECK(why == "no endpoint answers");
  }
}
