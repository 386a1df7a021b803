#include "common/runtime/actor_system.hpp"

#include <doctest/doctest.h>

#include <caf/all.hpp>

#include <atomic>
#include <string>
#include <string_view>
#include <typeinfo>

using namespace landfall::runtime;

namespace {

caf::behavior counting(caf::event_based_actor* self, std::string name,
                       std::shared_ptr<std::vector<std::string>> ended) {
  self->attach_functor([name, ended] { ended->push_back(name); });
  return {[](int x) { return x + 1; }};
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
  const auto ended = std::make_shared<std::vector<std::string>>();
  {
    caf::actor_system_config config;
    configure_actor_system(config, 2);
    caf::actor_system system{config};
    std::vector<caf::strong_actor_ptr> all;
    for (const auto* const name : {"api", "order", "ledger"})
      all.push_back(caf::actor_cast<caf::strong_actor_ptr>(system.spawn(counting, name, ended)));
    CHECK(stop_actors(system, std::move(all), std::chrono::seconds{10}) == 0);
  }
  CHECK(*ended == std::vector<std::string>{"api", "order", "ledger"});
}

TEST_CASE("an actor that ignores its exit is killed at the bound") {
  caf::actor_system_config config;
  configure_actor_system(config, 1);
  caf::actor_system system{config};
  std::vector<caf::strong_actor_ptr> all{caf::actor_cast<caf::strong_actor_ptr>(system.spawn(stubborn))};
  CHECK(stop_actors(system, std::move(all), std::chrono::milliseconds{50}) == 1);
}
