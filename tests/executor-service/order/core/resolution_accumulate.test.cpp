// What is kept of what the endpoints said.
#include <doctest/doctest.h>

#include "tests/executor-service/order/core/resolution_answers.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE("answers that go back in time change nothing") {
  observation_set set;
  CHECK(accumulate(set, denies("a", 900)));
  const auto before = set;
  auto lower_slot = denies("a", 900);
  --lower_slot.status_context_slot;
  auto lower_finalized = denies("a", 900);
  --lower_finalized.finalized_slot;
  CHECK_FALSE(accumulate(set, denies("a", 899)));
  CHECK_FALSE(accumulate(set, lower_slot));
  CHECK_FALSE(accumulate(set, lower_finalized));
  CHECK(set == before);
  CHECK(accumulate(set, denies("b", 899)));
}

TEST_CASE("of two balances at one slot the lower counts, and no older one") {
  observation_set set;
  CHECK(accumulate(set, holds(100, 7)));
  CHECK_FALSE(accumulate(set, holds(99, 1)));
  CHECK_FALSE(accumulate(set, holds(100, 8)));
  CHECK(accumulate(set, holds(100, 6)));
  CHECK(accumulate(set, holds(101, 9)));
  CHECK(set.balance == holds(101, 9));
}

}  // namespace landfall::executor
