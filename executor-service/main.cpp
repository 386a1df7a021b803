// The executor-service: wiring only. Starts the roles in its settings.
#include <caf/all.hpp>

#include "common/fault/fault_point.hpp"
#include "common/net/operations.hpp"
#include "common/net/threads.hpp"
#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"
#include "common/runtime/stop_signal.hpp"
#include "executor-service/config.hpp"
#include "executor-service/database_health.hpp"
#include "executor-service/keys/read_keys.hpp"

namespace {

using namespace landfall;
using namespace landfall::executor;

/// Together below the 5 s in which the process has to end.
constexpr std::chrono::milliseconds drain_orders{2'500};
constexpr std::chrono::milliseconds drain_actors{1'000};
constexpr std::chrono::milliseconds drain_http{1'000};

int serve(const service_config& config, const std::shared_ptr<const signer_keys>& keys, service_context& context) {
  const auto endpoints = config.chain.endpoints(*context.limiters);
  database_health database{context, config.readiness_database()};
  net::http_server_options http;
  http.on_error = [](std::string_view what) { runtime::log_error("http_trouble", {{"why", what}}); };
  net::http_server server{config.listen_address, config.port_base, http};
  net::serve_operations(server, {[&] { return context.health->ready(); }, [&] { return context.health->to_json(); },
                                 [&] { return context.metrics->render(); }});
  caf::actor_system_config system_config;
  runtime::configure_actor_system(system_config, 2);
  caf::actor_system system{system_config};

  const auto chain = start_chain(system, config.chain, endpoints, context);
  std::unique_ptr<api::api_server> public_api;
  running_executor executor;
  std::vector<caf::strong_actor_ptr> verifier;
  if (config.has_role("api"))
    public_api = api::start_api(system, config.api, chain, keys->master, server, context);
  if (config.has_role("executor"))
    executor = start_executor(system, config.order, keys, chain, endpoints.size(), context);
  if (config.has_role("verifier"))
    verifier = verify::start_verifier(system, config.verify,
                                      config.chain.endpoints(*context.limiters, net::purpose::verification), context,
                                      config.roles.size() == 1);
  const auto opened = server.open();
  if (opened) {
    runtime::log_info("started", {{"port", config.port_base},
                                  {"roles", config.role_list()},
                                  {"fee_payer", keys->fee_payer.public_key().to_string()}});
    database.probe_until_stopped();
    runtime::log_info("stopping");
  } else {
    runtime::log_error("http_not_open", {{"why", opened.error()}});
  }
  auto to_stop = executor.drain(system, drain_orders);
  server.close(drain_http);
  if (public_api)
    public_api->stop(drain_actors);
  to_stop.insert(to_stop.end(), verifier.begin(), verifier.end());
  to_stop.push_back(caf::actor_cast<caf::strong_actor_ptr>(chain));
  const std::uint64_t killed = runtime::stop_actors(system, std::move(to_stop), drain_actors);
  if (opened)
    runtime::log_info("stopped", {{"killed", killed}});
  return opened ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (fault::list_if_asked(argc, argv))
    return 0;
  runtime::block_stop_signals();
  net::initialize_threads();
  service_config config;
  runtime::settings settings{"executor-service", "Carries out orders that are ready, and serves the public API.",
                             "0.1.0"};
  config.declare(settings);
  const auto exit_code = [](runtime::parse_outcome o) { return o == runtime::parse_outcome::exit_success ? 0 : 1; };
  if (const auto outcome = settings.parse(argc, argv); outcome != runtime::parse_outcome::run)
    return exit_code(outcome);
  if (const auto wrong = config.complete())
    return exit_code(settings.refuse(wrong->name, wrong->why));
  const auto keys = read_keys(config.fee_payer_key, config.master_secret);
  if (!keys)
    return exit_code(settings.refuse("fee-payer-key", keys.error()));
  runtime::log_init("executor-service", config.instance, *runtime::parse_level(config.log_level),
                    *runtime::parse_log_format(config.log_format));
  if (const auto wrong = fault::arm_from_environment(); !wrong.empty())
    return exit_code(settings.refuse("LANDFALL_FAULT", wrong));
  auto context = make_context(config.instance);
  if (const auto wrong = config.validate(context)) {
    runtime::log_error("bad_setting", {{"why", *wrong}});
    return 1;
  }
  return serve(config, *keys, context);
}
