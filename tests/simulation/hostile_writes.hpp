#pragma once

#include <vector>

#include "tests/simulation/database.hpp"
#include "tests/simulation/random.hpp"

namespace landfall::simulation {

/// A unit that no executor would write and that the rules have to judge: old writes again, transitions and attempts
/// out of place, forged outcomes, epochs that are not in force. `last` is what was just written for the order. Its
/// last write finds the row changed, so that nothing of it stays.
[[nodiscard]] write_unit hostile_unit(const stored_order& o, const write_unit& last, instant now, random& dice);

}  // namespace landfall::simulation
