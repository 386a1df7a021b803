// The executor-service: wiring only. Role `executor` carries out what is ready, role `api` serves the public API.
#include <algorithm>
#include <caf/all.hpp>
#include <iterator>
#include <memory>
#include <random>

#include "common/fault/fault_point.hpp"
#include "common/net/host_limiter.hpp"
#include "common/net/http_server.hpp"
#include "common/net/threads.hpp"
#include "common/postgres/migrate.hpp"
#include "common/runtime/actor_system.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/log.hpp"
#include "common/runtime/metrics.hpp"
#include "common/runtime/stop_signal.hpp"
#include "executor-service/api/api_server.hpp"
#include "executor-service/api/deposit/actor_chain.hpp"
#include "executor-service/chain/chain_actor.hpp"
#include "executor-service/chain/limit_metrics.hpp"
#include "executor-service/chain/rpc/rpc_endpoint.hpp"
#include "executor-service/config.hpp"
#include "executor-service/keys/read_keys.hpp"
#include "executor-service/order/dispatcher.hpp"
#include "executor-service/verify/verifier_actor.hpp"

namespace {

using namespace landfall;
using namespace landfall::executor;

constexpr std::chrono::milliseconds probe_interval{1'000};
/// Together below the 5 s in which the process has to end.
constexpr std::chrono::milliseconds drain_orders{2'500};
constexpr std::chrono::milliseconds drain_actors{1'000};
constexpr std::chrono::milliseconds drain_http{1'000};

postgres::database::options database_options(const service_config& config, const std::string& url) {
  postgres::database::options opts;
  opts.conninfo = url;
  opts.application_name = config.instance;
  // Twice this and the pause in between are less than a lease: a line that hangs once does not cost the leases.
  opts.statement_timeout_ms = 5'000;
  return opts;
}

std::shared_ptr<runtime::health> make_health(const service_config& config) {
  std::vector<std::string> checks{"postgres", "migrations", "rpc"};
  std::vector<std::string> shown_only;
  if (config.has_role("executor"))
    checks.push_back("fee_payer");
  // A verifier that cannot judge, one endpoint of two being away, takes nobody's API away.
  if (config.has_role("verifier"))
    (config.roles.size() > 1 ? shown_only : checks).push_back("verifier");
  return std::make_shared<runtime::health>(std::move(checks), std::move(shown_only));
}

order_dependencies make_order_dependencies(const service_config& config, const signer_keys& keys,
                                           runtime::metrics& metrics) {
  order_dependencies d;
  d.fee_payer = keys.fee_payer.public_key();
  auto& c = d.config;
  c.steps.evidence_max_age = domain::milliseconds{config.evidence_max_age_ms};
  c.steps.max_swap_attempts = config.max_swap_attempts;
  c.steps.expiry_grace = domain::milliseconds{config.expiry_grace_ms};
  c.resolution.endpoints_configured = config.rpc_urls.size();
  c.rebroadcast = domain::milliseconds{config.rebroadcast_ms};
  d.policy.automatic_slippage_bps = config.automatic_slippage_bps;
  d.policy.min_fee_payer_lamports = config.min_fee_payer_lamports;
  for (const auto& program : config.router_programs)
    d.policy.router_programs.push_back(*solana::pubkey::parse(program));

  const auto signed_of = [&](const char* kind) {
    return metrics.counter("landfall_executor_attempts_signed_total", "Transactions signed and stored.",
                           {{"kind", kind}});
  };
  const auto outcome_of = [&](const char* outcome) {
    return metrics.counter("landfall_executor_attempts_resolved_total", "Attempts whose fate was proven.",
                           {{"outcome", outcome}});
  };
  d.metrics = {
      signed_of("swap"),
      signed_of("payout"),
      signed_of("refund"),
      signed_of("close"),
      outcome_of("landed"),
      outcome_of("landed_failed"),
      outcome_of("dead"),
      metrics.counter("landfall_executor_rollbacks_total", "Confirmed attempts whose fork died."),
      metrics.counter("landfall_executor_attempts_overdue_total",
                      "Attempts in doubt for so long that a person has to look."),
      metrics.counter("landfall_executor_build_failures_total", "Transactions that were refused before signing.")};
  d.build_counts = {
      metrics.counter("landfall_executor_makers_taken_total", "Swaps signed for a market maker."),
      metrics.counter("landfall_executor_makers_refused_total", "Better quotes of makers that could not be used."),
      metrics.gauge("landfall_executor_fee_payer_lamports", "What the fee payer holds.")};
  return d;
}

std::vector<std::shared_ptr<maker_api>> make_makers(const service_config& config, net::host_limiters& limiters) {
  std::vector<std::shared_ptr<maker_api>> makers;
  maker_options options;
  options.quote_timeout_ms = static_cast<std::uint32_t>(config.maker_quote_timeout_ms);
  for (const auto& url : config.maker_urls) {
    options.limiter = limiters.of(url, {});
    makers.push_back(std::make_shared<maker_client>(url, options));
  }
  return makers;
}

maker_metrics make_maker_metrics(runtime::metrics& metrics) {
  const auto quotes = [&](const char* got) {
    return metrics.counter("landfall_maker_quotes_total", "Quotes asked of market makers.", {{"answer", got}});
  };
  const auto swaps = [&](const char* said) {
    return metrics.counter("landfall_maker_swaps_total", "What makers said of messages handed over; proves nothing.",
                           {{"answer", said}});
  };
  return {quotes("quote"), quotes("none"), swaps("accepted"), swaps("rejected"), swaps("none")};
}

void serve_operations(net::http_server& server, const std::shared_ptr<runtime::health>& health,
                      const std::shared_ptr<runtime::metrics>& metrics) {
  server.route("GET", "/healthz", [](net::http_server_request, net::http_reply reply) {
    reply({200, "{\"alive\":true}"});
  });
  server.route("GET", "/readyz", [health](net::http_server_request, net::http_reply reply) {
    reply({health->ready() ? 200 : 503, health->to_json()});
  });
  server.route("GET", "/metrics", [metrics](net::http_server_request, net::http_reply reply) {
    reply({200, metrics->render(), "text/plain; version=0.0.4; charset=utf-8"});
  });
}

/// Is the database there, and is it the one this program was made for? Asked beside all work, for readiness only.
void probe_database(postgres::database& db, runtime::health& health, bool& was_up) {
  const auto current = postgres::migrations_current(db);
  const bool up = current.ok();
  health.set("postgres", up, up ? "" : current.error().message);
  health.set("migrations", up && *current,
             up ? "migrations are missing: run landfallctl migrate" : "the database cannot be asked");
  if (up != was_up)
    runtime::log(up ? runtime::level::info : runtime::level::warn, up ? "database_up" : "database_down",
                 {{"why", up ? std::string{} : current.error().message}});
  was_up = up;
}

api::config make_api_config(const service_config& config) {
  api::config c;
  c.instance = config.instance;
  c.database = database_options(config, config.api_postgres_url);
  c.api_keys = config.api_keys;
  c.minimum_order_usd = config.min_order_usd;
  c.deposits.wait = std::chrono::milliseconds{config.confirm_wait_ms};
  c.deposits.poll = std::chrono::milliseconds{std::min(config.status_poll_ms, 300)};
  c.wallet_limit = {std::max(1, config.requests_per_minute / 60), config.requests_per_minute};
  c.address_limit = {4 * c.wallet_limit.per_second, 4 * c.wallet_limit.burst};
  return c;
}

int run(const service_config& config, const std::shared_ptr<const signer_keys>& keys) {
  const auto metrics = std::make_shared<runtime::metrics>();
  const auto health = make_health(config);
  const auto clock = std::make_shared<const runtime::system_clock_source>();

  const auto api_settings = make_api_config(config);
  if (const auto wrong = api::validate(api_settings); wrong && config.has_role("api")) {
    runtime::log_error("bad_setting", {{"why", *wrong}});
    return 1;
  }

  // One limiter a host, whoever in this process asks.
  net::host_limiters limiters{limit_metrics(*metrics), std::random_device{}()};
  const auto endpoints_for = [&](std::optional<net::purpose> purpose) {
    std::vector<std::shared_ptr<rpc_api>> all;
    const auto limits = config.rpc_limits();
    for (std::size_t i = 0; i < limits.size(); ++i) {
      rpc_options options;
      options.limiter = limiters.of(config.rpc_urls[i], limits[i]);
      options.purpose = purpose;
      all.push_back(std::make_shared<rpc_endpoint>("rpc" + std::to_string(i), config.rpc_urls[i], options));
    }
    return all;
  };
  const auto endpoints = endpoints_for(std::nullopt);

  net::http_server_options http;
  http.on_error = [](std::string_view what) { runtime::log_error("http_trouble", {{"why", what}}); };
  net::http_server server{config.listen_address, config.port_base, http};
  serve_operations(server, health, metrics);

  caf::actor_system_config system_config;
  runtime::configure_actor_system(system_config, 2);
  caf::actor_system system{system_config};

  chain_config chain_settings;
  chain_settings.poll_ms = static_cast<std::uint32_t>(config.status_poll_ms);
  chain_settings.fee_floor_micro_lamports = config.fee_floor_micro_lamports;
  chain_settings.fee_cap_micro_lamports = config.fee_cap_micro_lamports;
  auto chain_worker = spawn_chain(system, chain_settings, endpoints, *clock, {metrics.get(), health.get(), "rpc"});
  std::unique_ptr<api::api_server> public_api;
  if (config.has_role("api")) {
    api::dependencies d;
    d.chain = api::make_actor_chain(system, chain_worker);
    api::hermes_options prices;
    prices.base_url = config.hermes_http_url;
    prices.api_key = config.hermes_api_key;
    prices.limiter = limiters.of(config.hermes_http_url, {static_cast<std::uint32_t>(config.hermes_requests_per_window),
                                                          std::chrono::milliseconds{config.hermes_window_ms}});
    d.prices = api::make_hermes_prices(prices, *clock);
    d.clock = clock;
    d.master = keys->master;
    d.metrics = metrics;
    public_api = std::make_unique<api::api_server>(system, api_settings, std::move(d));
    public_api->register_routes(server);
  }
  std::vector<caf::strong_actor_ptr> to_stop;
  dispatcher_actor dispatcher;
  if (config.has_role("executor")) {
    auto work = make_order_dependencies(config, *keys, *metrics);
    work.chain = chain_worker;
    work.clock = clock.get();
    const auto counter = [&](const char* name, const char* help) { return metrics->counter(name, help); };
    work.commit_writer = spawn_commit_writer(
        system, {database_options(config, config.postgres_url), config.instance, 128,
                 counter("landfall_executor_commits_total", "Commits of the commit writer."),
                 counter("landfall_executor_commit_units_total", "Units of writes in those commits."),
                 counter("landfall_executor_commit_failures_total", "Commits that failed or are in doubt.")});
    work.signer = spawn_signer(system, keys);
    router_options router;
    router.api_key = config.router_api_key;
    router.limiter = limiters.of(config.router_url, {static_cast<std::uint32_t>(config.router_requests_per_window),
                                                     std::chrono::milliseconds{config.router_window_ms}});
    work.router = spawn_router(system, std::make_shared<router_client>(config.router_url, router));
    work.swap_permits = spawn_semaphore(system, static_cast<std::size_t>(config.max_builds));
    work.payment_permits = spawn_semaphore(system, static_cast<std::size_t>(config.max_builds));
    work.maker = spawn_maker(system, make_makers(config, limiters), make_maker_metrics(*metrics));
    to_stop = {caf::actor_cast<caf::strong_actor_ptr>(work.commit_writer),
               caf::actor_cast<caf::strong_actor_ptr>(work.signer),
               caf::actor_cast<caf::strong_actor_ptr>(work.router),
               caf::actor_cast<caf::strong_actor_ptr>(work.maker),
               caf::actor_cast<caf::strong_actor_ptr>(work.swap_permits),
               caf::actor_cast<caf::strong_actor_ptr>(work.payment_permits)};
    dispatcher_config claims;
    claims.database = database_options(config, config.postgres_url);
    claims.instance = config.instance;
    claims.poll = domain::milliseconds{config.poll_ms};
    claims.lease = domain::milliseconds{config.lease_ms};
    claims.claims.max_in_flight = static_cast<std::size_t>(config.max_in_flight);
    claims.claims.reserved_share_percent = static_cast<std::size_t>(config.reserved_share_percent);
    claims.metrics = metrics.get();
    claims.health = health.get();
    dispatcher = spawn_dispatcher(system, claims, std::make_shared<const order_dependencies>(std::move(work)));
    to_stop.insert(to_stop.begin(),
                   caf::actor_cast<caf::strong_actor_ptr>(spawn_order_listener(system, claims.database, dispatcher)));
  }
  if (config.has_role("verifier")) {
    verify::verifier_config checks;
    checks.database = database_options(config, config.verifier_postgres_url);
    checks.database.statement_timeout_ms = 10'000;
    checks.instance = config.instance;
    auto verifier = verify::start_verifier(system, checks, endpoints_for(net::purpose::verification), *clock,
                                           {metrics.get(), health.get(), "verifier"});
    std::ranges::move(verifier, std::back_inserter(to_stop));
  }
  to_stop.push_back(caf::actor_cast<caf::strong_actor_ptr>(chain_worker));
  chain_worker = nullptr;

  if (const auto opened = server.open(); !opened) {
    runtime::log_error("http_not_open", {{"why", opened.error()}});
    if (dispatcher)
      to_stop.insert(to_stop.begin(), caf::actor_cast<caf::strong_actor_ptr>(std::exchange(dispatcher, nullptr)));
    runtime::stop_actors(system, std::move(to_stop), drain_actors);
    return 1;
  }
  std::string roles;
  for (const auto& role : config.roles)
    roles += (roles.empty() ? "" : ",") + role;
  runtime::log_info(
      "started",
      {{"port", config.port_base}, {"roles", roles}, {"fee_payer", keys->fee_payer.public_key().to_string()}});

  auto probe_options = database_options(config, config.has_role("executor") ? config.postgres_url
                                                : config.has_role("api")    ? config.api_postgres_url
                                                                            : config.verifier_postgres_url);
  probe_options.connect_timeout_s = 2;
  probe_options.statement_timeout_ms = 2'000;
  postgres::database probe{probe_options};
  bool database_up = true;
  do
    probe_database(probe, *health, database_up);
  while (runtime::wait_for_stop_signal(probe_interval) == 0);

  runtime::log_info("stopping");
  if (dispatcher) {
    caf::scoped_actor me{system};
    me->monitor(dispatcher);
    me->send(dispatcher, dispatcher_stop{});
    bool down = false;
    me->receive([&](const caf::down_msg&) { down = true; }, caf::after(drain_orders) >> [] {});
    if (!down)
      to_stop.insert(to_stop.begin(), caf::actor_cast<caf::strong_actor_ptr>(dispatcher));
    dispatcher = nullptr;
  }
  server.close(drain_http);
  if (public_api)
    public_api->stop(drain_actors);
  const auto killed = runtime::stop_actors(system, std::move(to_stop), drain_actors);
  runtime::log_info("stopped", {{"killed", static_cast<std::uint64_t>(killed)}});
  return 0;
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
  switch (settings.parse(argc, argv)) {
    case runtime::parse_outcome::exit_success:
      return 0;
    case runtime::parse_outcome::exit_failure:
      return 1;
    case runtime::parse_outcome::run:
      break;
  }
  if (const auto [name, why] = config.complete(); !name.empty())
    return settings.refuse(name, why) == runtime::parse_outcome::exit_success ? 0 : 1;
  const auto keys = read_keys(config.fee_payer_key, config.master_secret);
  if (!keys)
    return settings.refuse("fee-payer-key", keys.error()) == runtime::parse_outcome::exit_success ? 0 : 1;
  runtime::log_init("executor-service", config.instance, *runtime::parse_level(config.log_level),
                    *runtime::parse_log_format(config.log_format));
  if (const auto wrong = fault::arm_from_environment(); !wrong.empty())
    return settings.refuse("LANDFALL_FAULT", std::string{wrong}) == runtime::parse_outcome::exit_success ? 0 : 1;
  return run(config, *keys);
}
