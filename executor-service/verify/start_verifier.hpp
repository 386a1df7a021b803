#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/runtime/settings.hpp"
#include "executor-service/service.hpp"
#include "executor-service/verify/verifier_actor.hpp"

namespace landfall::executor::verify {

/// How the verifier reaches its database.
struct verify_settings {
  std::string postgres_url;

  void declare(runtime::settings& settings);
  /// The database that was left empty follows from the port base.
  void complete(int port_base);
};

/// The role `verifier`. Declares the health check `verifier`, which decides on readiness where the process is `alone`
/// with this role: a verifier that cannot judge takes nobody's API away. Returns its actors in the order in which
/// they are to be stopped.
[[nodiscard]] std::vector<caf::strong_actor_ptr> start_verifier(caf::actor_system& system,
                                                                const verify_settings& settings,
                                                                std::vector<std::shared_ptr<rpc_api>> endpoints,
                                                                const service_context& context, bool alone);

}  // namespace landfall::executor::verify
