#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "common/runtime/actor_system.hpp"

namespace landfall::tests {

/// An actor system as the services run it: real threads, real time. To be declared before what has actors in it.
struct actor_system_fixture {
  caf::actor_system_config config;
  caf::actor_system system{configured(config)};

private:
  static caf::actor_system_config& configured(caf::actor_system_config& c) {
    runtime::configure_actor_system(c, 2);
    return c;
  }
};

}  // namespace landfall::tests
