#include "common/solana/short_vec.hpp"

#include <doctest/doctest.h>

#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

TEST_SUITE_BEGIN("common/solana/short_vec");

TEST_CASE("compact-u16 agrees with the known values") {
  const std::pair<std::uint16_t, const char*> known[] = {
      {0x0000, "00"},   {0x007f, "7f"},   {0x0080, "8001"},   {0x00ff, "ff01"},   {0x0100, "8002"},
      {0x07ff, "ff0f"}, {0x3fff, "ff7f"}, {0x4000, "808001"}, {0x7fff, "ffff01"}, {0xffff, "ffff03"},
  };
  for (const auto& [value, hex] : known) {
    CAPTURE(hex);
    bytes out;
    append_short_length(out, value);
    CHECK(to_hex(out) == hex);
    out.push_back(0xaa);
    CHECK(decode_short_length(out).value() == short_length{value, out.size() - 1});
  }
}

TEST_CASE("compact-u16 refuses longer forms, overflow and missing bytes") {
  for (const char* hex : {"8000", "808000", "ff00", "ff8000", "808100", "80808000", "808004", "808006", "ffff04"}) {
    CAPTURE(hex);
    CHECK(decode_short_length(from_hex(hex)).error() == wire_error::bad_compact_u16);
  }
  for (const char* hex : {"", "80", "8080", "ffff"}) {
    CAPTURE(hex);
    CHECK(decode_short_length(from_hex(hex)).error() == wire_error::truncated);
  }
}

TEST_CASE("compact-u16 gives back every value and has one form for each") {
  for (std::uint32_t value = 0; value <= 0xffff; ++value) {
    bytes out;
    append_short_length(out, static_cast<std::uint16_t>(value));
    const auto decoded = decode_short_length(out);
    REQUIRE(decoded);
    REQUIRE(decoded->value == value);
    REQUIRE(decoded->size == out.size());
  }
  for (std::uint32_t raw = 0; raw <= 0xffffff; raw += 7) {
    const bytes data{static_cast<std::uint8_t>(raw), static_cast<std::uint8_t>(raw >> 8U),
                     static_cast<std::uint8_t>(raw >> 16U)};
    const auto decoded = decode_short_length(data);
    if (!decoded)
      continue;
    bytes out;
    append_short_length(out, decoded->value);
    REQUIRE(out == bytes(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(decoded->size)));
  }
}

TEST_SUITE_END();
