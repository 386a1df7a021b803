#include "executor-service/api/api.hpp"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <utility>

#include "common/runtime/log.hpp"
#include "common/solana/keypair.hpp"
#include "executor-service/api/handlers.hpp"
#include "executor-service/api/worker_pool.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::string_view base = "/trigger/v2";

/// Who may call a route.
enum class access { anyone, wallet };

struct route {
  std::string_view method;
  std::string_view path;
  access who;
  handler handle;
};

constexpr auto routes = std::to_array<route>({
    {"POST", "/auth/challenge", access::anyone, issue_challenge},
    {"POST", "/auth/verify", access::anyone, verify_challenge},
    {"GET", "/vault", access::wallet, show_vault},
    {"GET", "/vault/register", access::wallet, register_vault},
    {"POST", "/deposit/craft", access::wallet, craft_deposit},
    {"POST", "/orders/price", access::wallet, create_price_order},
    {"GET", "/orders/history", access::wallet, list_orders},
    {"GET", "/orders/history/{id}", access::wallet, show_order},
    {"GET", "/orders/price/{id}", access::wallet, show_order},
    {"GET", "/orders/price/by-key/{key}", access::wallet, show_order_by_key},
});

/// Documented routes of Trigger V2 that this server does not have.
struct absent_route {
  std::string_view method;
  std::string_view path;
};

constexpr auto absent_routes = std::to_array<absent_route>({
    {"PATCH", "/orders/price/{id}"},
    {"POST", "/orders/price/cancel/{id}"},
    {"POST", "/orders/price/confirm-cancel/{id}"},
});

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// The token of "Authorization: Bearer …"; empty if there is none. The scheme is compared without case, as HTTP has it.
std::string_view bearer_token(const net::http_server_request& request) {
  constexpr std::string_view scheme = "bearer ";
  const auto value = request.header("authorization");
  if (value.size() <= scheme.size())
    return {};
  const auto same = std::equal(scheme.begin(), scheme.end(), value.begin(), [](char expected, char given) {
    return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
  });
  return same ? value.substr(scheme.size()) : std::string_view{};
}

/// One label for each route: paths with ids in them would be without bound.
struct route_metrics {
  std::shared_ptr<runtime::metrics> registry;
  std::string label;
  runtime::histogram_handle latency;

  void observe(int status, std::chrono::steady_clock::duration took) const {
    if (!registry)
      return;
    registry
        ->counter("landfall_api_requests_total", "Requests of the public API, by route and status.",
                  {{"route", label}, {"status", std::to_string(status)}})
        .inc();
    latency.observe(std::chrono::duration<double>(took).count());
  }
};

}  // namespace

std::optional<std::string> validate(const config& c) {
  if (c.instance.empty())
    return "instance: must not be empty";
  if (c.workers < 1 || c.workers > 256)
    return "workers: must be 1 to 256";
  if (c.max_queued < 1)
    return "max_queued: must be at least 1";
  if (std::any_of(c.api_keys.begin(), c.api_keys.end(), [](const auto& key) { return key.empty(); }))
    return "api_keys: a key must not be empty";
  for (const auto& limit : {c.wallet_limit, c.address_limit})
    if (limit.per_second < 0 || limit.burst < 1 || limit.max_keys < 1)
      return "rate limits: per_second must not be negative, burst and max_keys must be at least 1";
  for (const auto life : {c.challenge_life, c.session_life, c.deposit_life, c.deposits.poll, c.deposits.rebroadcast})
    if (life.count() < 1)
      return "lives and intervals: must be at least 1 ms";
  if (c.deposits.wait.count() < 0 || c.deposits.wait > std::chrono::seconds{50})
    return "deposits.wait: must be 0 to 50000 ms, below the HTTP server's bound for an answer";
  if (c.deposits.max_waiting > net::http_server_options{}.max_in_flight / 4)
    return "deposits.max_waiting: must leave three quarters of the HTTP server's requests to others";
  if (c.minimum_order_usd < 0)
    return "minimum_order_usd: must not be negative";
  return std::nullopt;
}

net::http_server_response database_failed(std::string_view route, const postgres::database_error& error) {
  runtime::log_error("api_database_failed", {{"route", route},
                                             {"kind", postgres::to_string(error.kind)},
                                             {"sqlstate", error.sqlstate},
                                             {"why", error.message}});
  if (error.kind == postgres::error_kind::unavailable || error.kind == postgres::error_kind::conflict)
    return unavailable("The database does not answer right now. Nothing was stored.");
  return to_response({500, "Internal server error", {}});
}

struct api_server::impl {
  impl(config c, dependencies d)
      : settings(std::move(c)),
        with(std::move(d)),
        wallet_limit(settings.wallet_limit),
        address_limit(settings.address_limit),
        workers(settings.database, settings.workers, settings.max_queued),
        deposits(with.chain, workers, settings.instance, settings.deposits),
        ctx{settings, with, derive_token_key(with.master->bytes()), {}, deposits} {
    for (const auto& r : routes)
      add(r.method, r.path, [this, r](net::http_server_request request, net::http_reply reply) {
        serve(r, std::move(request), std::move(reply));
      });
    for (const auto& r : absent_routes)
      add(r.method, r.path, [](const net::http_server_request&, const net::http_reply& reply) {
        reply(to_response({404, "Not found: this server does not support it yet", {}}));
      });
  }

  /// With what every route has in common: limits by address, API keys, metrics.
  void add(std::string_view method, std::string_view path, net::http_handler inner) {
    const auto pattern = std::string{base} + std::string{path};
    route_metrics seen{with.metrics, std::string{method} + " " + std::string{path}, {}};
    if (with.metrics)
      seen.latency =
          with.metrics->histogram("landfall_api_request_seconds", "Time to answer a request of the public API.",
                                  runtime::latency_buckets_seconds(), {{"route", seen.label}});
    endpoints.push_back({std::string{method}, pattern,
                         [this, seen = std::move(seen), pattern, inner = std::move(inner)](
                             net::http_server_request request, net::http_reply reply) {
                           const auto started = std::chrono::steady_clock::now();
                           request.route = pattern;
                           net::http_reply counted = [seen, started,
                                                      reply = std::move(reply)](net::http_server_response response) {
                             seen.observe(response.status, std::chrono::steady_clock::now() - started);
                             reply(std::move(response));
                           };
                           if (const auto wait = address_limit.refuse(request.remote_address, ctx.now()))
                             return counted(too_many_requests(*wait));
                           if (!has_api_key(request))
                             return counted(bad_api_key());
                           inner(std::move(request), std::move(counted));
                         }});
  }

  [[nodiscard]] bool has_api_key(const net::http_server_request& request) const {
    const auto given = request.header("x-api-key");
    bool found = settings.api_keys.empty();
    for (const auto& key : settings.api_keys)
      found = equal_secrets(key, given) || found;
    return found;
  }

  void serve(const route& r, net::http_server_request request, net::http_reply reply) {
    solana::pubkey wallet;
    if (r.who == access::wallet) {
      const auto known = token_wallet(ctx.session_key, bearer_token(request), ctx.now());
      if (!known)
        return reply(unauthorized());
      wallet = *known;
      if (const auto wait = wallet_limit.refuse(wallet.to_string(), ctx.now()))
        return reply(too_many_requests(*wait));
    }
    auto refused = reply;
    const bool taken = workers.submit([this, handle = r.handle, c = call{std::move(request), std::move(reply), wallet}](
                                          postgres::database& db) { handle(ctx, db, c); });
    if (!taken)
      refused(unavailable("Too many requests are waiting. Nothing was done."));
  }

  const config settings;
  const dependencies with;
  rate_limiter wallet_limit;
  rate_limiter address_limit;
  worker_pool workers;
  deposit_watch deposits;
  context ctx;
  std::vector<endpoint> endpoints;
};

api_server::api_server(config c, dependencies d) {
  solana::initialize_crypto();
  if (const auto why = validate(c))
    domain::broken_invariant(why->c_str());
  impl_ = std::make_unique<impl>(std::move(c), std::move(d));
}

api_server::~api_server() {
  stop();
}

void api_server::stop() {
  impl_->deposits.stop();
  impl_->workers.stop();
}

const std::vector<endpoint>& api_server::endpoints() const noexcept {
  return impl_->endpoints;
}

void api_server::register_routes(net::http_server& server) const {
  for (const auto& e : impl_->endpoints)
    server.route(e.method, e.pattern, e.handle);
}

}  // namespace landfall::executor::api
