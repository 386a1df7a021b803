#pragma once

#include <array>
#include <optional>

#include "executor-service/order/core/engine.hpp"
#include "tests/simulation/builder.hpp"
#include "tests/simulation/chain.hpp"
#include "tests/simulation/effect_checker.hpp"
#include "tests/simulation/world.hpp"

namespace landfall::simulation {

class process;

/// Feeds one order's engine and performs its effects in the simulated world, as the order actor does in ours.
class order_driver {
public:
  order_driver(process& home, const stored_order& loaded, std::uint64_t serial);

  void feed(const executor::order_event& event);
  void on_status(std::size_t transaction, const executor::observation& seen);
  void on_maker_answered(std::size_t transaction, bool accepted);

  [[nodiscard]] std::uint64_t serial() const {
    return serial_;
  }
  [[nodiscard]] std::size_t number() const {
    return number_;
  }
  [[nodiscard]] std::uint64_t epoch() const {
    return engine_.current().lease_epoch;
  }
  [[nodiscard]] bool ended() const {
    return ended_;
  }
  void end() {
    ended_ = true;
  }
  /// The transaction whose status is asked for at this endpoint.
  [[nodiscard]] std::optional<std::size_t> watches(std::size_t endpoint) const;

private:
  void perform(const executor::effects::commit& e);
  void perform(const executor::effects::mark_broadcast& e);
  void perform(const executor::effects::read_deposit& e);
  void perform(const executor::effects::read_balance& e);
  void perform(const executor::effects::read_swap& e);
  void perform(const executor::effects::read_fee& e);
  void perform(const executor::effects::watch& e);
  void perform(const executor::effects::unwatch& e);
  void perform(const executor::effects::search_history& e);
  void perform(const executor::effects::broadcast& e);
  void perform(const executor::effects::submit& e);
  void perform(const executor::effects::acquire_permit& e);
  void perform(const executor::effects::release_permit& e);
  void perform(const executor::effects::build& e);
  void perform(const executor::effects::timer& e);
  void perform(const executor::effects::finish& e);
  void perform(const executor::effects::notice& e);
  void perform(const executor::effects::attempt_signed& e);
  void perform(const executor::effects::written& e);

  [[nodiscard]] executor::order_event balance_of(bool output_account, std::optional<std::uint64_t> min_slot) const;
  /// The one read that is under way is answered with this after a while.
  void answer_with(executor::order_event event);

  process& home_;
  world& w_;
  std::size_t number_;
  std::uint64_t serial_;
  executor::order_engine engine_;
  effect_checker effects_;
  simulated_builder builder_;
  bool ended_ = false;
  std::optional<executor::order_event> answer_;
  std::optional<std::size_t> watched_;
  std::array<bool, max_endpoints> told_final_{};
};

}  // namespace landfall::simulation
