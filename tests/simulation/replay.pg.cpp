// The simulation's rules against PostgreSQL's: what simulated schedules write is written to a migrated database too,
// refused writes included, and both have to say the same.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "tests/migrations/attack.hpp"
#include "tests/simulation/postgres_replay.hpp"

using namespace landfall;
using simulation::postgres_replay;

namespace {

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : std::optional{std::strtoull(text, nullptr, 10)};
}

const std::uint64_t base_seed = number_from("LANDFALL_SIMULATION_SEED").value_or(1);
/// Without a number from outside: as many as fit into a minute, and no fewer than these.
const std::optional<std::uint64_t> wanted_schedules = number_from("LANDFALL_REPLAY_SCHEDULES");
constexpr std::uint64_t fewest_schedules = 300;
constexpr std::chrono::seconds short_form{60};

}  // namespace

TEST_CASE("PostgreSQL gives every write of a schedule the verdict that the simulation gives it") {
  tests::scratch_database scratch;
  postgres_replay replay{scratch};
  const auto began = std::chrono::steady_clock::now();
  const auto goes_on = [&](std::uint64_t done) {
    if (wanted_schedules)
      return done < *wanted_schedules;
    return done < fewest_schedules || std::chrono::steady_clock::now() - began < short_form;
  };
  std::uint64_t done = 0;
  std::string difference;
  for (; difference.empty() && goes_on(done); ++done)
    difference = replay.run(base_seed + done, false);
  const auto last = done - 1;
  if (!difference.empty())
    (void)replay.run(base_seed + last, true);
  CHECK_MESSAGE(difference.empty(), "seed ", base_seed + last, ", story above: ", difference);
  std::string counts;
  for (const auto& [verdict, count] : replay.verdicts())
    counts += ", " + verdict + " " + std::to_string(count);
  MESSAGE("seeds ", base_seed, " to ", base_seed + last, counts);
  // Schedules in which nothing is refused compare little.
  for (const std::string verdict :
       {"claim", "commit of attempt", "commit of broadcast", "deposit", "opening", "decision", "hold", "renewal",
        "not renewed", "nothing due", "LF001", "LF002", "LF003", "LF007", "LF008", "LF009", "23505", "23514"})
    CHECK_MESSAGE(replay.verdicts().contains(verdict), verdict, " never came up");
}

TEST_CASE("a rule that PostgreSQL does not keep is noticed") {
  const std::pair<std::string, std::string> mutations[] = {
      {"the lease epoch of a write to an order",
       tests::edit_function("price_order_check_lease", "carried_epoch is distinct from new.lease_epoch", "false")},
      {"the lease epoch of a new attempt",
       tests::edit_function("attempt_create", "new.lease_epoch <> target.lease_epoch", "false")},
      {"the end of a lease",
       tests::edit_function("price_order_check_transition", "old.lease_until <= rule_time()", "false")},
      {"a hold", tests::edit_function("price_order_check_transition", "old.held_at is not null and", "false and")},
  };
  for (const auto& [rule, mutation] : mutations) {
    INFO(rule);
    tests::scratch_database scratch;
    postgres_replay replay{scratch};
    REQUIRE(tests::sqlstate_of(*scratch.connect_as_admin(), mutation) == "");
    std::string difference;
    std::uint64_t seed = base_seed;
    for (; difference.empty() && seed < base_seed + fewest_schedules; ++seed)
      difference = replay.run(seed, false);
    CHECK(!difference.empty());
    MESSAGE(rule, " is missed by seed ", seed - 1, ": ", difference);
  }
}
