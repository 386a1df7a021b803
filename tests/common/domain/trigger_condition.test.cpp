#include "common/domain/trigger_condition.hpp"

#include <doctest/doctest.h>

using namespace landfall::domain;

TEST_CASE("a trigger condition holds at the trigger price itself") {
  const auto one = *decimal::parse("1");
  const auto two = *decimal::parse("2");
  CHECK(holds(trigger_condition::above, two, one));
  CHECK(holds(trigger_condition::above, one, one));
  CHECK_FALSE(holds(trigger_condition::above, one, two));
  CHECK(holds(trigger_condition::below, one, two));
  CHECK(holds(trigger_condition::below, one, one));
  CHECK_FALSE(holds(trigger_condition::below, two, one));
}

TEST_CASE("a trigger condition is read back from its name and from nothing else") {
  CHECK(parse_trigger_condition(to_string(trigger_condition::above)) == trigger_condition::above);
  CHECK(parse_trigger_condition(to_string(trigger_condition::below)) == trigger_condition::below);
  CHECK_FALSE(parse_trigger_condition("Above"));
  CHECK_FALSE(parse_trigger_condition(""));
}
