#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/simulation/world.hpp"

using namespace landfall::simulation;

namespace {

/// The environment chooses other seeds, or more of them.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

const std::uint64_t base_seed = number_from("LANDFALL_SIMULATION_SEED", 1);

constexpr std::uint64_t most_seeds_for_a_mutant = 60'000;

}  // namespace

TEST_CASE("no schedule breaks a rule") {
  const auto seeds = number_from("LANDFALL_SIMULATION_SEEDS", 200'000);
  run_result all;
  for (std::uint64_t n = 0; n < seeds; ++n) {
    const auto r = world{base_seed + n, mutant::none, false}.run();
    CHECK_MESSAGE(r.broken.empty(), r.broken, "; replay: landfall-simulate --seed ", base_seed + n, " --story");
    all.events += r.events;
    all.signed_attempts += r.signed_attempts;
    all.dead_attempts += r.dead_attempts;
    all.filled += r.filled;
    all.handed_over += r.handed_over;
    all.filled_by_maker += r.filled_by_maker;
    all.refunded += r.refunded;
    all.refused_writes += r.refused_writes;
  }
  MESSAGE("base seed ", base_seed, ", ", seeds, " schedules, ", all.events, " events, ", all.signed_attempts,
          " signed, ", all.dead_attempts, " dead, ", all.filled, " filled, ", all.handed_over, " handed to a maker, ",
          all.filled_by_maker, " filled by it, ", all.refunded, " refunded, ", all.refused_writes, " writes refused");
  // A world in which nothing happens breaks no rule either.
  CHECK(all.filled > seeds / 2);
  CHECK(all.refunded > seeds / 20);
  CHECK(all.handed_over > seeds / 10);
  CHECK(all.filled_by_maker > seeds / 20);
  CHECK(all.dead_attempts > seeds / 20);
  CHECK(all.refused_writes > seeds / 20);
}

TEST_CASE("each broken rule is found") {
  for (const auto& row : mutants) {
    std::uint64_t found_by = 0;
    std::string shown;
    for (std::uint64_t seed = 1; seed <= most_seeds_for_a_mutant && found_by == 0; ++seed) {
      const auto r = world{seed, row.which, false}.run();
      if (!r.broken.empty() && r.stuck == row.shows_as_stuck) {
        found_by = seed;
        shown = r.broken;
      }
    }
    const std::string name{row.name};
    CHECK_MESSAGE(found_by != 0, name, " is not found by ", most_seeds_for_a_mutant, " seeds");
    MESSAGE(name, " is found by seed ", found_by, ": ", shown);
  }
}

TEST_CASE("a seed means the same run every time") {
  for (std::uint64_t n = 0; n < 200; ++n) {
    const auto once = world{base_seed + n, mutant::none, false}.run();
    const auto again = world{base_seed + n, mutant::none, false}.run();
    CHECK(once.broken == again.broken);
    CHECK(once.events == again.events);
    CHECK(once.simulated_ms == again.simulated_ms);
    CHECK(once.signed_attempts == again.signed_attempts);
  }
}
