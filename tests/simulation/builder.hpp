#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "executor-service/order/build/core/build_plan.hpp"
#include "tests/simulation/world.hpp"

namespace landfall::simulation {

class process;

/// Keys, tokens and amounts of an order, real enough to build transactions of.
void identify(executor::order& o, std::size_t number);

/// Drives the real plans of `executor-service/order/build/core` with the simulated world's answers. What is signed is
/// read from the message itself: the chain executes what the plan wrote, not what it meant.
class simulated_builder {
public:
  simulated_builder(process& home, world& w, std::uint64_t serial) : home_(home), w_(w), serial_(serial) {}

  /// Calls `done` once, later, unless the worker that this builder belongs to ends before. Ends an earlier build.
  void start(const executor::order& o, executor::attempt_kind kind, std::function<void(executor::built_result)> done);

private:
  /// Nothing: nobody answers.
  using answered = std::optional<executor::build_answer>;

  struct open_question {
    executor::build_question question;
    answered answer;
  };

  void perform(executor::build_step step);
  void ask(executor::build_question question);
  void on_answer(const open_question& asked);
  void finish(executor::built_result result);

  answered answer_to(const executor::question::accounts& q);
  answered answer_to(const executor::question::route& q);
  answered answer_to(const executor::question::offers& q);
  answered answer_to(const executor::question::rent& q);
  answered answer_to(const executor::question::lookup_tables& q);
  answered answer_to(const executor::question::fee& q);
  answered answer_to(const executor::question::blockhash& q);
  answered answer_to(const executor::question::simulation& q);
  answered answer_to(const executor::question::signature& q);

  [[nodiscard]] std::vector<std::optional<solana::account_info>> view_of(const std::vector<solana::pubkey>& keys,
                                                                         const bank_account& account,
                                                                         bool swapped) const;
  /// What the chain would do for this message.
  [[nodiscard]] sim_transaction read(const solana::message& message) const;

  process& home_;
  world& w_;
  std::uint64_t serial_;
  /// Answers to an earlier build are dropped.
  std::uint64_t build_ = 0;
  std::unique_ptr<executor::build_plan> plan_;
  std::function<void(executor::built_result)> done_;
  std::vector<open_question> open_;
  executor::order o_;
  std::size_t number_ = 0;
  executor::attempt_kind kind_ = executor::attempt_kind::swap;
  /// The router's quote.
  std::uint64_t quoted_ = 0;
  std::size_t signed_ = 0;
};

}  // namespace landfall::simulation
