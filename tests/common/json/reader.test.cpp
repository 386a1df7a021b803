#include "common/json/reader.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace landfall::json;

namespace {

value parsed(std::string_view text) {
  auto result = parse(text);
  REQUIRE_MESSAGE(result.ok(), text);
  return std::move(*result);
}

std::string decimal(std::string_view text) {
  const auto v = parsed(text);
  return as_decimal_string(&v).value_or("none");
}

}  // namespace

TEST_CASE("whole numbers are exact to the last bit and refused beyond") {
  const auto v = parsed(R"({"max":18446744073709551615,"over":18446744073709551616,"neg":-9223372036854775808,
                            "under":-9223372036854775809,"f":1.0,"e":1e3,"odd":9007199254740993})");
  CHECK(as_u64(find(v, "max")) == std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(as_u64(find(v, "over")));
  CHECK(as_i64(find(v, "neg")) == std::numeric_limits<std::int64_t>::min());
  CHECK_FALSE(as_i64(find(v, "under")));
  CHECK_FALSE(as_i64(find(v, "max")));
  CHECK_FALSE(as_u64(find(v, "neg")));
  CHECK_FALSE(as_u64(find(v, "f")));
  CHECK_FALSE(as_u64(find(v, "e")));
  CHECK(as_u64(find(v, "odd")) == 9007199254740993ULL);
  CHECK_FALSE(as_u64(find(v, "absent")));
}

TEST_CASE("decimals keep every digit and lose only their exponent") {
  CHECK(decimal("0.1") == "0.1");
  CHECK(decimal("-12.50") == "-12.50");
  CHECK(decimal("1e-7") == "0.0000001");
  CHECK(decimal("1.25E+3") == "1250");
  CHECK(decimal("1.25e1") == "12.5");
  CHECK(decimal("123.45e-1") == "12.345");
  CHECK(decimal("0.000012e3") == "0.012");
  CHECK(decimal("0") == "0");
  CHECK(decimal("-0.0") == "-0.0");
  CHECK(decimal("0e5") == "0");
  CHECK(decimal("0.123456789012345678901234567890") == "0.123456789012345678901234567890");
  CHECK_FALSE(parse("1e999999999999999999999").ok());
  CHECK(decimal("1e200") == "none");
  CHECK(decimal("1e-500") == "none");
}

TEST_CASE("a string that looks like a number is not one, unless the caller says so") {
  const auto v = parsed(R"({"n":5,"s":"5","x":"5x","b":true,"d":"0.10","z":null})");
  CHECK(as_u64(find(v, "n")) == 5U);
  CHECK_FALSE(as_u64(find(v, "s")));
  CHECK(as_u64(find(v, "s"), quoted::accepted) == 5U);
  CHECK_FALSE(as_u64(find(v, "x"), quoted::accepted));
  CHECK_FALSE(as_decimal_string(find(v, "d")));
  CHECK(as_decimal_string(find(v, "d"), quoted::accepted) == "0.10");
  CHECK_FALSE(as_decimal_string(find(v, "x"), quoted::accepted));
  CHECK_FALSE(as_string(find(v, "n")));
  CHECK(as_string(find(v, "s")) == "5");
  CHECK(as_bool(find(v, "b")) == true);
  CHECK_FALSE(as_bool(find(v, "n")));
  CHECK(is_null(find(v, "z")));
  CHECK(is_null(find(v, "absent")));
  CHECK(is(find(v, "n"), kind::number));
}

TEST_CASE("readers nest through what is not there") {
  const auto v = parsed(R"({"result":{"value":[{"a":1},{"a":2}]}})");
  CHECK(as_u64(find(at(find(find(&v, "result"), "value"), 1), "a")) == 2U);
  CHECK_FALSE(as_u64(find(at(find(find(&v, "nope"), "value"), 1), "a")));
  CHECK(elements(find(find(&v, "result"), "value")).size() == 2);
  CHECK(elements(&v).empty());
  CHECK(members(&v).size() == 1);
}

TEST_CASE("of a repeated key the last counts") {
  const auto v = parsed(R"({"a":1,"a":2})");
  CHECK(as_u64(find(v, "a")) == 2U);
}

TEST_CASE("what is not strict JSON is refused with the offset") {
  using namespace std::string_view_literals;
  for (const auto text : {""sv,
                          "{"sv,
                          "[1,]"sv,
                          "{\"a\":}"sv,
                          "01"sv,
                          "+1"sv,
                          "1."sv,
                          ".5"sv,
                          "NaN"sv,
                          "Infinity"sv,
                          "-"sv,
                          "1e"sv,
                          "[1] x"sv,
                          "/**/1"sv,
                          "'a'"sv,
                          "\"\\ud800\""sv,
                          "\"\\ud800\\u0041\""sv,
                          "\"\\udc00x\""sv,
                          "{\"\\udfff\":1}"sv,
                          "\"\xFF\""sv,
                          "\"\xED\xA0\x80\""sv,
                          "\"a\nb\""sv,
                          "1\0"sv,
                          "\"a\0b\""sv,
                          "tru"sv,
                          "{1:2}"sv})
    CHECK_FALSE_MESSAGE(parse(text).ok(), text);
  const auto bad = parse("{\"a\": x}");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().offset == 6);
  CHECK(bad.error().message.find("6") != std::string::npos);
}

TEST_CASE("escapes and characters beyond the basic plane are read") {
  const auto v = parsed(R"(["\u00e9\n\"","\ud83d\ude00","\u0000"])");
  CHECK(as_string(at(&v, 0)) == "\xC3\xA9\n\"");
  CHECK(as_string(at(&v, 1)) == "\xF0\x9F\x98\x80");
  CHECK(as_string(at(&v, 2)) == std::string_view("\0", 1));
}

TEST_CASE("depth, size and count have bounds") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(parse(nested(64)).ok());
  CHECK_FALSE(parse(nested(65)).ok());
  CHECK_FALSE(parse(std::string(1'000'000, '[')).ok());
  std::string objects;
  for (int i = 0; i < 100'000; ++i)
    objects += "{\"a\":";
  CHECK_FALSE(parse(objects).ok());
  CHECK_FALSE(parse("\"" + std::string(100, 'x') + "\"", {.max_bytes = 100}).ok());
  CHECK(parse("\"" + std::string(100, 'x') + "\"", {.max_bytes = 102}).ok());
  CHECK_FALSE(parse("[1,2,3]", {.max_values = 3}).ok());
  CHECK(parse("[1,2,3]", {.max_values = 4}).ok());
}
