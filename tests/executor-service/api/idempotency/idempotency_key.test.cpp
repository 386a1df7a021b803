#include "executor-service/api/idempotency/idempotency_key.hpp"

#include <doctest/doctest.h>

#include <string>

namespace landfall::executor::api {
namespace {

TEST_SUITE("idempotency_key") {
  TEST_CASE("an idempotency key is printable and bounded") {
    CHECK(is_idempotency_key("a"));
    CHECK(is_idempotency_key(std::string(255, 'k')));
    CHECK_FALSE(is_idempotency_key(""));
    CHECK_FALSE(is_idempotency_key(std::string(256, 'k')));
    CHECK_FALSE(is_idempotency_key("a\nb"));
    CHECK_FALSE(is_idempotency_key("\xc3\xa9"));
  }
}

}  // namespace
}  // namespace landfall::executor::api
