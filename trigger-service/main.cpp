// The trigger-service: wiring only. Watches prices and decides which orders execute or expire.
#include <caf/all.hpp>
#include <cstdlib>
#include <string>

#include "common/fault/fault_point.hpp"
#include "common/net/operations.hpp"
#include "common/net/threads.hpp"
#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"
#include "common/runtime/stop_signal.hpp"
#include "trigger-service/orders/start_orders.hpp"

namespace {

using namespace landfall;
using namespace landfall::trigger;

constexpr std::chrono::milliseconds drain_http{300};

struct process_settings {
  int port_base = 18000;
  std::string listen_address = "127.0.0.1";
  int threads = 2;
  std::string log_level = "info";
  std::string log_format = "json";
  price_settings prices;
  order_settings orders;

  void declare(runtime::settings& s) {
    s.add("port-base", port_base, "every port of a copy of the system follows from it").range(1024, 65'000);
    s.add("listen-address", listen_address, "address that health and metrics listen on").required();
    prices.declare(s);
    orders.declare(s);
    s.add("threads", threads, "actor threads beside those that talk to the database").range(1, 64);
    s.add("log-level", log_level, "least level logged").one_of({"debug", "info", "warn", "error"});
    s.add("log-format", log_format, "form of a log line").one_of({"json", "text"});
  }
};

int serve(const process_settings& settings, service_context& context) {
  caf::actor_system_config system_config;
  runtime::configure_actor_system(system_config, static_cast<std::size_t>(settings.threads));
  caf::actor_system system{system_config};
  running_orders orders{system, settings.orders, settings.prices, context};

  net::http_server server{settings.listen_address, settings.port_base + 1};
  net::serve_operations(server, {[&] { return context.health->ready(); }, [&] { return context.health->to_json(); },
                                 [&] { return context.metrics.render(); }});
  const auto opened = server.open();
  if (opened) {
    runtime::log_info("ready", {{"port", settings.port_base + 1}, {"instance", context.instance}});
    runtime::log_info("stopping", {{"signal", runtime::wait_for_stop_signal()}});
  } else {
    runtime::log_error("cannot_listen", {{"why", opened.error()}});
  }
  const auto [killed, failed] = orders.stop();
  server.close(drain_http);
  runtime::log_info("stopped", {{"killed", killed}});
  const int code = !opened || failed ? EXIT_FAILURE : EXIT_SUCCESS;
  // A thread that still waits for the database would keep the actor system from ending; nothing it could do matters.
  if (killed != 0)
    std::_Exit(code);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (fault::list_if_asked(argc, argv))
    return EXIT_SUCCESS;
  runtime::block_stop_signals();
  process_settings settings;
  runtime::settings parser{"trigger-service", "Watches prices and decides which orders execute or expire.", "0.1.0"};
  settings.declare(parser);
  if (const auto outcome = parser.parse(argc, argv); outcome != runtime::parse_outcome::run)
    return outcome == runtime::parse_outcome::exit_success ? EXIT_SUCCESS : EXIT_FAILURE;
  settings.prices.complete(settings.port_base);
  settings.orders.complete(settings.port_base);
  service_context context;
  runtime::log_init("trigger-service", context.instance, *runtime::parse_level(settings.log_level),
                    *runtime::parse_log_format(settings.log_format));
  const auto wrong = validate_orders(settings.orders, settings.prices, context);
  if (!wrong.empty() && parser.refuse("settings", wrong) != runtime::parse_outcome::run)
    return EXIT_FAILURE;
  if (const auto why = fault::arm_from_environment();
      !why.empty() && parser.refuse("LANDFALL_FAULT", std::string{why}) != runtime::parse_outcome::run)
    return EXIT_FAILURE;
  net::initialize_threads();
  return serve(settings, context);
}
