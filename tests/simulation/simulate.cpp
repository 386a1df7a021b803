// landfall-simulate: runs seeds, prints the story of one, or finds the seed that shows each broken rule.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "tests/simulation/world.hpp"

namespace {

using namespace landfall::simulation;

constexpr const char* usage =
    "landfall-simulate [--seeds N] [--seed S] [--mutant NAME | --mutants] [--story]\n"
    "  --seeds N      run N schedules, from the base seed on (default 1000; 1 with --story; 60000 for a mutant)\n"
    "  --seed S       the base seed (default 1)\n"
    "  --mutant NAME  break one safety rule on purpose; stops at the first seed that shows it\n"
    "  --mutants      the same for every rule, one after the other\n"
    "  --list         name the rules that can be broken\n"
    "  --story        print what happens, line by line\n"
    "Progress is on stderr every two seconds. The first seed that breaks a rule is told as a story at the end.\n"
    "Exit status: 0 no rule was broken (--mutants: every broken rule was found), 1 otherwise, 2 wrong usage.\n";

constexpr std::uint64_t most_failures_told = 20;
constexpr std::uint64_t seeds_by_default = 1'000;
constexpr std::uint64_t seeds_for_a_mutant = 60'000;
constexpr std::chrono::seconds progress_interval{2};

struct options {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 0;
  bool story = false;
  bool every_mutant = false;
  std::optional<mutant_row> broken;
};

/// What was run so far; says so from time to time.
class tally {
public:
  void add(const run_result& r) {
    ++schedules_;
    total_.events += r.events;
    total_.simulated_ms += r.simulated_ms;
    total_.signed_attempts += r.signed_attempts;
    total_.dead_attempts += r.dead_attempts;
    total_.filled += r.filled;
    total_.handed_over += r.handed_over;
    total_.filled_by_maker += r.filled_by_maker;
    total_.refunded += r.refunded;
    total_.refused_writes += r.refused_writes;
  }

  void tell_progress(std::uint64_t seed, const std::string& about) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < progress_interval)
      return;
    told_ = now;
    std::fprintf(stderr, "%s: %" PRIu64 " schedules in %.0f s, at seed %" PRIu64 "\n", about.c_str(), schedules_,
                 seconds(now), seed);
  }

  void print(std::uint64_t broken) const {
    const auto took = seconds(std::chrono::steady_clock::now());
    const auto n = static_cast<double>(schedules_);
    std::printf(
        "%" PRIu64
        " schedules in %.1f s, %.0f a second, %.0f events and %.0f simulated seconds each; %zu signed, "
        "%zu dead, %zu filled, %zu handed to a maker, %zu filled by it, %zu refunded, %zu writes refused; %" PRIu64
        " broken\n",
        schedules_, took, n / took, static_cast<double>(total_.events) / n,
        static_cast<double>(total_.simulated_ms) / 1000.0 / n, total_.signed_attempts, total_.dead_attempts,
        total_.filled, total_.handed_over, total_.filled_by_maker, total_.refunded, total_.refused_writes, broken);
  }

private:
  [[nodiscard]] double seconds(std::chrono::steady_clock::time_point now) const {
    return std::chrono::duration<double>(now - began_).count();
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point told_ = began_;
  std::uint64_t schedules_ = 0;
  run_result total_;
};

std::optional<mutant_row> find_mutant(const std::string& name) {
  for (const auto& row : mutants)
    if (row.name == name)
      return row;
  return std::nullopt;
}

/// The first seed that shows the broken rule, as that rule shows.
std::optional<std::uint64_t> seed_that_shows(const mutant_row& row, const options& o, tally& counts) {
  const auto seeds = o.seeds == 0 ? seeds_for_a_mutant : o.seeds;
  for (std::uint64_t n = 0; n < seeds; ++n) {
    const auto r = world{o.seed + n, row.which, o.story}.run();
    counts.add(r);
    counts.tell_progress(o.seed + n, std::string{row.name});
    if (!r.broken.empty() && r.stuck == row.shows_as_stuck) {
      std::printf("%-30s seed %" PRIu64 ": %s\n", std::string{row.name}.c_str(), o.seed + n, r.broken.c_str());
      return o.seed + n;
    }
  }
  std::printf("%-30s not found by %" PRIu64 " seeds from %" PRIu64 " on; it breaks: %s\n",
              std::string{row.name}.c_str(), seeds, o.seed, std::string{row.breaks}.c_str());
  return std::nullopt;
}

int find_every_mutant(const options& o) {
  tally counts;
  std::uint64_t found = 0;
  for (const auto& row : mutants)
    found += seed_that_shows(row, o, counts) ? 1 : 0;
  std::printf("%" PRIu64 " of %zu broken rules found\n", found, mutants.size());
  counts.print(found);
  return found == mutants.size() ? 0 : 1;
}

int search_history(const mutant_row& row, const options& o) {
  tally counts;
  const auto seed = seed_that_shows(row, o, counts);
  counts.print(seed ? 1 : 0);
  return seed ? 1 : 0;
}

int run_seeds(const options& o) {
  const auto seeds = o.seeds != 0 ? o.seeds : o.story ? 1 : seeds_by_default;
  tally counts;
  std::uint64_t failures = 0;
  std::optional<std::uint64_t> first;
  for (std::uint64_t n = 0; n < seeds && failures < most_failures_told; ++n) {
    const auto r = world{o.seed + n, mutant::none, o.story}.run();
    counts.add(r);
    counts.tell_progress(o.seed + n, "simulating");
    if (r.broken.empty())
      continue;
    ++failures;
    if (!first)
      first = o.seed + n;
    std::printf("seed %" PRIu64 ": %s\n", o.seed + n, r.broken.c_str());
  }
  if (first && !o.story) {
    std::printf("\nthe story of seed %" PRIu64 " (again: --seed %" PRIu64 " --story)\n", *first, *first);
    (void)world{*first, mutant::none, true}.run();
  }
  counts.print(failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool has_value = i + 1 < argc;
    if (flag == "--help") {
      std::fputs(usage, stdout);
      return 0;
    }
    if (flag == "--list") {
      for (const auto& row : mutants)
        std::printf("%-30s %s\n", std::string{row.name}.c_str(), std::string{row.breaks}.c_str());
      return 0;
    }
    if (flag == "--story") {
      o.story = true;
    } else if (flag == "--mutants") {
      o.every_mutant = true;
    } else if (flag == "--seed" && has_value) {
      o.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (flag == "--seeds" && has_value) {
      o.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (flag == "--mutant" && has_value) {
      const std::string name = argv[++i];
      o.broken = find_mutant(name);
      if (!o.broken) {
        std::fprintf(stderr, "no mutant is called %s; --list names them\n", name.c_str());
        return 2;
      }
    } else {
      std::fputs(usage, stderr);
      return 2;
    }
  }
  if ((o.every_mutant || o.broken) && !landfall::executor::mutants_compiled_in) {
    std::fputs("no rule can be broken in a build without fault points\n", stderr);
    return 2;
  }
  if (o.every_mutant)
    return find_every_mutant(o);
  return o.broken ? search_history(*o.broken, o) : run_seeds(o);
}
