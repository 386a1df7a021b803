// landfall-simulate: runs seeds, or tells the story of one.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/simulation/world.hpp"

namespace {

constexpr const char* usage =
    "landfall-simulate [--seeds N] [--seed S] [--mutant NAME] [--story]\n"
    "  --seeds N      run N schedules, from the base seed on (default 1000; 1 with --seed and --story)\n"
    "  --seed S       the base seed (default 1)\n"
    "  --mutant NAME  break one safety rule on purpose; stops at the first seed that shows it\n"
    "  --mutants      list the rules that can be broken\n"
    "  --story        print what happens, line by line\n"
    "Exit status: 0 no rule was broken, 1 one was, 2 wrong usage.\n";

}  // namespace

int main(int argc, char** argv) {
  using namespace landfall::simulation;
  std::uint64_t seed = 1;
  std::uint64_t seeds = 0;
  bool story = false;
  auto broken = mutant::none;
  bool as_stuck = false;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool has_value = i + 1 < argc;
    if (flag == "--help") {
      std::fputs(usage, stdout);
      return 0;
    }
    if (flag == "--mutants") {
      for (const auto& row : mutants)
        std::printf("%-30s %s\n", std::string{row.name}.c_str(), std::string{row.breaks}.c_str());
      return 0;
    }
    if (flag == "--story") {
      story = true;
    } else if (flag == "--seed" && has_value) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (flag == "--seeds" && has_value) {
      seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (flag == "--mutant" && has_value) {
      const std::string name = argv[++i];
      for (const auto& row : mutants)
        if (row.name == name) {
          broken = row.which;
          as_stuck = row.shows_as_stuck;
        }
      if (broken == mutant::none) {
        std::fprintf(stderr, "no mutant is called %s\n", name.c_str());
        return 2;
      }
    } else {
      std::fputs(usage, stderr);
      return 2;
    }
  }
  if (seeds == 0)
    seeds = story ? 1 : 1'000;

  const auto began = std::chrono::steady_clock::now();
  std::uint64_t events = 0;
  std::uint64_t failures = 0;
  run_result total;
  std::uint64_t done = 0;
  for (std::uint64_t n = 0; n < seeds; ++n) {
    const auto r = world{seed + n, broken, story}.run();
    ++done;
    events += r.events;
    total.simulated_ms += r.simulated_ms;
    total.signed_attempts += r.signed_attempts;
    total.dead_attempts += r.dead_attempts;
    total.filled += r.filled;
    total.refunded += r.refunded;
    total.refused_writes += r.refused_writes;
    if (r.broken.empty() || (broken != mutant::none && r.stuck != as_stuck))
      continue;
    std::printf("seed %" PRIu64 ": %s\n", seed + n, r.broken.c_str());
    if (++failures >= 20 || broken != mutant::none)
      break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%" PRIu64
              " schedules in %.1f s, %.0f a second, %.0f events and %.0f simulated seconds each; %zu signed, "
              "%zu dead, %zu filled, %zu refunded, %zu writes refused; %" PRIu64 " broken\n",
              done, took.count(), static_cast<double>(done) / took.count(),
              static_cast<double>(events) / static_cast<double>(done),
              static_cast<double>(total.simulated_ms) / 1000.0 / static_cast<double>(done), total.signed_attempts,
              total.dead_attempts, total.filled, total.refunded, total.refused_writes, failures);
  return failures == 0 ? 0 : 1;
}
