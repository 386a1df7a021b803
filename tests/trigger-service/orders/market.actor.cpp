#include "trigger-service/orders/market.hpp"

#include <doctest/doctest.h>

#include "tests/trigger-service/trigger_fixture.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;
using postgres::error_kind;

namespace {

/// A market with its writer.
struct market_fixture : trigger_fixture {
  decision_writer_actor writer = keep(spawn_decision_writer(system, writer_config()));
  market_actor market;

  explicit market_fixture(std::size_t max_in_flight = 10'000) {
    auto c = markets_config();
    c.max_in_flight = max_in_flight;
    market = keep(spawn_market(system, std::move(c), writer));
  }

  void load(std::vector<watched_order> orders, std::uint64_t reading = 1) {
    for (const auto& order : orders)
      sink->open.insert(order.id);
    caf::anon_send(market, orders_loaded{std::move(orders), reading});
    run();
  }
  /// A price published and received now, and time for its decisions to be written.
  void price(std::string_view usd_text) {
    caf::anon_send(market, price_seen{sample_price(usd_text, clock->now())});
    advance(20ms);
  }
  [[nodiscard]] double orders_watched() const {
    return measured->book_orders(sample_mint).value();
  }
};

}  // namespace

TEST_SUITE("trigger-service/orders/market") {
  TEST_CASE("an order moves at the first accepted price that crosses it, once") {
    market_fixture b;
    b.load({sample_order(1, domain::trigger_condition::above, "200")});
    b.price("199");
    CHECK(b.sink->batches.empty());
    b.price("201");
    REQUIRE(b.sink->decisions() == 1);
    CHECK(b.sink->batches[0][0].evidence.price_usd == usd("201"));
    b.price("202");
    CHECK(b.sink->decisions() == 1);
    CHECK(b.orders_watched() == 0);
  }

  TEST_CASE("a price that fails a gate moves nothing") {
    market_fixture b;
    b.load({sample_order(1, domain::trigger_condition::above, "200")});
    auto stale = sample_price("300", b.clock->now() - 11s);
    stale.received_at = b.clock->now();
    caf::anon_send(b.market, price_seen{stale});
    caf::anon_send(b.market, price_seen{sample_price("300", b.clock->now(), "50")});
    b.advance(20ms);
    CHECK(b.sink->batches.empty());
    CHECK(b.measured->rejected(gate::age).value() == 1);
    CHECK(b.measured->rejected(gate::confidence).value() == 1);
  }

  TEST_CASE("a single wild price moves nothing, a confirmed one does") {
    market_fixture b;
    b.load({sample_order(1, domain::trigger_condition::above, "300")});
    b.price("200");
    b.price("400");
    CHECK(b.sink->batches.empty());
    b.advance(1s);
    b.price("400");
    CHECK(b.sink->decisions() == 1);
  }

  TEST_CASE("while a decision is in flight no other is made for its order") {
    market_fixture b;
    b.sink->errors.assign(3, error_kind::unavailable);
    b.load({sample_order(1, domain::trigger_condition::above, "200")});
    b.price("201");
    b.load({sample_order(1, domain::trigger_condition::above, "200")});
    b.price("202");
    b.advance(9s);
    REQUIRE(b.sink->decisions() == 1);
    CHECK(b.sink->batches[0][0].evidence.price_usd == usd("201"));
  }

  TEST_CASE("a decision that lapsed is made anew from a later price") {
    market_fixture b;
    b.sink->errors.assign(1'000, error_kind::unavailable);
    b.load({sample_order(1, domain::trigger_condition::above, "200")});
    b.price("201");
    b.advance(15s);
    b.sink->errors.clear();
    b.advance(5s);
    CHECK(b.sink->batches.empty());
    b.price("203");
    b.advance(5s);
    REQUIRE(b.sink->decisions() == 1);
    CHECK(b.sink->batches[0][0].evidence.price_usd == usd("203"));
  }

  TEST_CASE("an order that is open no more is dropped") {
    market_fixture b;
    b.load({sample_order(1, domain::trigger_condition::above, "200")});
    b.sink->open.clear();
    b.price("201");
    b.price("202");
    CHECK(b.sink->decisions() == 1);
    CHECK(b.orders_watched() == 0);
  }

  TEST_CASE("terms that changed while a decision was in flight are watched on") {
    market_fixture b;
    b.sink->errors = {error_kind::unavailable};
    auto order = sample_order(1, domain::trigger_condition::above, "200");
    b.load({order});
    b.sink->open.clear();
    b.price("201");
    order.trigger_price_usd = usd("210");
    order.version_us = 2;
    b.load({order});
    b.sink->open.clear();
    b.advance(2s);
    CHECK(b.sink->decisions() == 1);
    CHECK(b.orders_watched() == 1);
    b.sink->open.insert(order.id);
    b.price("205");
    CHECK(b.sink->decisions() == 1);
    b.price("211");
    CHECK(b.sink->decisions() == 2);
  }

  TEST_CASE("an order that a full reading did not see again is dropped") {
    market_fixture b;
    b.load({sample_order(1, domain::trigger_condition::above, "200"),
            sample_order(2, domain::trigger_condition::above, "200")},
           1);
    b.load({sample_order(2, domain::trigger_condition::above, "200")}, 2);
    caf::anon_send(b.market, orders_swept{2});
    b.run();
    CHECK(b.orders_watched() == 1);
    b.price("201");
    REQUIRE(b.sink->decisions() == 1);
    CHECK(b.sink->batches[0][0].order == order_number(2));
  }

  TEST_CASE("an order past its time is never executed") {
    market_fixture b;
    auto order = sample_order(1, domain::trigger_condition::above, "200");
    order.expires_at = noon + 10ms;
    b.load({order});
    b.advance(10ms);
    b.price("201");
    CHECK(b.sink->batches.empty());
    CHECK(b.orders_watched() == 0);
  }

  TEST_CASE("decisions in flight are bounded and the rest follows with later prices") {
    market_fixture b{4};
    std::vector<watched_order> orders;
    for (unsigned n = 1; n <= 10; ++n)
      orders.push_back(sample_order(n, domain::trigger_condition::above, "200"));
    b.load(orders);
    b.price("201");
    CHECK(b.sink->decisions() == 4);
    b.price("201");
    b.price("201");
    CHECK(b.sink->decisions() == 10);
    CHECK(b.sink->open.empty());
  }
}
