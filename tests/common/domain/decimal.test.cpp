#include "common/domain/decimal.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace landfall::domain;

namespace {

decimal of(const char* text) {
  const auto value = decimal::parse(text);
  REQUIRE(value);
  return *value;
}

}  // namespace

TEST_CASE("decimals keep every digit they are given") {
  for (const char* text : {"0", "1", "150", "0.00002", "-0.5", "123456789.123456789012345678", "99999999999999999999"})
    CHECK(of(text).to_string() == text);
  CHECK(of("1.50").to_string() == "1.5");
  CHECK(of("1e3").to_string() == "1000");
  CHECK(of("12.5E-4").to_string() == "0.00125");
}

TEST_CASE("what is no exact decimal of 18 places is refused") {
  for (const char* text : {"", "-", ".", ".5", "5.", "1..2", "0x1", " 1", "1 ", "nan", "inf", "1e", "1e999", "1e-19",
                           "0.0000000000000000001", "100000000000000000000", "--1", "+1"})
    CHECK_MESSAGE(!decimal::parse(text), text);
}

TEST_CASE("a price feed's mantissa and exponent are the same number") {
  CHECK(*decimal::from_parts(14712345678, -8) == of("147.12345678"));
  CHECK(*decimal::from_parts(-5, 0) == of("-5"));
  CHECK(*decimal::from_parts(1, 19) == of("10000000000000000000"));
  CHECK(!decimal::from_parts(1, 20));
  CHECK(!decimal::from_parts(1, -19));
  CHECK(*decimal::from_parts(10, -19) == of("0.000000000000000001"));
}

TEST_CASE("within_bps compares exactly at the edge") {
  CHECK(within_bps(of("1"), of("100"), 100));
  CHECK(!within_bps(of("1.000000000000000001"), of("100"), 100));
  CHECK(within_bps(of("-1"), of("100"), 100));
  CHECK(within_bps(of("0"), of("0"), 0));
}

TEST_CASE("worth is amount times price, rounded down") {
  CHECK(worth_usd(token_amount{1'500'000'000}, 9, of("150"))->to_string() == "225");
  CHECK(worth_usd(token_amount{1}, 9, of("0.000000001"))->to_string() == "0.000000000000000001");
  CHECK(worth_usd(token_amount{1}, 9, of("0.0000000001"))->to_string() == "0");
  CHECK(!worth_usd(token_amount{~0ULL}, 0, of("99999999999999999999")));
}

TEST_CASE("the least output after slippage rounds up") {
  CHECK(less_slippage(token_amount{10'000}, 100) == token_amount{9'900});
  CHECK(less_slippage(token_amount{101}, 100) == token_amount{100});
  CHECK(less_slippage(token_amount{~0ULL}, 0) == token_amount{~0ULL});
  CHECK(less_slippage(token_amount{5}, 10'000) == token_amount{0});
}

TEST_CASE("random decimals survive text and order like their scaled integers") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  for (int i = 0; i < 20'000; ++i) {
    const auto a = decimal::from_scaled(static_cast<int128>(static_cast<std::int64_t>(random())) * (random() % 1000));
    const auto b = decimal::from_scaled(static_cast<int128>(static_cast<std::int64_t>(random())) * (random() % 1000));
    REQUIRE(decimal::parse(a.to_string()) == a);
    REQUIRE((a < b) == (a.scaled() < b.scaled()));
  }
}
