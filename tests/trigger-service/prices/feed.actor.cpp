#include "trigger-service/prices/feed.hpp"

#include <doctest/doctest.h>

#include "tests/trigger-service/trigger_fixture.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;

namespace {

struct opened_stream {
  stream_kind kind;
  std::vector<std::string> feed_ids;
  price_stream_handlers on;
  bool alive = true;
};

class fake_stream final : public price_stream {
public:
  explicit fake_stream(std::shared_ptr<opened_stream> record) : record_(std::move(record)) {}
  ~fake_stream() override {
    record_->alive = false;
    record_->on = {};
  }

private:
  std::shared_ptr<opened_stream> record_;
};

price_sink_actor::behavior_type collect(price_sink_actor::pointer, std::vector<price_update>* into) {
  return {[into](const prices_seen& seen) { into->insert(into->end(), seen.prices.begin(), seen.prices.end()); }};
}

struct feed_fixture : trigger_fixture {
  std::vector<std::shared_ptr<opened_stream>> streams;
  std::vector<price_update> seen;
  feed_actor feed;

  explicit feed_fixture(std::size_t max_unhandled = 100) {
    feed_config c;
    c.clock = clock;
    c.metrics = feed_metrics;
    c.max_unhandled = max_unhandled;
    c.open_stream = [this](stream_kind kind, const std::vector<std::string>& ids, price_stream_handlers on) {
      streams.push_back(std::make_shared<opened_stream>(opened_stream{kind, ids, std::move(on), true}));
      return std::make_unique<fake_stream>(streams.back());
    };
    feed = keep(spawn_feed(system, std::move(c), keep(system.spawn(collect, &seen))));
  }

  void watch(std::vector<std::string> ids) {
    caf::anon_send(feed, watch_feeds{std::move(ids)});
    run();
  }
  opened_stream& last() {
    return *streams.back();
  }
  void open_last() {
    last().on.on_open();
    run();
  }
  void tell(std::string_view price) {
    last().on.on_message({{sample_price(price, clock->now())}, std::nullopt, 0});
    run();
  }
};

}  // namespace

TEST_SUITE("trigger-service/prices/feed") {
  TEST_CASE("a stream over the wanted feeds is opened and its prices are passed on") {
    feed_fixture b;
    b.watch({"a", "b"});
    REQUIRE(b.streams.size() == 1);
    CHECK(b.last().kind == stream_kind::websocket);
    CHECK(b.last().feed_ids == std::vector<std::string>{"a", "b"});
    b.open_last();
    CHECK(b.feed_metrics->feed_connected.value() == 1);
    b.tell("200");
    REQUIRE(b.seen.size() == 1);
    CHECK(b.seen.front().price_usd == usd("200"));
  }

  TEST_CASE("without feeds to watch there is no stream") {
    feed_fixture b;
    b.watch({});
    b.advance(1min);
    CHECK(b.streams.empty());
  }

  TEST_CASE("new feeds replace the stream at once and the same feeds do not") {
    feed_fixture b;
    b.watch({"a"});
    b.watch({"a"});
    CHECK(b.streams.size() == 1);
    b.watch({"a", "b"});
    REQUIRE(b.streams.size() == 2);
    CHECK_FALSE(b.streams[0]->alive);
    CHECK(b.last().feed_ids.size() == 2);
    CHECK(b.last().kind == stream_kind::websocket);
  }

  TEST_CASE("a stream that ends is replaced by the other way and that one by the first again") {
    feed_fixture b;
    b.watch({"a"});
    for (const auto expected : {stream_kind::server_sent_events, stream_kind::websocket}) {
      const auto before = b.streams.size();
      b.last().on.on_close("gone");
      b.run();
      CHECK(b.feed_metrics->feed_connected.value() == 0);
      b.advance(35s);
      REQUIRE(b.streams.size() > before);
      CHECK(b.streams[before]->kind == expected);
      b.open_last();
      while (b.last().kind != expected) {
        b.last().on.on_close("gone");
        b.advance(31s);
      }
    }
    CHECK(b.feed_metrics->feed_reconnects.value() >= 2);
  }

  TEST_CASE("a stream that stays open and says nothing is replaced") {
    feed_fixture b;
    b.watch({"a"});
    b.open_last();
    b.advance(9s);
    b.tell("200");
    b.advance(9s);
    CHECK(b.streams.size() == 1);
    b.advance(3s);
    CHECK(b.streams.size() == 2);
    CHECK_FALSE(b.streams[0]->alive);
  }

  TEST_CASE("messages without prices do not count as life") {
    feed_fixture b;
    b.watch({"a"});
    b.open_last();
    for (int i = 0; i < 11; ++i) {
      if (b.last().alive)
        b.last().on.on_message({{}, "nothing new", 1});
      b.advance(1s);
    }
    CHECK_FALSE(b.streams[0]->alive);
  }

  TEST_CASE("waits grow while streams fail at once and never pass their bound") {
    feed_fixture b;
    b.watch({"a"});
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < 12; ++i) {
      const auto count = b.streams.size();
      b.last().on.on_close("refused");
      b.run();
      std::chrono::milliseconds waited{0};
      while (b.streams.size() == count && waited < 40s) {
        b.advance(50ms);
        waited += 50ms;
      }
      waits.push_back(waited);
    }
    CHECK(*std::max_element(waits.begin(), waits.end()) <= 30'500ms);
    CHECK(*std::max_element(waits.begin(), waits.end()) > 2s);
    CHECK(*std::min_element(waits.begin(), waits.end()) >= 250ms);
  }

  TEST_CASE("what a replaced stream still said is not taken for the new one") {
    feed_fixture b;
    b.watch({"a"});
    const auto stale = b.last().on;
    b.watch({"b"});
    stale.on_message({{sample_price("1", b.clock->now())}, std::nullopt, 0});
    stale.on_close("gone");
    b.run();
    CHECK(b.seen.empty());
    CHECK(b.last().alive);
  }

  TEST_CASE("messages beyond the bound are dropped and counted") {
    feed_fixture b{3};
    b.watch({"a"});
    for (int i = 0; i < 5; ++i)
      b.last().on.on_message({{sample_price("200", b.clock->now())}, std::nullopt, 0});
    b.run();
    CHECK(b.seen.size() == 3);
    CHECK(b.feed_metrics->dropped.value() == 2);
    b.tell("201");
    CHECK(b.seen.size() == 4);
  }
}
