#include "trigger-service/orders/order_loader.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/trigger-service/trigger_fixture.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;
using postgres::error_kind;

namespace {

struct source_record {
  bool reachable = true;
  /// Of readings of all orders, the pages behind the first fail.
  bool pages_fail = false;
  bool migrated = true;
  std::vector<watched_token> tokens{{sample_mint, sample_feed}};
  /// In the order they were written.
  std::vector<watched_order> open;
  std::vector<expired_order> expired;
  int polls = 0;
};

class fake_source final : public order_source {
public:
  explicit fake_source(std::shared_ptr<source_record> record) : record_(std::move(record)) {}

  postgres::database_result<bool> migrations_current() override {
    return answer(record_->migrated);
  }
  postgres::database_result<std::vector<watched_token>> tokens() override {
    return answer(record_->tokens);
  }
  /// Here updated_at is the version as text.
  postgres::database_result<changed_orders> changed(const change_cursor& from, std::size_t limit) override {
    ++record_->polls;
    const auto after = from.updated_at == "-infinity" ? -1 : std::stoll(from.updated_at);
    changed_orders out{{}, from};
    for (const auto& order : record_->open)
      if (order.version_us > after && out.orders.size() < limit) {
        out.orders.push_back(order);
        out.next = {std::to_string(order.version_us), order.id, 0ms};
      }
    return answer(out);
  }
  postgres::database_result<std::vector<watched_order>> open(domain::order_id after, std::size_t limit) override {
    if (record_->pages_fail && after != domain::order_id{})
      return domain::failure{postgres::database_error{error_kind::unavailable, "", "planted"}};
    auto all = record_->open;
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::erase_if(all, [&](const auto& order) { return order.id <= after; });
    all.resize(std::min(all.size(), limit));
    return answer(all);
  }
  postgres::database_result<std::vector<expired_order>> expired(std::size_t limit) override {
    auto all = record_->expired;
    all.resize(std::min(all.size(), limit));
    return answer(all);
  }

private:
  template <class T>
  postgres::database_result<T> answer(T value) const {
    if (!record_->reachable)
      return domain::failure{postgres::database_error{error_kind::unavailable, "", "planted"}};
    return value;
  }

  std::shared_ptr<source_record> record_;
};

struct seen_by_books {
  std::vector<std::vector<watched_token>> tokens;
  std::map<domain::order_id, std::uint64_t> orders;
  std::vector<std::uint64_t> swept;
};

order_sink_actor::behavior_type collect(order_sink_actor::pointer, seen_by_books* into) {
  return {
      [into](const tokens_loaded& message) { into->tokens.push_back(message.tokens); },
      [into](const orders_loaded& message) {
        for (const auto& order : message.orders)
          into->orders[order.id] = message.pass;
      },
      [into](const orders_swept& message) { into->swept.push_back(message.pass); },
  };
}

struct loader_fixture : trigger_fixture {
  std::shared_ptr<source_record> source = std::make_shared<source_record>();
  std::shared_ptr<runtime::health> health =
      std::make_shared<runtime::health>(std::vector<std::string>{"postgres", "migrations"});
  seen_by_books seen;
  order_loader_actor loader;

  void start(std::size_t page = 3) {
    order_loader_config c;
    c.page = page;
    c.clock = clock;
    c.metrics = measured;
    c.health = health;
    c.open_source = [record = source] { return std::make_unique<fake_source>(record); };
    c.detached = false;
    const auto writer = keep(spawn_decision_writer(system, writer_config()));
    loader = keep(spawn_order_loader(system, std::move(c), keep(system.spawn(collect, &seen)), writer));
    run();
  }
  void open(unsigned n, std::int64_t version) {
    auto order = sample_order(n, domain::trigger_condition::above, "200");
    order.version_us = version;
    source->open.push_back(order);
  }
};

}  // namespace

TEST_SUITE("trigger-service/orders/order_loader") {
  TEST_CASE("an order that cannot be read is counted and skipped, and stops no page of the others") {
    loader_fixture b;
    for (unsigned n = 1; n <= 7; ++n)
      b.open(n, n);
    for (const auto at : {1U, 2U, 3U})
      b.source->open[at].unreadable = "its trigger price is \"NaN\"";
    b.start();
    CHECK(b.seen.orders.size() == 4);
    CHECK(b.seen.swept.size() == 1);
    CHECK(b.measured->orders_unreadable.value() >= 3);
  }

  TEST_CASE("all open orders are loaded page by page before anything was hinted") {
    loader_fixture b;
    for (unsigned n = 1; n <= 10; ++n)
      b.open(n, n);
    b.start();
    CHECK(b.seen.orders.size() == 10);
    CHECK(b.seen.tokens.size() == 1);
    CHECK(b.health->ready());
    CHECK(b.measured->database_up.value() == 1);
  }

  TEST_CASE("without any hint a new order is found within one poll") {
    loader_fixture b;
    b.start();
    b.open(1, 1);
    b.advance(1'005ms);
    CHECK(b.seen.orders.size() == 1);
  }

  TEST_CASE("with a hint it is found at once and a crowd of hints is read once") {
    loader_fixture b;
    b.start();
    b.advance(100ms);
    const auto before = b.source->polls;
    b.open(1, 1);
    for (int i = 0; i < 100; ++i)
      caf::anon_send(b.loader, orders_hint{});
    b.run();
    CHECK(b.seen.orders.size() == 1);
    CHECK(b.source->polls == before + 1);
    b.open(2, 2);
    b.advance(25ms);
    CHECK(b.seen.orders.size() == 2);
    CHECK(b.source->polls == before + 2);
    b.advance(200ms);
    CHECK(b.source->polls == before + 2);
  }

  TEST_CASE("hints do not put off the poll") {
    loader_fixture b;
    b.start();
    const auto before = b.source->polls;
    b.advance(5s);
    CHECK(b.source->polls >= before + 4);
  }

  TEST_CASE("a full reading numbers what it saw and then sweeps by that number") {
    loader_fixture b;
    for (unsigned n = 1; n <= 7; ++n)
      b.open(n, n);
    b.start();
    REQUIRE(b.seen.swept.size() == 1);
    for (const auto& [id, pass] : b.seen.orders)
      CHECK(pass == b.seen.swept.front());
    b.source->open.erase(b.source->open.begin());
    b.advance(31s);
    REQUIRE(b.seen.swept.size() == 2);
    CHECK(b.seen.orders[order_number(1)] < b.seen.swept.back());
    CHECK(b.seen.orders[order_number(2)] == b.seen.swept.back());
  }

  TEST_CASE("a database that cannot be reached is waited for and told about") {
    loader_fixture b;
    b.source->reachable = false;
    b.open(1, 1);
    b.start();
    b.advance(20s);
    CHECK(b.seen.orders.empty());
    CHECK(b.seen.swept.empty());
    CHECK_FALSE(b.health->ready());
    CHECK(b.measured->database_up.value() == 0);
    b.source->reachable = true;
    b.advance(6s);
    CHECK(b.seen.orders.size() == 1);
    CHECK(b.health->ready());
  }

  TEST_CASE("a database that is not migrated is waited for") {
    loader_fixture b;
    b.source->migrated = false;
    b.start();
    b.advance(10s);
    CHECK(b.seen.tokens.empty());
    CHECK_FALSE(b.health->ready());
    b.source->migrated = true;
    b.advance(6s);
    CHECK(b.seen.tokens.size() == 1);
    CHECK(b.health->ready());
  }

  TEST_CASE("nothing is swept after a reading that failed halfway") {
    loader_fixture b;
    for (unsigned n = 1; n <= 7; ++n)
      b.open(n, n);
    b.source->pages_fail = true;
    b.start();
    b.advance(60s);
    CHECK(b.seen.swept.empty());
    CHECK(b.seen.orders.size() == 7);
    b.source->pages_fail = false;
    b.advance(6s);
    CHECK(b.seen.swept.size() == 1);
  }

  TEST_CASE("a token that is enabled later is told and all orders are read again") {
    loader_fixture b;
    b.open(1, 1);
    b.start();
    const auto swept = b.seen.swept.size();
    b.source->tokens.push_back({"another", std::string(64, 'b')});
    b.advance(6s);
    REQUIRE(b.seen.tokens.size() == 2);
    CHECK(b.seen.tokens.back().size() == 2);
    CHECK(b.seen.swept.size() == swept + 1);
  }

  TEST_CASE("an order whose time is over expires without any price and without a market") {
    loader_fixture b;
    b.source->tokens.clear();
    b.sink->open = {order_number(1)};
    b.source->expired = {{order_number(1), noon - 1s, noon}};
    b.start();
    b.advance(10ms);
    REQUIRE(b.sink->decisions() == 1);
    const auto& d = b.sink->batches[0][0];
    CHECK(d.to == domain::order_state::ready_expire);
    CHECK(d.evidence.source == "clock");
  }

  TEST_CASE("an expiry is handed over once while it is being written") {
    loader_fixture b;
    b.sink->open = {order_number(1)};
    b.sink->errors.assign(1'000, error_kind::unavailable);
    b.source->expired = {{order_number(1), noon - 1s, noon}};
    b.start();
    b.advance(4s);
    CHECK(b.source->polls > 2);
    CHECK(b.measured->pending_decisions.value() == 1);
  }
}
