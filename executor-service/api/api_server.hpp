#pragma once

#include <caf/fwd.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/net/http_server.hpp"
#include "common/postgres/database.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/api/deposit/chain_gateway.hpp"
#include "executor-service/api/deposit/deposit_watch.hpp"
#include "executor-service/api/deposit/price_source.hpp"
#include "executor-service/api/http/request_limiter.hpp"
#include "executor-service/keys/master_secret.hpp"

namespace landfall::executor::api {

/// The role `api`: the Trigger V2 HTTP API under /trigger/v2. It needs no executor to be running: an order whose
/// deposit it sees confirmed is open, and whatever it does not see an executor resolves later.
struct config {
  /// Names this process in transitions and attempts.
  std::string instance;
  /// Connects as landfall_api.
  postgres::database::options database;
  /// Database actors, each with a thread and a connection.
  std::size_t workers = 8;
  /// Requests that wait for a database actor; above it 503.
  std::size_t max_queued = 512;
  /// If any are given, `x-api-key` has to be one of them.
  std::vector<std::string> api_keys;
  /// For each authenticated wallet, and for each client address.
  request_limit wallet_limit{.per_second = 50, .burst = 200};
  request_limit address_limit{.per_second = 200, .burst = 800};
  std::chrono::milliseconds challenge_life{300'000};
  std::chrono::milliseconds session_life{86'400'000};
  /// How long a crafted deposit may be used; its blockhash lives shorter still.
  std::chrono::milliseconds deposit_life{120'000};
  /// The least worth of a deposit in whole USD.
  int minimum_order_usd = 10;
  deposit_watch_options deposits;
};

/// A sentence that names the setting that is wrong, or nothing.
[[nodiscard]] std::optional<std::string> validate(const config& c);

struct dependencies {
  std::shared_ptr<chain_gateway> chain;
  std::shared_ptr<price_source> prices;
  std::shared_ptr<const runtime::clock> clock;
  std::shared_ptr<const master_secret> master;
  /// Gets landfall_api_requests_total{route,status} and landfall_api_request_seconds{route}.
  std::shared_ptr<runtime::metrics> metrics;
};

struct endpoint {
  std::string method;
  /// Such as "/trigger/v2/orders/price/{id}".
  std::string pattern;
  net::http_handler handle;
};

/// Serves the API's routes on a server that others put routes on as well. The server has to be closed before this is
/// destroyed.
class api_server {
public:
  /// `c` has to pass `validate`; `system` has to outlive the server.
  api_server(caf::actor_system& system, config c, dependencies d);
  ~api_server();
  api_server(const api_server&) = delete;
  api_server& operator=(const api_server&) = delete;

  /// Before the server is opened.
  void register_routes(net::http_server& server) const;
  [[nodiscard]] const std::vector<endpoint>& endpoints() const noexcept;

  /// Ends the actors, and waits for what they run for at most `bound`. Requests that are waited for get no answer from
  /// here any more; orders are as they are stored. Safe to call twice.
  void stop(std::chrono::milliseconds bound);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace landfall::executor::api
