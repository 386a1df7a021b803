#include "trigger-service/prices/hermes.hpp"

#include <doctest/doctest.h>

#include <random>

#include "tests/trigger-service/samples.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;

namespace {

std::string price_object(const std::string& price, const std::string& conf, const std::string& expo,
                         const std::string& published = "1793000000") {
  return R"({"id":")" + sample_feed + R"(","price":{"price":)" + price + R"(,"conf":)" + conf + R"(,"expo":)" + expo +
         R"(,"publish_time":)" + published + R"(},"ema_price":{"price":"1","conf":"1","expo":-8,"publish_time":1}})";
}

std::string frame(const std::string& feed) {
  return R"({"type":"price_update","price_feed":)" + feed + "}";
}

}  // namespace

TEST_SUITE("trigger-service/prices/hermes") {
  TEST_CASE("a price update is read exactly") {
    const auto message = parse_hermes_frame(frame(price_object(R"("14712345678")", R"("6123456")", "-8")), noon);
    REQUIRE(message.prices.size() == 1);
    const auto& price = message.prices.front();
    CHECK(price.source == "hermes");
    CHECK(price.feed_id == sample_feed);
    CHECK(price.price_usd == usd("147.12345678"));
    CHECK(price.confidence_usd == usd("0.06123456"));
    CHECK(price.publish_time == domain::from_unix_ms(1'793'000'000'000));
    CHECK(price.received_at == noon);
    CHECK_FALSE(message.error);
    CHECK(message.malformed == 0);
  }

  TEST_CASE("a price beyond what a double holds is read exactly") {
    const auto message = parse_hermes_frame(frame(price_object(R"("9007199254740993")", R"("1")", "-8")), noon);
    REQUIRE(message.prices.size() == 1);
    CHECK(message.prices.front().price_usd == usd("90071992.54740993"));
  }

  TEST_CASE("ids come with and without prefix in either case") {
    for (const std::string& id : {"0x" + std::string(64, 'A'), std::string(64, 'A'), std::string(64, 'a')}) {
      const auto message = parse_hermes_frame(R"({"type":"price_update","price_feed":{"id":")" + id +
                                                  R"(","price":{"price":"1","conf":"0","expo":0,"publish_time":5}}})",
                                              noon);
      REQUIRE(message.prices.size() == 1);
      CHECK(message.prices.front().feed_id == sample_feed);
    }
  }

  TEST_CASE("an event carries several prices and a bad one among them spoils none") {
    const auto message = parse_hermes_event(
        R"({"binary":{"encoding":"hex","data":["00"]},"parsed":[)" + price_object(R"("1")", R"("1")", "0") + "," +
            price_object(R"("x")", R"("1")", "0") + "," + price_object(R"("2")", R"("1")", "0") + "]}",
        noon);
    CHECK(message.prices.size() == 2);
    CHECK(message.malformed == 1);
  }

  TEST_CASE("what is no exact price is refused") {
    const std::vector<std::string> bad{
        price_object("1.5", R"("1")", "0"),
        price_object(R"("1.5")", R"("1")", "0"),
        price_object(R"("1e3")", R"("1")", "0"),
        price_object("null", R"("1")", "0"),
        price_object(R"("99999999999999999999")", R"("1")", "0"),
        price_object(R"("9223372036854775807")", R"("1")", "12"),
        price_object(R"("1")", R"("1")", "-19"),
        price_object(R"("1")", R"("1")", "2147483648000"),
        price_object(R"("1")", R"("1")", R"("-8")"),
        price_object(R"("1")", R"("1")", "-8", "-1"),
        price_object(R"("1")", R"("1")", "-8", "253402300800"),
        price_object(R"("1")", R"("1")", "-8", "9223372036854775807"),
        R"({"id":"abc","price":{"price":"1","conf":"1","expo":0,"publish_time":5}})",
        R"({"price":{"price":"1","conf":"1","expo":0,"publish_time":5}})",
        R"({"id":")" + std::string(64, 'g') + R"(","price":{"price":"1","conf":"1","expo":0,"publish_time":5}})",
        "[]",
        "null",
    };
    for (const auto& feed : bad) {
      CAPTURE(feed);
      const auto message = parse_hermes_frame(frame(feed), noon);
      CHECK(message.prices.empty());
      CHECK(message.malformed == 1);
    }
  }

  TEST_CASE("responses tell success and complaint") {
    CHECK_FALSE(parse_hermes_frame(R"({"type":"response","status":"success"})", noon).error);
    CHECK(parse_hermes_frame(R"({"type":"response","status":"error","error":"no such id"})", noon).error ==
          "no such id");
  }

  TEST_CASE("garbage is no price and never a crash") {
    const std::string good = frame(price_object(R"("14712345678")", R"("6123456")", "-8"));
    std::mt19937_64 random{20260601};
    for (int i = 0; i < 5'000; ++i) {
      auto text = good.substr(0, random() % (good.size() + 1));
      for (auto n = random() % 4; n != 0 && !text.empty(); --n)
        text[random() % text.size()] = static_cast<char>(random() % 256);
      static_cast<void>(parse_hermes_frame(text, noon));
      static_cast<void>(parse_hermes_event(text, noon));
    }
    for (const auto* text : {"", "{", "null", "[]", "\"price_update\"", R"({"type":5})", R"({"type":"price_update"})",
                             R"({"parsed":{}})"}) {
      CAPTURE(text);
      CHECK(parse_hermes_frame(text, noon).prices.empty());
      CHECK(parse_hermes_event(text, noon).prices.empty());
    }
    CHECK(parse_hermes_frame(std::string(max_hermes_message_bytes + 1, ' '), noon).error);
    CHECK(parse_hermes_frame(std::string(100'000, '['), noon).error);
  }

  TEST_CASE("a subscription names all feeds and lets the server leave out unknown ones") {
    CHECK(hermes_subscription({"aa", "bb"}) ==
          R"({"type":"subscribe","ids":["0xaa","0xbb"],"verbose":false,"binary":false,)"
          R"("allow_out_of_order":false,"ignore_invalid_price_ids":true})");
    CHECK(hermes_stream_path({"aa", "bb"}).ends_with("&ignore_invalid_price_ids=true&ids%5B%5D=aa&ids%5B%5D=bb"));
  }
}
