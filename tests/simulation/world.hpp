#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor-service/order/core/engine.hpp"
#include "tests/simulation/agenda.hpp"
#include "tests/simulation/chain.hpp"
#include "tests/simulation/checker.hpp"
#include "tests/simulation/database.hpp"
#include "tests/simulation/identity.hpp"
#include "tests/simulation/maker.hpp"
#include "tests/simulation/mutants.hpp"
#include "tests/simulation/schedule.hpp"

namespace landfall::simulation {

class process;

struct run_result {
  /// The rule that was broken, or empty.
  std::string broken;
  /// It is only that an order never ended; nothing went where it should not.
  bool stuck = false;
  std::uint64_t events = 0;
  std::int64_t simulated_ms = 0;
  std::size_t signed_attempts = 0;
  std::size_t dead_attempts = 0;
  std::size_t handed_over = 0;
  std::size_t filled_by_maker = 0;
  std::size_t filled = 0;
  std::size_t refunded = 0;
  std::size_t refused_writes = 0;
};

/// Everything of one run. Of one seed there is one run.
class world {
public:
  world(std::uint64_t seed, mutant broken, bool telling);
  ~world();

  run_result run();

  // What the parts of the world work with.
  agenda time;
  random dice;
  const schedule plan;
  simulation::chain chain;
  simulation::checker checker;
  simulation::database database;
  simulation::maker maker;
  executor::engine_policy policy;
  run_result result;

  [[nodiscard]] bool calm() const {
    return time.now() >= calm_at_;
  }
  [[nodiscard]] bool is(mutant m) const {
    return executor::mutated(m);
  }
  [[nodiscard]] bool goes_wrong(int permille) {
    return !calm() && dice.chance(permille);
  }
  [[nodiscard]] std::int64_t network_ms() {
    return goes_wrong(20) ? dice.between(300, 3'000) : dice.between(5, 60);
  }

  // One endpoint's answers, each from a backend of its own choice.
  struct height_and_slot {
    std::uint64_t height = 0;
    std::uint64_t slot = 0;
  };
  struct status_answer {
    std::uint64_t context_slot = 0;
    std::optional<executor::signature_status> status;
  };
  struct account_answer {
    std::size_t endpoint = 0;
    std::uint64_t slot = 0;
    bank_account account;
  };
  [[nodiscard]] chain_view backend();
  std::optional<height_and_slot> finalized_of(std::size_t endpoint);
  /// `view` and `lies` are those of one call about many signatures.
  status_answer status_of(std::size_t endpoint, const chain_view& view, bool lies, std::size_t transaction);
  /// From whichever endpoint answers with a bank of this slot or later, at `confirmed`.
  std::optional<account_answer> read_account(std::size_t order, std::optional<std::uint64_t> min_slot);
  /// The order account's signatures at one endpoint, in a bank of this slot or later, as far as its index goes.
  std::optional<status_answer> history_of(std::size_t endpoint, std::uint64_t min_slot, std::size_t transaction);
  /// The account as one endpoint has it, in a bank of this slot or later, at `confirmed`.
  std::optional<account_answer> account_at(std::size_t endpoint, std::uint64_t min_slot, std::size_t order);
  void send(std::size_t transaction);

  /// One line of the story.
  template <class... Parts>
  void tell(const Parts&... parts) {
    if (telling_)
      say((text(parts) + ...));
  }
  [[nodiscard]] bool telling() const {
    return telling_;
  }

private:
  static std::string text(std::string_view s) {
    return std::string{s};
  }
  template <class Number>
  requires std::is_arithmetic_v<Number>
  static std::string text(Number n) {
    return std::to_string(n);
  }
  void say(const std::string& line) const;

  void set_up();
  void next_block();
  void services();
  void serve_order(stored_order& o);
  void holds();
  [[nodiscard]] bool all_at_end() const;
  void finish();

  bool telling_;
  instant began_;
  instant calm_at_;
  std::vector<std::unique_ptr<process>> processes_;
  bank at_first_;
};

}  // namespace landfall::simulation
