#include "executor-service/api/deposit/price_source.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace landfall::executor::api {
namespace {

const std::string feed(64, 'a');

std::string answer(const std::string& price) {
  return R"({"binary":{"encoding":"hex","data":["00"]},"parsed":)"
         R"([{"id":"other","price":{"price":"1","expo":0}},{"id":")" +
         feed + R"(","price":)" + price + R"(,"ema_price":{},"metadata":{"slot":1}}]})";
}

TEST_SUITE("price_source") {
  TEST_CASE("a price is mantissa and exponent, exactly") {
    const auto parsed =
        parse_latest_price(answer(R"({"price":"14712345678","conf":"1","expo":-8,"publish_time":1793000000})"), feed);
    REQUIRE(parsed.ok());
    CHECK(parsed->price_usd.to_string() == "147.12345678");
    CHECK(domain::unix_ms(parsed->publish_time) == 1'793'000'000'000);
  }

  TEST_CASE("anything else than a positive price of the feed is none") {
    for (const std::string& body :
         {std::string{}, std::string{"null"}, std::string{"{}"}, std::string{"{\"parsed\":5}"}, answer("null"),
          answer(R"({"price":"0","expo":-8,"publish_time":1793000000})"),
          answer(R"({"price":"-5","expo":-8,"publish_time":1793000000})"),
          answer(R"({"price":"5","expo":-40,"publish_time":1793000000})"),
          answer(R"({"price":"5","expo":4000000000,"publish_time":1793000000})"),
          answer(R"({"price":"5","expo":30,"publish_time":1793000000})"),
          answer(R"({"price":"x","expo":-8,"publish_time":1793000000})"), answer(R"({"price":"5","expo":-8})"),
          answer(R"({"price":"5","expo":-8,"publish_time":99999999999999999})")}) {
      CAPTURE(body);
      CHECK_FALSE(parse_latest_price(body, feed).ok());
    }
    CHECK_FALSE(
        parse_latest_price(answer(R"({"price":"5","expo":-8,"publish_time":1793000000})"), std::string(64, 'b')).ok());
  }
}

}  // namespace
}  // namespace landfall::executor::api
