#pragma once

#include "tests/simulation/agenda.hpp"
#include "tests/simulation/random.hpp"

namespace landfall::simulation {

inline constexpr int max_orders = 3;
inline constexpr int max_endpoints = 3;

/// How one endpoint lies while faults last. Never all of them: a certificate needs two, and believes one of two
/// nothing.
enum class lie { none, denies, height_too_high };

/// What goes wrong in one run, and how often: drawn from the seed before the run begins. Each kind of fault is off in
/// many runs, so that rare meetings of the others are not drowned by it. Rates are per mille, times in milliseconds.
struct schedule {
  int orders = 1;
  int processes = 2;
  int endpoints = 2;

  std::int64_t block_ms = 400;
  std::uint64_t finalized_depth = 31;
  std::uint64_t confirmed_depth = 2;
  int fork = 0;
  int deep_fork = 0;
  int skipped_slot = 50;
  int send_dropped = 0;
  int bad_luck = 0;
  int slippage = 0;
  int short_fill = 0;
  int dust = 0;

  int rpc_error = 0;
  int lagging = 0;
  std::uint64_t lag_blocks = 0;
  int dead_branch = 0;
  lie lying = lie::none;

  int commit_in_doubt = 0;
  int database_down = 0;
  std::int64_t database_ms = 5;
  int router_trouble = 0;

  /// How often a market maker pays more than the router, and does not do as it says.
  int maker = 0;
  int maker_trouble = 0;
  /// An index of signatures behind the bank it indexes.
  int index_lagging = 0;
  std::uint64_t index_lag_blocks = 0;

  /// Of each kind, in one process.
  int build_permits = 1;

  std::int64_t crash_every = 0;
  std::int64_t pause_every = 0;
  std::int64_t longest_pause = 0;
  std::int64_t clock_jump_every = 0;
  std::int64_t hold_every = 0;
  int stale_evidence = 0;

  std::int64_t faults_ms = 60'000;
  std::int64_t lease_ms = 6'000;
  std::int64_t claim_poll_ms = 1'000;
  std::int64_t status_poll_ms = 800;

  /// After faults cease every order has this long to reach its end.
  std::int64_t calm_ms = 600'000;
};

inline schedule draw_schedule(random& r) {
  const auto sometimes = [&](int permille, int most) {
    return r.chance(permille) ? static_cast<int>(r.between(1, most)) : 0;
  };
  const auto every = [&](int permille, std::int64_t least, std::int64_t most) {
    return r.chance(permille) ? r.between(least, most) : std::int64_t{0};
  };
  schedule s;
  s.orders = r.chance(850) ? 1 : static_cast<int>(r.between(2, max_orders));
  s.processes = r.chance(150) ? 1 : r.chance(850) ? 2 : 3;
  s.endpoints = r.chance(150) ? 1 : r.chance(800) ? 2 : 3;
  s.block_ms = r.between(2, 4) * 100;
  s.finalized_depth = static_cast<std::uint64_t>(r.chance(300) ? 31 : r.between(4, 16));
  s.confirmed_depth = static_cast<std::uint64_t>(r.between(1, 3));
  s.fork = sometimes(600, 60);
  s.deep_fork = sometimes(500, 500);
  s.send_dropped = r.chance(500) ? static_cast<int>(r.between(100, 1000)) : 0;
  s.bad_luck = sometimes(600, 500);
  s.slippage = sometimes(400, 500);
  s.short_fill = r.chance(30) ? 500 : 0;
  s.dust = sometimes(400, 100);
  s.rpc_error = sometimes(600, 600);
  s.lagging = sometimes(600, 700);
  s.lag_blocks = static_cast<std::uint64_t>(r.chance(700) ? r.between(1, 12) : r.between(20, 220));
  s.dead_branch = sometimes(500, 300);
  if (s.endpoints > 1 && r.chance(400))
    s.lying = r.chance(500) ? lie::denies : lie::height_too_high;
  s.commit_in_doubt = sometimes(400, 100);
  s.database_down = sometimes(300, 100);
  s.database_ms = r.chance(800) ? 5 : r.between(50, 1'500);
  s.router_trouble = sometimes(400, 400);
  s.crash_every = every(500, 2'000, 20'000);
  s.pause_every = every(500, 3'000, 20'000);
  s.longest_pause = r.chance(800) ? 15'000 : 90'000;
  s.clock_jump_every = every(300, 5'000, 30'000);
  s.hold_every = every(100, 10'000, 40'000);
  s.stale_evidence = sometimes(200, 300);
  s.faults_ms = r.between(20'000, 90'000);
  s.lease_ms = r.between(3, 10) * 1'000;
  s.maker = r.chance(400) ? static_cast<int>(r.between(300, 1000)) : 0;
  s.maker_trouble = r.chance(700) ? static_cast<int>(r.between(200, 1000)) : 0;
  s.index_lagging = r.chance(500) ? static_cast<int>(r.between(100, 1000)) : 0;
  s.index_lag_blocks = static_cast<std::uint64_t>(r.chance(700) ? r.between(1, 20) : r.between(20, 220));
  s.build_permits = r.chance(500) ? 1 : max_orders;
  return s;
}

}  // namespace landfall::simulation
