#include "common/solana/base58.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <random>

#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

namespace {

std::optional<bytes> base58_decode(std::string_view text, std::size_t max_len) {
  bytes out(max_len);
  const auto length = detail::base58_decode_into(text, out);
  if (!length)
    return std::nullopt;
  out.resize(*length);
  return out;
}

}  // namespace

TEST_SUITE_BEGIN("common/solana/base58");

TEST_CASE("base58 agrees with known values") {
  const std::pair<const char*, const char*> known[] = {
      {"", ""},     {"00", "1"},        {"0000", "11"},
      {"61", "2g"}, {"626262", "a3gV"}, {"0000287fb4cd", "11233QC4"},
      {"ff", "5Q"}, {"0001", "12"},     {"73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"},
  };
  for (const auto& [hex, text] : known) {
    CAPTURE(text);
    CHECK(base58_encode(from_hex(hex)) == text);
    const auto decoded = base58_decode(text, 64);
    REQUIRE(decoded);
    CHECK(*decoded == from_hex(hex));
  }
}

TEST_CASE("base58 refuses foreign characters") {
  for (const char* text : {"0", "O", "I", "l", " ", "1 1", "a+", "\xc3\xa9"}) {
    CAPTURE(text);
    CHECK_FALSE(base58_decode(text, 64));
  }
  CHECK_FALSE(base58_decode(std::string_view{"1\0", 2}, 64));
}

TEST_CASE("base58 decoding stops at the caller's bound") {
  CHECK(base58_decode("11", 2));
  CHECK_FALSE(base58_decode("111", 2));
  CHECK(base58_decode("5Q", 1));
  CHECK_FALSE(base58_decode("5R", 1));
  CHECK_FALSE(base58_decode(std::string(1'000'000, 'z'), 1'232));
  const bytes longest(1'232, 0xff);
  CHECK(base58_decode(base58_encode(longest), longest.size()).value() == longest);
  CHECK(base58_decode("", 0).value().empty());
}

TEST_CASE("base58 gives back every byte string of every short length") {
  constexpr unsigned seed = 20'240'601;
  CAPTURE(seed);
  std::mt19937 random{seed};
  for (std::size_t length = 0; length <= 100; ++length)
    for (int i = 0; i < 20; ++i) {
      bytes data(length);
      for (auto& byte : data)
        byte = static_cast<std::uint8_t>(random());
      const std::size_t zeros = length == 0 ? 0 : random() % (length + 1);
      if (i % 2 == 0)
        std::fill_n(data.begin(), zeros, std::uint8_t{0});
      const auto decoded = base58_decode(base58_encode(data), length);
      REQUIRE(decoded);
      REQUIRE(*decoded == data);
    }
}

TEST_SUITE_END();
