#include "executor-service/order/build/permits.hpp"

#include <doctest/doctest.h>

#include <caf/all.hpp>
#include <string>
#include <vector>

#include "tests/support/actor_fixture.hpp"

namespace landfall::executor {

namespace {

struct permit_fixture : landfall::tests::actor_fixture {
  semaphore_actor semaphore = spawn_semaphore(system, 2);
  std::vector<std::string> granted;
  std::vector<caf::actor> askers;

  ~permit_fixture() {
    for (const auto& a : askers)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    kill(semaphore);
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
    run();
    return a;
  }
  void done(const caf::actor& a) {
    caf::anon_send(a, caf::ok_atom::value);
    run();
  }
  void dies(const caf::actor& a) {
    kill(a);
  }
};

using names = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(
    permit_fixture,
    "as many permits as allowed are out, the others are granted in the order in which they were asked for") {
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

TEST_CASE_FIXTURE(permit_fixture, "an asker that ends gives its permit, or its place in the queue, back") {
  const auto a = asker("a");
  asker("b");
  const auto c = asker("c");
  asker("d");
  dies(c);
  dies(a);
  CHECK(granted == names{"a", "b", "d"});
}

}  // namespace landfall::executor
