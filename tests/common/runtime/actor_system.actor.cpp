#include "common/runtime/actor_system.hpp"

#include <doctest/doctest.h>

#include <caf/all.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

using namespace landfall::runtime;

namespace {

/// What actors of several threads did, in order.
class story {
public:
  void add(const std::string& what) {
    const std::lock_guard lock{mutex_};
    all_ += what + ". ";
  }
  [[nodiscard]] std::string all() {
    const std::lock_guard lock{mutex_};
    return all_;
  }

private:
  std::mutex mutex_;
  std::string all_;
};

/// Asks whom it calls many times before it ends. What it logs is logged before it is down: functors attached to an
/// actor may run after its down message is sent.
caf::behavior caller(caf::event_based_actor* self, const std::string& name, const caf::actor& called, story* events) {
  self->set_exit_handler([self, name, called, events](const caf::exit_msg&) {
    events->add(name + " is to end");
    self->send(self, called ? 100 : 0);
  });
  return {[self, name, called, events](int left) {
            if (left > 0) {
              self->request(called, caf::infinite, std::string{"?"}).then([self, left](const std::string&) {
                self->send(self, left - 1);
              });
              return;
            }
            events->add(name + " ends");
            self->quit();
          },
          [](const std::string& question) { return question; }};
}

caf::behavior stubborn(caf::event_based_actor* self) {
  self->set_exit_handler([](const caf::exit_msg&) {});
  return {[](int x) { return x; }};
}

}  // namespace

TEST_CASE("the scheduler shares work") {
  caf::actor_system_config config;
  configure_actor_system(config, 0);
  CHECK(caf::get_or(config, "scheduler.policy", caf::atom("stealing")) == caf::atom("sharing"));
  caf::actor_system system{config};
  CHECK(system.scheduler().num_workers() == 1);
  const auto& scheduler = system.scheduler();
  CHECK(std::string_view{typeid(scheduler).name()}.find("work_sharing") != std::string_view::npos);
}

TEST_CASE("actors end in the order given and the system with them") {
  story events;
  {
    caf::actor_system_config config;
    configure_actor_system(config, 2);
    caf::actor_system system{config};
    std::vector<caf::strong_actor_ptr> all;
    caf::actor called;
    for (const std::string name : {"commit_writer", "order", "api"}) {
      called = system.spawn(caller, name, called, &events);
      all.insert(all.begin(), caf::actor_cast<caf::strong_actor_ptr>(called));
    }
    called = nullptr;
    CHECK(stop_actors(system, std::move(all), std::chrono::minutes{1}) == 0);
  }
  CHECK(events.all() ==
        "api is to end. api ends. order is to end. order ends. commit_writer is to end. commit_writer ends. ");
}

TEST_CASE("the late down message of another is not taken for that of the one that is to end") {
  caf::actor_system_config config;
  configure_actor_system(config, 1);
  caf::actor_system system{config};
  const caf::actor_addr other = caf::scoped_actor{system}.address();
  std::vector<caf::strong_actor_ptr> all{
      caf::actor_cast<caf::strong_actor_ptr>(system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
        self->set_exit_handler([self, other](const caf::exit_msg& exit) {
          self->send(caf::actor_cast<caf::actor>(exit.source), caf::down_msg{other, caf::exit_reason::kill});
          self->quit();
        });
        return {[](int x) { return x; }};
      }))};
  CHECK(stop_actors(system, std::move(all), std::chrono::minutes{1}) == 0);
}

TEST_CASE("an actor that ignores its exit is killed at the bound") {
  caf::actor_system_config config;
  configure_actor_system(config, 1);
  caf::actor_system system{config};
  std::vector<caf::strong_actor_ptr> all{caf::actor_cast<caf::strong_actor_ptr>(system.spawn(stubborn))};
  CHECK(stop_actors(system, std::move(all), std::chrono::milliseconds{50}) == 1);
}
