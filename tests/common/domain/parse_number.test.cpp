#include "common/domain/parse_number.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using landfall::domain::parse_number;
using namespace std::string_view_literals;

namespace {

/// The ends of the range are read, and one beyond them is not.
template <class Integer>
void check_range(std::string_view below, std::string_view least, std::string_view greatest, std::string_view above) {
  CHECK(parse_number<Integer>(least) == std::numeric_limits<Integer>::min());
  CHECK(parse_number<Integer>(greatest) == std::numeric_limits<Integer>::max());
  CHECK_FALSE(parse_number<Integer>(below));
  CHECK_FALSE(parse_number<Integer>(above));
}

}  // namespace

TEST_CASE("every width reads its whole range and not one more") {
  check_range<std::uint8_t>("-1", "0", "255", "256");
  check_range<std::int16_t>("-32769", "-32768", "32767", "32768");
  check_range<std::uint16_t>("-1", "0", "65535", "65536");
  check_range<std::int32_t>("-2147483649", "-2147483648", "2147483647", "2147483648");
  check_range<std::uint32_t>("-1", "0", "4294967295", "4294967296");
  check_range<std::int64_t>("-9223372036854775809", "-9223372036854775808", "9223372036854775807",
                            "9223372036854775808");
  check_range<std::uint64_t>("-1", "0", "18446744073709551615", "18446744073709551616");
  check_range<std::size_t>("-1", "0", "18446744073709551615", "99999999999999999999999999");
}

TEST_CASE("only a whole text of digits is a number") {
  for (const auto text : {""sv, " "sv, "-"sv, "+"sv, "+1"sv, " 1"sv, "1 "sv, "1\n"sv, "\t1"sv, "1.0"sv, "1e3"sv,
                          "0x10"sv, "1_000"sv, "1,000"sv, "--1"sv, "- 1"sv, "one"sv, "1\0"sv, "\xD9\xA1"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number<std::int64_t>(text));
    CHECK_FALSE(parse_number<std::uint64_t>(text));
  }
  CHECK_FALSE(parse_number<std::int64_t>(std::string_view{}));
  CHECK_FALSE(parse_number<std::uint32_t>("-0"));
  CHECK(parse_number<std::int32_t>("-0") == 0);
  CHECK(parse_number<std::int32_t>("-42") == -42);
  CHECK(parse_number<std::uint32_t>("0042") == 42U);
  CHECK(parse_number<std::uint32_t>(std::string(40, '0') + "7") == 7U);
}

TEST_CASE("a narrower range holds at both ends") {
  CHECK(parse_number<std::uint32_t>("1", 1, 1'000'000) == 1U);
  CHECK(parse_number<std::uint32_t>("1000000", 1, 1'000'000) == 1'000'000U);
  CHECK_FALSE(parse_number<std::uint32_t>("0", 1, 1'000'000));
  CHECK_FALSE(parse_number<std::uint32_t>("1000001", 1, 1'000'000));
  CHECK(parse_number<int>("-64", -64, 64) == -64);
  CHECK_FALSE(parse_number<int>("-65", -64, 64));
}
