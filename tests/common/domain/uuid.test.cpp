#include "common/domain/uuid.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace landfall::domain;

TEST_CASE("a uuid reads and writes its canonical form") {
  const auto id = order_id::parse("01234567-89AB-cdef-0123-456789abcdef");
  REQUIRE(id);
  CHECK(id->to_string() == "01234567-89ab-cdef-0123-456789abcdef");
  CHECK(id->to_hex() == "0123456789abcdef0123456789abcdef");
  for (const char* text : {"", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdefa",
                           "0123456789abcdef0123456789abcdef", "g1234567-89ab-cdef-0123-456789abcdef",
                           "01234567x89ab-cdef-0123-456789abcdef"})
    CHECK_MESSAGE(!order_id::parse(text), text);
}

TEST_CASE("random ids are of version 4 and do not repeat") {
  std::set<order_id> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto id = order_id::random();
    CHECK(id.to_string()[14] == '4');
    seen.insert(id);
  }
  CHECK(seen.size() == 1'000);
}
