#include "executor-service/api/http/request_limiter.hpp"

#include <doctest/doctest.h>

namespace landfall::executor::api {
namespace {

using namespace std::chrono_literals;

const auto start = domain::from_unix_ms(1'800'000'000'000);

TEST_SUITE("rate_limit") {
  TEST_CASE("a burst passes, then one call each interval") {
    request_limiter limiter{{.per_second = 2, .burst = 3}};
    for (int i = 0; i < 3; ++i)
      CHECK_FALSE(limiter.refuse("w", start));
    CHECK(limiter.refuse("w", start) == 500ms);
    CHECK(limiter.refuse("w", start + 499ms) == 1ms);
    CHECK_FALSE(limiter.refuse("w", start + 500ms));
    CHECK(limiter.refuse("w", start + 500ms).has_value());
  }

  TEST_CASE("calls that nobody made are kept only up to the burst") {
    request_limiter limiter{{.per_second = 1000, .burst = 2}};
    CHECK_FALSE(limiter.refuse("w", start));
    const auto later = start + std::chrono::hours{24 * 365 * 100};
    CHECK_FALSE(limiter.refuse("w", later));
    CHECK_FALSE(limiter.refuse("w", later));
    CHECK(limiter.refuse("w", later).has_value());
  }

  TEST_CASE("keys do not share") {
    request_limiter limiter{{.per_second = 1, .burst = 1}};
    CHECK_FALSE(limiter.refuse("a", start));
    CHECK_FALSE(limiter.refuse("b", start));
    CHECK(limiter.refuse("a", start).has_value());
  }

  TEST_CASE("a clock that runs backwards gives nothing back") {
    request_limiter limiter{{.per_second = 1, .burst = 1}};
    CHECK_FALSE(limiter.refuse("a", start));
    CHECK(limiter.refuse("a", start - 1h).has_value());
  }

  TEST_CASE("memory is bounded by forgetting full buckets first") {
    request_limiter limiter{{.per_second = 1, .burst = 2, .max_keys = 3}};
    CHECK_FALSE(limiter.refuse("busy", start));
    CHECK_FALSE(limiter.refuse("busy", start + 1ms));
    CHECK_FALSE(limiter.refuse("idle", start - 1h));
    CHECK_FALSE(limiter.refuse("idle2", start - 1h));
    CHECK_FALSE(limiter.refuse("fresh", start + 2ms));
    CHECK(limiter.refuse("busy", start + 3ms).has_value());
  }

  TEST_CASE("0 switches it off") {
    request_limiter limiter{{.per_second = 0, .burst = 1}};
    for (int i = 0; i < 1000; ++i)
      CHECK_FALSE(limiter.refuse("w", start));
  }
}

}  // namespace
}  // namespace landfall::executor::api
