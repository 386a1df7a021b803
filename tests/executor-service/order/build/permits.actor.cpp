#include "executor-service/order/build/permits.hpp"

#include <doctest/doctest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <string>
#include <vector>

namespace landfall::executor {

namespace {

caf::actor_system_config& scheduled_by_test(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
  return config;
}

struct fixture {
  caf::actor_system_config config;
  caf::actor_system system{scheduled_by_test(config)};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  semaphore_actor semaphore = spawn_semaphore(system, 2);
  std::vector<std::string> granted;
  std::vector<caf::actor> askers;

  ~fixture() {
    for (const auto& a : askers)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    caf::anon_send_exit(semaphore, caf::exit_reason::kill);
    scheduler.run();
  }

  /// Asks for a permit at once, and releases it when told so.
  caf::actor asker(const std::string& name) {
    auto a = system.spawn([this, name](caf::event_based_actor* self) -> caf::behavior {
      self->request(semaphore, caf::infinite, permit_request{}).then([this, name](permit_granted) {
        granted.push_back(name);
      });
      return {[this, self](caf::ok_atom) { self->send(semaphore, permit_released{}); }};
    });
    askers.push_back(a);
    scheduler.run();
    return a;
  }
  void done(const caf::actor& a) {
    caf::anon_send(a, caf::ok_atom::value);
    scheduler.run();
  }
  void dies(const caf::actor& a) {
    caf::anon_send_exit(a, caf::exit_reason::kill);
    scheduler.run();
  }
};

using names = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(
    fixture, "as many permits as allowed are out, the others are granted in the order in which they were asked for") {
  const auto a = asker("a");
  const auto b = asker("b");
  const auto c = asker("c");
  asker("d");
  CHECK(granted == names{"a", "b"});
  done(b);
  CHECK(granted == names{"a", "b", "c"});
  done(b);
  CHECK(granted == names{"a", "b", "c"});
  done(a);
  CHECK(granted == names{"a", "b", "c", "d"});
  done(c);
}

TEST_CASE_FIXTURE(fixture, "an asker that ends gives its permit, or its place in the queue, back") {
  const auto a = asker("a");
  asker("b");
  const auto c = asker("c");
  asker("d");
  dies(c);
  dies(a);
  CHECK(granted == names{"a", "b", "d"});
}

}  // namespace landfall::executor
