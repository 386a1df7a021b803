#include "executor-service/api/api_server.hpp"

#include <algorithm>
#include <array>
#include <caf/actor_cast.hpp>
#include <deque>
#include <functional>
#include <utility>

#include "common/runtime/actor_system.hpp"
#include "common/solana/keypair.hpp"
#include "executor-service/api/auth/auth_handlers.hpp"
#include "executor-service/api/deposit/craft_deposit.hpp"
#include "executor-service/api/http/reply.hpp"
#include "executor-service/api/http/request_gate.hpp"
#include "executor-service/api/order/create_order.hpp"
#include "executor-service/api/order/order_handlers.hpp"
#include "executor-service/api/vault/vault_handlers.hpp"

namespace landfall::executor::api {

namespace {

constexpr std::string_view base = "/trigger/v2";

/// Who may call a route.
enum class access { anyone, wallet };

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

struct api_server::impl {
  impl(caf::actor_system& actors, config c, dependencies d)
      : system(actors),
        settings(std::move(c)),
        with(std::move(d)),
        gate(settings.api_keys, settings.address_limit, with.clock, with.metrics),
        wallet_limit(settings.wallet_limit),
        tokens_signed_with(derive_session_key(with.master->bytes())),
        database(std::make_shared<database_pool>(
            system, database_pool_settings{settings.database, settings.workers, settings.max_queued})),
        deposits(spawn_deposit_watch(system, with.chain, database, settings.instance, settings.deposits)) {
    add_routes();
  }

  void add_routes() {
    using std::placeholders::_1;
    using std::placeholders::_2;
    const auto auth = std::make_shared<auth_handlers>(auth_settings{settings.challenge_life, settings.session_life},
                                                      tokens_signed_with, with.clock);
    const auto vaults = std::make_shared<vault_handlers>(with.master);
    const auto craft = std::make_shared<craft_handler>(
        craft_settings{settings.instance, settings.deposit_life, settings.minimum_order_usd}, database, with.chain,
        with.prices, with.master);
    const auto create = std::make_shared<create_handler>(settings.instance, with.chain, deposits, with.clock);
    route("POST", "/auth/challenge", access::anyone, std::bind(&auth_handlers::issue_challenge, auth, _1, _2));
    route("POST", "/auth/verify", access::anyone, std::bind(&auth_handlers::verify_challenge, auth, _1, _2));
    route("GET", "/vault", access::wallet, std::bind(&vault_handlers::show_vault, vaults, _1, _2));
    route("GET", "/vault/register", access::wallet, std::bind(&vault_handlers::register_vault, vaults, _1, _2));
    route("POST", "/deposit/craft", access::wallet, std::bind(&craft_handler::craft_deposit, craft, _1, _2));
    route("POST", "/orders/price", access::wallet, std::bind(&create_handler::create_price_order, create, _1, _2));
    route("GET", "/orders/history", access::wallet, list_orders);
    route("GET", "/orders/history/{id}", access::wallet, show_order);
    route("GET", "/orders/price/{id}", access::wallet, show_order);
    route("GET", "/orders/price/by-key/{key}", access::wallet, show_order_by_key);
    for (const auto& r : absent_routes)
      add(r.method, r.path, [](const net::http_server_request&, const net::http_reply& reply) {
        reply(to_response({404, "Not found: this server does not support it yet", {}}));
      });
  }

  /// The server's routes refer to the handlers, which end with this: what they hold has to end before the actors.
  void route(std::string_view method, std::string_view path, access who, handler handle) {
    const auto& kept = handlers.emplace_back(std::move(handle));
    add(method, path, [this, who, &kept](net::http_server_request request, net::http_reply reply) {
      serve(who, kept, {std::move(request), std::move(reply), {}});
    });
  }

  void add(std::string_view method, std::string_view path, net::http_handler inner) {
    const auto pattern = std::string{base} + std::string{path};
    endpoints.push_back(
        {std::string{method}, pattern,
         gate.guard(std::string{method} + " " + std::string{path},
                    [pattern, inner = std::move(inner)](net::http_server_request request, net::http_reply reply) {
                      request.route = pattern;
                      inner(std::move(request), std::move(reply));
                    })});
  }

  void serve(access who, const handler& handle, call c) {
    if (who == access::wallet) {
      const auto now = with.clock->now();
      const auto wallet = token_wallet(tokens_signed_with, bearer_token(c.request.header("authorization")), now);
      if (!wallet)
        return c.reply(unauthorized());
      c.wallet = *wallet;
      if (const auto wait = wallet_limit.refuse(wallet->to_string(), now))
        return c.reply(too_many_requests(*wait));
    }
    auto refused = c.reply;
    const bool admitted = database->submit([handle, c = std::move(c)](postgres::database& db) { handle(db, c); });
    if (!admitted)
      refused(unavailable("Too many requests are waiting. Nothing was done."));
  }

  caf::actor_system& system;
  const config settings;
  const dependencies with;
  request_gate gate;
  request_limiter wallet_limit;
  const session_key tokens_signed_with;
  const std::shared_ptr<database_pool> database;
  deposit_watch_actor deposits;
  std::deque<handler> handlers;
  std::vector<endpoint> endpoints;
};

api_server::api_server(caf::actor_system& system, config c, dependencies d) {
  solana::initialize_crypto();
  if (const auto why = validate(c))
    domain::broken_invariant(why->c_str());
  impl_ = std::make_unique<impl>(system, std::move(c), std::move(d));
}

api_server::~api_server() {
  stop(std::chrono::minutes{1});
}

void api_server::stop(std::chrono::milliseconds bound) {
  if (impl_->deposits)
    runtime::stop_actors(impl_->system,
                         {caf::actor_cast<caf::strong_actor_ptr>(std::exchange(impl_->deposits, nullptr))}, bound);
  impl_->database->stop(bound);
}

const std::vector<endpoint>& api_server::endpoints() const noexcept {
  return impl_->endpoints;
}

void api_server::register_routes(net::http_server& server) const {
  for (const auto& e : impl_->endpoints)
    server.route(e.method, e.pattern, e.handle);
}

}  // namespace landfall::executor::api
