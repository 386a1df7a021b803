#pragma once

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <chrono>
#include <memory>
#include <string_view>

#include "common/runtime/clock.hpp"
#include "common/runtime/log.hpp"

namespace landfall::tests {

/// An actor system whose scheduler and clock the test moves. Nothing is logged.
struct actor_fixture {
  explicit actor_fixture(domain::utc_time start = {}) : clock(std::make_shared<runtime::manual_clock>(start)) {
    runtime::log_redirect([](std::string_view) {});
  }
  ~actor_fixture() {
    runtime::log_redirect({});
  }
  actor_fixture(const actor_fixture&) = delete;
  actor_fixture& operator=(const actor_fixture&) = delete;

  /// Lets every message be handled.
  void run() {
    scheduler.run();
  }
  /// Moves the clock and the actors' timers, then lets every message be handled.
  void advance(std::chrono::milliseconds time) {
    clock->advance(time);
    scheduler.advance_time(time);
    run();
  }
  /// For timers that are set one after the other.
  void advance_in_steps(std::chrono::milliseconds time, std::chrono::milliseconds step) {
    for (; time.count() > 0; time -= step)
      advance(std::min(step, time));
  }
  template <class... Actors>
  void kill(const Actors&... actors) {
    (caf::anon_send_exit(actors, caf::exit_reason::kill), ...);
    run();
  }

  std::shared_ptr<runtime::manual_clock> clock;
  caf::actor_system_config system_config;
  caf::actor_system system{scheduled_by_test(system_config)};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());

private:
  static caf::actor_system_config& scheduled_by_test(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    return config;
  }
};

}  // namespace landfall::tests
