#include "trigger-service/orders/supervisor.hpp"

#include <doctest/doctest.h>

#include "tests/trigger-service/trigger_fixture.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;

namespace {

class silent_stream final : public price_stream {};

struct supervisor_fixture : trigger_fixture {
  std::shared_ptr<runtime::health> health = std::make_shared<runtime::health>(std::vector<std::string>{"price_feed"});
  std::vector<std::vector<std::string>> subscriptions;
  price_stream_handlers on;
  /// So many streams throw at their creation, which ends the feed.
  int broken = 0;
  int tries = 0;
  supervisor_actor supervisor;

  supervisor_fixture() {
    supervisor_config c;
    c.feed.clock = clock;
    c.feed.metrics = feed_metrics;
    c.feed.open_stream = [this](stream_kind, const std::vector<std::string>& ids, price_stream_handlers handlers) {
      ++tries;
      if (broken-- > 0)
        throw std::runtime_error{"planted"};
      subscriptions.push_back(ids);
      on = std::move(handlers);
      return std::make_unique<silent_stream>();
    };
    c.market = markets_config();
    c.clock = clock;
    c.metrics = measured;
    c.health = health;
    supervisor = keep(spawn_supervisor(system, std::move(c), keep(spawn_decision_writer(system, writer_config()))));
    run();
  }
  ~supervisor_fixture() {
    on = {};
  }

  void tokens(std::vector<watched_token> list) {
    caf::anon_send(supervisor, tokens_loaded{std::move(list)});
    run();
  }
  void load(watched_order order) {
    sink->open.insert(order.id);
    caf::anon_send(supervisor, orders_loaded{{std::move(order)}, 1});
    run();
  }
  void tell(const std::string& feed_id, std::string_view price) {
    auto update = sample_price(price, clock->now());
    update.feed_id = feed_id;
    on.on_message({{update}, std::nullopt, 0});
    advance(20ms);
  }
};

const std::string other_mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const std::string other_feed(64, 'b');

watched_order order_of(unsigned n, const std::string& mint) {
  auto order = sample_order(n, domain::trigger_condition::above, "200");
  order.trigger_mint = mint;
  return order;
}

}  // namespace

TEST_SUITE("trigger-service/orders/supervisor") {
  TEST_CASE("prices and orders meet in the market of their mint") {
    supervisor_fixture b;
    b.tokens({{sample_mint, sample_feed}, {other_mint, other_feed}});
    REQUIRE(b.subscriptions.size() == 1);
    CHECK(b.subscriptions.back() == std::vector{sample_feed, other_feed});
    b.load(order_of(1, sample_mint));
    b.load(order_of(2, other_mint));
    b.tell(other_feed, "201");
    REQUIRE(b.sink->decisions() == 1);
    CHECK(b.sink->batches[0][0].order == order_number(2));
    b.tell(sample_feed, "201");
    CHECK(b.sink->decisions() == 2);
  }

  TEST_CASE("mints that share a feed are all told, and the feed is asked for once") {
    supervisor_fixture b;
    b.tokens({{sample_mint, sample_feed}, {other_mint, sample_feed}});
    CHECK(b.subscriptions.back().size() == 1);
    b.load(order_of(1, sample_mint));
    b.load(order_of(2, other_mint));
    b.tell(sample_feed, "201");
    CHECK(b.sink->decisions() == 2);
  }

  TEST_CASE("a token that is not enabled any more is not watched any more") {
    supervisor_fixture b;
    b.tokens({{sample_mint, sample_feed}, {other_mint, other_feed}});
    b.load(order_of(1, other_mint));
    b.tokens({{sample_mint, sample_feed}});
    CHECK(b.subscriptions.back().size() == 1);
    b.tell(other_feed, "201");
    CHECK(b.sink->batches.empty());
  }

  TEST_CASE("the feed counts as fresh while prices pass the gates") {
    supervisor_fixture b;
    b.tokens({{sample_mint, sample_feed}});
    b.advance(2s);
    CHECK_FALSE(b.health->ready());
    b.tell(sample_feed, "200");
    b.advance(2s);
    CHECK(b.health->ready());
    b.advance(15s);
    CHECK_FALSE(b.health->ready());
  }

  TEST_CASE("with nothing to watch the feed does not keep the service from being ready") {
    supervisor_fixture b;
    b.advance(1s);
    CHECK(b.health->ready());
  }

  TEST_CASE("a feed that fails is started anew and subscribes again") {
    supervisor_fixture b;
    b.broken = 3;
    b.tokens({{sample_mint, sample_feed}});
    CHECK(b.tries == 1);
    b.advance(1s);
    CHECK(b.tries == 2);
    b.advance(2s);
    CHECK(b.tries == 4);
    REQUIRE(b.subscriptions.size() == 1);
    b.load(order_of(1, sample_mint));
    b.tell(sample_feed, "201");
    CHECK(b.sink->decisions() == 1);
  }
}
