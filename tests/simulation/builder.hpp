#pragma once

#include <functional>
#include <optional>
#include <string>

#include "executor-service/order/build/core/build_result.hpp"
#include "tests/simulation/world.hpp"

namespace landfall::simulation {

class process;

/// Builds an order's next attempt in the simulated world, question by question.
class simulated_builder {
public:
  simulated_builder(process& home, world& w, std::uint64_t serial) : home_(home), w_(w), serial_(serial) {}

  using done_function = std::function<void(executor::built_result)>;
  void start(const executor::order& o, executor::attempt_kind kind, done_function done);

  enum class question { accounts, route, simulation };
  void on_answer(question what);

private:
  void ask(question what);
  void on_accounts();
  void on_route();
  void pay(bool open, std::uint64_t balance, std::optional<domain::token_amount> known);
  void fetch_blockhash();
  void on_simulated();
  void sign();
  void later(const char* why);
  void refuse(const char* why);
  void answer(executor::built_result result);

  process& home_;
  world& w_;
  std::uint64_t serial_;
  executor::order o_;
  executor::attempt_kind kind_ = executor::attempt_kind::swap;
  done_function done_;

  std::optional<world::account_answer> account_;
  bool by_maker_ = false;
  bool router_refuses_ = false;
  bool router_silent_ = false;
  std::uint64_t hash_height_ = 0;
  std::uint64_t hash_id_ = 0;
  std::uint64_t paid_ = 0;
  bool simulation_fails_ = false;
  bool simulation_silent_ = false;
};

}  // namespace landfall::simulation
