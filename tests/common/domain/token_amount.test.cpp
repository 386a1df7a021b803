#include "common/domain/token_amount.hpp"

#include <doctest/doctest.h>

using landfall::domain::token_amount;

TEST_CASE("amounts are plain decimal digits within 64 bits") {
  CHECK(token_amount::parse("0") == token_amount{0});
  CHECK(token_amount::parse("18446744073709551615") == token_amount{~0ULL});
  for (const char* text : {"", "-1", "+1", "01", "1.0", "1e3", " 1", "18446744073709551616", "99999999999999999999999"})
    CHECK_MESSAGE(!token_amount::parse(text), text);
}

TEST_CASE("sums and differences that do not fit are nothing") {
  CHECK(token_amount{5}.minus(token_amount{7}) == std::nullopt);
  CHECK(token_amount{7}.minus(token_amount{5}) == token_amount{2});
  CHECK(token_amount{~0ULL}.plus(token_amount{1}) == std::nullopt);
}
