// Wiring of the trigger service: settings, actors, HTTP, stop.
#include <atomic>
#include <caf/all.hpp>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "common/fault/fault_point.hpp"
#include "common/net/host_limiter.hpp"
#include "common/net/http_server.hpp"
#include "common/net/threads.hpp"
#include "common/runtime/actor_system.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/instance_id.hpp"
#include "common/runtime/log.hpp"
#include "common/runtime/metrics.hpp"
#include "common/runtime/settings.hpp"
#include "common/runtime/stop_signal.hpp"
#include "trigger-service/actors/decision_writer.hpp"
#include "trigger-service/actors/order_hint.hpp"
#include "trigger-service/actors/order_loader.hpp"
#include "trigger-service/actors/supervisor.hpp"
#include "trigger-service/gateways/hermes_stream.hpp"

namespace {

using namespace landfall;
using namespace landfall::trigger;
using domain::milliseconds;
using runtime::parse_outcome;

struct trigger_settings {
  int port_base = 18000;
  std::string listen_address = "127.0.0.1";
  std::string postgres_url;
  std::string hermes_ws_url;
  std::string hermes_http_url;
  std::string hermes_api_key;
  int hermes_connects_per_window = 100;
  int hermes_window_ms = 10'000;
  std::int64_t max_price_age_ms = 10'000;
  std::int64_t max_price_ahead_ms = 2'000;
  std::int64_t max_confidence_bps = 100;
  std::int64_t max_jump_bps = 1'000;
  std::int64_t second_look_ms = 2'000;
  std::int64_t max_decision_age_ms = 10'000;
  std::int64_t feed_silence_ms = 10'000;
  std::int64_t feed_fresh_ms = 15'000;
  std::int64_t poll_ms = 1'000;
  std::int64_t reconcile_ms = 30'000;
  std::int64_t batch_ms = 5;
  std::int64_t batch_size = 256;
  int threads = 2;
  std::string log_level = "info";
  std::string log_format = "json";
};

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t all_bps = 10'000;
constexpr milliseconds stop_bound{1'500};
constexpr milliseconds flush_bound{2'000};
constexpr milliseconds writer_bound{300};
constexpr milliseconds http_drain{300};

void add_settings(runtime::settings& s, trigger_settings& c) {
  s.add("port-base", c.port_base, "every port of a copy of the system follows from it").range(1024, 65'000);
  s.add("listen-address", c.listen_address, "address that health and metrics listen on").required();
  s.add("postgres-url", c.postgres_url, "connection string or URL; default: role landfall_trigger at port base + 2");
  s.add("hermes-ws-url", c.hermes_ws_url, "price stream over WebSocket; default: ws://127.0.0.1:<port base + 13>/ws");
  s.add("hermes-http-url", c.hermes_http_url, "price stream over HTTP; default: http://127.0.0.1:<port base + 13>");
  s.add("hermes-api-key", c.hermes_api_key, "bearer token for the price stream; empty: none").secret();
  s.add("hermes-connects-per-window", c.hermes_connects_per_window,
        "streams that the price source lets us open within hermes-window-ms; more wait")
      .range(1, 1'000'000);
  s.add("hermes-window-ms", c.hermes_window_ms, "the sliding window of hermes-connects-per-window")
      .unit("ms")
      .range(10, 600'000);
  s.add("max-price-age-ms", c.max_price_age_ms, "older prices are rejected").unit("ms").range(1, hour_ms);
  s.add("max-price-ahead-ms", c.max_price_ahead_ms, "prices published later than now by more are rejected")
      .unit("ms")
      .range(0, hour_ms);
  s.add("max-confidence-bps", c.max_confidence_bps, "prices less certain than this share of them are rejected")
      .unit("bps")
      .range(1, all_bps);
  s.add("max-jump-bps", c.max_jump_bps, "prices further from the last one need a second that agrees")
      .unit("bps")
      .range(1, all_bps);
  s.add("second-look-ms", c.second_look_ms, "after this a repeated price confirms a jump").unit("ms").range(1, hour_ms);
  s.add("max-decision-age-ms", c.max_decision_age_ms, "decisions not durable this long after their price are dropped")
      .unit("ms")
      .range(1, hour_ms);
  s.add("feed-silence-ms", c.feed_silence_ms, "a stream without prices for this long is replaced")
      .unit("ms")
      .range(100, hour_ms);
  s.add("feed-fresh-ms", c.feed_fresh_ms, "without an accepted price for this long the service is not ready")
      .unit("ms")
      .range(100, hour_ms);
  s.add("poll-ms", c.poll_ms, "between two readings of changed orders").unit("ms").range(10, minute_ms);
  s.add("reconcile-ms", c.reconcile_ms, "between two readings of all open orders").unit("ms").range(100, hour_ms);
  s.add("batch-ms", c.batch_ms, "how long a decision waits for others to share its commit").unit("ms").range(1, 1'000);
  s.add("batch-size", c.batch_size, "decisions a commit at most").range(1, 10'000);
  s.add("threads", c.threads, "actor threads beside those that talk to the database").range(1, 64);
  s.add("log-level", c.log_level, "least level logged").one_of({"debug", "info", "warn", "error"});
  s.add("log-format", c.log_format, "form of a log line").one_of({"json", "text"});
}

void fill_defaults(trigger_settings& c) {
  const auto port = [&](int offset) { return std::to_string(c.port_base + offset); };
  if (c.postgres_url.empty())
    c.postgres_url = "host=127.0.0.1 port=" + port(2) + " dbname=landfall user=landfall_trigger";
  if (c.hermes_ws_url.empty())
    c.hermes_ws_url = "ws://127.0.0.1:" + port(13) + "/ws";
  if (c.hermes_http_url.empty())
    c.hermes_http_url = "http://127.0.0.1:" + port(13);
}

postgres::database::options database_options(const trigger_settings& c, const std::string& name) {
  postgres::database::options options;
  options.conninfo = c.postgres_url;
  options.application_name = name;
  // Short enough for a stop to end in time while the database hangs.
  options.connect_timeout_s = 3;
  options.statement_timeout_ms = 5'000;
  return options;
}

/// What all actors share.
struct surroundings {
  std::string instance = runtime::instance_id("trigger-service");
  runtime::metrics metrics;
  std::shared_ptr<const runtime::clock> clock = std::make_shared<runtime::system_clock_source>();
  std::shared_ptr<const trigger::instruments> instruments = std::make_shared<trigger::instruments>(&metrics);
  std::shared_ptr<runtime::health> health =
      std::make_shared<runtime::health>(std::vector<std::string>{"postgres", "migrations", "price_feed"});
};

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

decision_writer_config writer_config(const trigger_settings& c, const surroundings& around) {
  decision_writer_config config;
  config.max_batch = static_cast<std::size_t>(c.batch_size);
  config.max_batch_wait = milliseconds{c.batch_ms};
  config.seed = random_seed();
  config.clock = around.clock;
  config.instruments = around.instruments;
  config.open_sink = [options = database_options(c, "trigger-service writer"), instance = around.instance] {
    return std::make_unique<decision_store>(options, instance);
  };
  return config;
}

order_loader_config loader_config(const trigger_settings& c, const surroundings& around) {
  order_loader_config config;
  config.poll = milliseconds{c.poll_ms};
  config.reconcile = milliseconds{c.reconcile_ms};
  config.seed = random_seed();
  config.clock = around.clock;
  config.instruments = around.instruments;
  config.health = around.health;
  config.open_source = [options = database_options(c, "trigger-service loader")] {
    return std::make_unique<order_store>(options);
  };
  return config;
}

market_config markets_config(const trigger_settings& c, const surroundings& around) {
  market_config config;
  config.gates.max_age = milliseconds{c.max_price_age_ms};
  config.gates.max_ahead = milliseconds{c.max_price_ahead_ms};
  config.gates.max_confidence_bps = c.max_confidence_bps;
  config.gates.max_jump_bps = c.max_jump_bps;
  config.gates.second_look_after = milliseconds{c.second_look_ms};
  config.write_within = milliseconds{c.max_decision_age_ms};
  config.clock = around.clock;
  config.instruments = around.instruments;
  return config;
}

supervisor_config supervisors_config(const trigger_settings& c, const surroundings& around) {
  hermes_options hermes;
  hermes.websocket_url = c.hermes_ws_url;
  hermes.http_url = c.hermes_http_url;
  hermes.api_key = c.hermes_api_key;
  hermes.now = [clock = around.clock] { return clock->now(); };
  supervisor_config config;
  config.feed.silence_timeout = milliseconds{c.feed_silence_ms};
  config.feed.seed = random_seed();
  config.feed.clock = around.clock;
  config.feed.instruments = around.instruments;
  config.feed.open_stream = hermes_streams(std::move(hermes));
  config.feed.limiter = std::make_shared<net::host_limiter>(
      net::host_and_port(c.hermes_http_url).value_or("price source"),
      net::rate_limit{static_cast<std::uint32_t>(c.hermes_connects_per_window), milliseconds{c.hermes_window_ms}});
  config.market = markets_config(c, around);
  config.fresh_for = milliseconds{c.feed_fresh_ms};
  config.clock = around.clock;
  config.instruments = around.instruments;
  config.health = around.health;
  return config;
}

/// What settings make no sense together; empty if all is well.
std::string wrong_setting(const trigger_settings& c, const surroundings& around) {
  for (const auto& why : {supervisors_config(c, around).validate(), writer_config(c, around).validate(),
                          loader_config(c, around).validate()})
    if (!why.empty())
      return why;
  return {};
}

void add_routes(net::http_server& server, const surroundings& around) {
  server.route("GET", "/healthz", [](const net::http_server_request&, const net::http_reply& reply) {
    reply({200, R"({"alive":true})"});
  });
  server.route("GET", "/readyz",
               [health = around.health](const net::http_server_request&, const net::http_reply& reply) {
                 reply({health->ready() ? 200 : 503, health->to_json()});
               });
  server.route("GET", "/metrics",
               [&metrics = around.metrics](const net::http_server_request&, const net::http_reply& reply) {
                 reply({200, metrics.render(), "text/plain; version=0.0.4; charset=utf-8"});
               });
}

/// Stops the process when an actor that nobody can start anew ends by itself.
class watchdog {
public:
  template <class Actor>
  void watch(const Actor& actor, const char* name) {
    actor->attach_functor([this, name](const caf::error& reason) {
      if (stopping_)
        return;
      failed_ = true;
      runtime::log_error("actor_failed", {{"actor", name}, {"reason", caf::to_string(reason)}});
      runtime::request_stop();
    });
  }
  void stopping() {
    stopping_ = true;
  }
  [[nodiscard]] bool failed() const {
    return failed_;
  }

private:
  std::atomic<bool> stopping_{false};
  std::atomic<bool> failed_{false};
};

/// Writes what is decided already; prices are not taken any more.
bool flush(caf::actor_system& system, const decision_writer_actor& writer) {
  caf::scoped_actor self{system};
  bool all = false;
  self->request(writer, flush_bound, drain_decisions{})
      .receive(
          [&](const drained& answer) {
            all = answer.left == 0;
            runtime::log_info("decisions_flushed", {{"left", answer.left}});
          },
          [](const caf::error& e) {
            runtime::log_warn("decisions_not_flushed", {{"why", caf::to_string(e)}});
          });
  return all;
}

int serve(const trigger_settings& settings, surroundings& around) {
  // Called by actors that are told as down already: it outlives the system.
  watchdog guard;
  caf::actor_system_config system_config;
  runtime::configure_actor_system(system_config, static_cast<std::size_t>(settings.threads));
  caf::actor_system system{system_config};

  auto writer = spawn_decision_writer(system, writer_config(settings, around));
  auto supervisor = spawn_supervisor(system, supervisors_config(settings, around), writer);
  auto loader = spawn_order_loader(system, loader_config(settings, around), supervisor, writer);
  order_hint_config hint_config;
  hint_config.database = database_options(settings, "trigger-service hint");
  auto hint = spawn_order_hint(system, hint_config, loader);
  caf::anon_send(supervisor, use_loader{loader});
  guard.watch(writer, "decision_writer");
  guard.watch(supervisor, "supervisor");
  guard.watch(loader, "order_loader");
  guard.watch(hint, "order_hint");

  net::http_server server{settings.listen_address, settings.port_base + 1};
  add_routes(server, around);
  const auto opened = server.open();
  if (opened)
    runtime::log_info("ready", {{"port", settings.port_base + 1}, {"instance", around.instance}});
  else
    runtime::log_error("cannot_listen", {{"why", opened.error()}});

  if (opened)
    runtime::log_info("stopping", {{"signal", runtime::wait_for_stop_signal()}});
  guard.stopping();
  std::vector<caf::strong_actor_ptr> producers{
      caf::actor_cast<caf::strong_actor_ptr>(std::exchange(supervisor, nullptr)),
      caf::actor_cast<caf::strong_actor_ptr>(std::exchange(hint, nullptr)),
      caf::actor_cast<caf::strong_actor_ptr>(std::exchange(loader, nullptr))};
  auto killed = runtime::stop_actors(system, std::move(producers), stop_bound);
  flush(system, writer);
  killed += runtime::stop_actors(system, {caf::actor_cast<caf::strong_actor_ptr>(std::exchange(writer, nullptr))},
                                 writer_bound);
  server.close(http_drain);
  runtime::log_info("stopped", {{"killed", killed}});
  const int code = !opened || guard.failed() ? EXIT_FAILURE : EXIT_SUCCESS;
  // A thread that still waits for the database would keep the actor system from ending; nothing it could do matters
  // now.
  if (killed != 0)
    std::_Exit(code);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (fault::list_if_asked(argc, argv))
    return EXIT_SUCCESS;
  runtime::block_stop_signals();
  trigger_settings settings;
  runtime::settings parser{"trigger-service", "Watches prices and decides which orders execute or expire.", "0.1.0"};
  add_settings(parser, settings);
  switch (parser.parse(argc, argv)) {
    case parse_outcome::exit_success:
      return EXIT_SUCCESS;
    case parse_outcome::exit_failure:
      return EXIT_FAILURE;
    case parse_outcome::run:
      break;
  }
  fill_defaults(settings);
  surroundings around;
  runtime::log_init("trigger-service", around.instance, *runtime::parse_level(settings.log_level),
                    *runtime::parse_log_format(settings.log_format));
  const auto wrong = wrong_setting(settings, around);
  if (!wrong.empty() && parser.refuse("settings", wrong) != parse_outcome::run)
    return EXIT_FAILURE;
  if (const auto why = fault::arm_from_environment();
      !why.empty() && parser.refuse("LANDFALL_FAULT", std::string{why}) != parse_outcome::run)
    return EXIT_FAILURE;
  net::initialize_threads();
  return serve(settings, around);
}
