#include "executor-service/api/start_api.hpp"

#include <algorithm>
#include <utility>

#include "executor-service/api/deposit/actor_chain.hpp"

namespace landfall::executor::api {

void api_settings::declare(runtime::settings& s) {
  s.add("api-postgres-url", postgres_url, "database of the api role (default: port base + 2, user landfall_api)")
      .secret();
  s.add("api-keys", api_keys, "if given, callers need one of them in x-api-key").secret();
  s.add("min-order-usd", min_order_usd, "least worth of a deposit").unit("USD").range(0, 1'000'000);
  s.add("confirm-wait-ms", confirm_wait_ms, "how long a create call waits for its deposit").unit("ms").range(0, 60'000);
  s.add("requests-per-minute", requests_per_minute, "requests that one wallet or address may make").range(1, 1'000'000);
  s.add("hermes-http-url", hermes_http_url, "price service of the order minimum (default: port base + 13)");
  s.add("hermes-api-key", hermes_api_key, "sent to the price service as a bearer token").secret();
  s.add("hermes-requests-per-window", hermes_requests_per_window,
        "requests that the price service takes from us within hermes-window-ms")
      .range(1, 1'000'000);
  s.add("hermes-window-ms", hermes_window_ms, "the sliding window of hermes-requests-per-window")
      .unit("ms")
      .range(10, 600'000);
}

void api_settings::complete(int port_base, int status_poll_ms) {
  if (postgres_url.empty())
    postgres_url = local_database(port_base, "landfall_api");
  if (hermes_http_url.empty())
    hermes_http_url = local_url(port_base + 13);
  deposit_poll_ms = std::min(status_poll_ms, 300);
}

config api_settings::server(const service_context& context) const {
  config c;
  c.instance = context.instance;
  c.database = context.database(postgres_url);
  c.api_keys = api_keys;
  c.minimum_order_usd = min_order_usd;
  c.deposits.wait = std::chrono::milliseconds{confirm_wait_ms};
  c.deposits.poll = std::chrono::milliseconds{deposit_poll_ms};
  c.wallet_limit = {std::max(1, requests_per_minute / 60), requests_per_minute};
  c.address_limit = {4 * c.wallet_limit.per_second, 4 * c.wallet_limit.burst};
  return c;
}

std::unique_ptr<api_server> start_api(caf::actor_system& system, const api_settings& settings, chain_actor chain,
                                      std::shared_ptr<const master_secret> master, net::http_server& server,
                                      const service_context& context) {
  hermes_options prices;
  prices.base_url = settings.hermes_http_url;
  prices.api_key = settings.hermes_api_key;
  prices.limiter =
      context.limiters->of(settings.hermes_http_url, {static_cast<std::uint32_t>(settings.hermes_requests_per_window),
                                                      std::chrono::milliseconds{settings.hermes_window_ms}});
  dependencies d;
  d.chain = make_actor_chain(system, std::move(chain));
  d.prices = make_hermes_prices(std::move(prices), *context.clock);
  d.clock = context.clock;
  d.master = std::move(master);
  d.metrics = context.metrics;
  auto api = std::make_unique<api_server>(system, settings.server(context), std::move(d));
  api->register_routes(server);
  return api;
}

}  // namespace landfall::executor::api
