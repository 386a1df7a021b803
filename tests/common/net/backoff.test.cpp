#include "common/net/backoff.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace landfall::net;
using std::chrono::milliseconds;

TEST_CASE("no delay leaves its bounds, whatever the random bits") {
  const auto seed = std::random_device{}();
  INFO("seed ", seed);
  std::mt19937_64 random{seed};
  for (const auto kind : {jitter::full, jitter::decorrelated}) {
    backoff b{{milliseconds{100}, milliseconds{5000}, kind}};
    for (int i = 0; i < 10'000; ++i) {
      const auto extremes = random() % 3;
      const auto bits = extremes == 0 ? 0 : extremes == 1 ? std::numeric_limits<std::uint64_t>::max() : random();
      const auto delay = b.next(bits);
      CHECK(delay <= milliseconds{5000});
      CHECK(delay >= milliseconds{kind == jitter::full ? 0 : 100});
    }
  }
}

TEST_CASE("the first delay is short and the bound doubles until the largest") {
  backoff b{{milliseconds{100}, milliseconds{1000}, jitter::full}};
  for (const int bound : {100, 200, 400, 800, 1000, 1000}) {
    auto copy = b;
    // The random value just below a multiple of the span gives the bound itself.
    CHECK(b.next(static_cast<std::uint64_t>(bound)) == milliseconds{bound});
    CHECK(copy.next(static_cast<std::uint64_t>(bound) + 1) == milliseconds{0});
  }
  b.reset();
  CHECK(b.tries() == 0);
  CHECK(b.next(100) == milliseconds{100});
}

TEST_CASE("delays do not overflow with the largest bounds") {
  const milliseconds most{std::numeric_limits<std::int64_t>::max() / 2};
  for (const auto kind : {jitter::full, jitter::decorrelated}) {
    backoff b{{milliseconds{1}, most, kind}};
    for (int i = 0; i < 200; ++i) {
      const auto delay = b.next(std::numeric_limits<std::uint64_t>::max() - 7);
      CHECK(delay >= milliseconds{0});
      CHECK(delay <= most);
    }
  }
}

TEST_CASE("contradictory bounds give the smaller one") {
  backoff b{{milliseconds{500}, milliseconds{100}, jitter::full}};
  CHECK(b.next(100) == milliseconds{100});
  backoff c{{milliseconds{500}, milliseconds{100}, jitter::decorrelated}};
  CHECK(c.next(7) <= milliseconds{500});
}
