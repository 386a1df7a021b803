#include "common/solana/base64.hpp"

#include <doctest/doctest.h>

#include "tests/common/solana/hex.hpp"

using namespace landfall::solana;

TEST_SUITE_BEGIN("common/solana/base64");

TEST_CASE("base64 agrees with RFC 4648") {
  const std::pair<const char*, const char*> known[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, text] : known) {
    CAPTURE(text);
    const byte_view data = view_of(plain);
    CHECK(base64_encode(data) == text);
    CHECK(base64_decode(text, 6).value() == bytes(data.begin(), data.end()));
  }
  CHECK(base64_encode(bytes(1232)).size() == 1644);
}

TEST_CASE("base64 refuses everything but the canonical form") {
  for (const char* text :
       {"Zg", "Zg=", "Zg= =", "Zh==", "Zm9=", "Zm9v\n", "Z-9v", "Z_9v", "====", "Zg==Zg==", " Zg=="}) {
    CAPTURE(text);
    const auto decoded = base64_decode(text, 100);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error() == base64_error::malformed);
  }
}

TEST_CASE("base64 decoding stops at the caller's bound") {
  CHECK(base64_decode("Zm9v", 3));
  CHECK(base64_decode("Zm9v", 2).error() == base64_error::too_long);
  CHECK(base64_decode("Zg==", 1));
  CHECK(base64_decode("Zg==", 0).error() == base64_error::too_long);
  CHECK(base64_decode(std::string(4'000'000, 'A'), 1232).error() == base64_error::too_long);
}

TEST_SUITE_END();
