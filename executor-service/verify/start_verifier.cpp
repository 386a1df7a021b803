#include "executor-service/verify/start_verifier.hpp"

#include <utility>

namespace landfall::executor::verify {

void verify_settings::declare(runtime::settings& s) {
  s.add("verifier-postgres-url", postgres_url,
        "database of the verifier role (default: port base + 2, user landfall_verifier)")
      .secret();
}

void verify_settings::complete(int port_base) {
  if (postgres_url.empty())
    postgres_url = local_database(port_base, "landfall_verifier");
}

std::vector<caf::strong_actor_ptr> start_verifier(caf::actor_system& system, const verify_settings& settings,
                                                  std::vector<std::shared_ptr<rpc_api>> endpoints,
                                                  const service_context& context, bool alone) {
  verifier_config config;
  config.database = context.database(settings.postgres_url);
  config.database.statement_timeout_ms = 10'000;
  config.instance = context.instance;
  context.health->declare("verifier", alone);
  return start_verifier(system, config, std::move(endpoints), *context.clock,
                        {context.metrics.get(), context.health.get(), "verifier"});
}

}  // namespace landfall::executor::verify
