#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/http_server.hpp"
#include "common/postgres/database.hpp"
#include "executor-service/api/api.hpp"
#include "executor-service/api/api_store.hpp"
#include "executor-service/api/mint_check.hpp"
#include "executor-service/api/token.hpp"

namespace landfall::executor::api {

/// What all handlers share. Everything in it is thread-safe.
struct context {
  const config& settings;
  const dependencies& with;
  token_key session_key{};
  mint_check mints;
  deposit_watch& deposits;
  /// When dead challenges were last removed, in milliseconds since 1970.
  std::atomic<long long> challenges_swept_ms{0};

  [[nodiscard]] domain::utc_time now() const {
    return with.clock->now();
  }
};

/// One request, on a worker thread. `wallet` is the authenticated one, zero on the routes under /auth.
struct call {
  net::http_server_request request;
  net::http_reply reply;
  solana::pubkey wallet;
};

/// Each answers its call exactly once, now or later.
using handler = void (*)(context&, postgres::database&, const call&);

void issue_challenge(context&, postgres::database&, const call&);
void verify_challenge(context&, postgres::database&, const call&);
void show_vault(context&, postgres::database&, const call&);
void register_vault(context&, postgres::database&, const call&);
void craft_deposit(context&, postgres::database&, const call&);
void create_price_order(context&, postgres::database&, const call&);
void list_orders(context&, postgres::database&, const call&);
void show_order(context&, postgres::database&, const call&);
void show_order_by_key(context&, postgres::database&, const call&);

/// What a database error means to a caller: 503 where nothing was done and trying again may help, else 500.
[[nodiscard]] net::http_server_response database_failed(std::string_view route, const postgres::database_error& error);

/// An Idempotency-Key of a request, looked up: to be stored with what the request does, or answered already. A request
/// that is refused leaves its key free. Under /auth the header means nothing: nobody is known yet to whom a key could
/// belong, and a stored answer would make a challenge good for more than one session.
struct opened_key {
  std::optional<keyed_request> key;
  std::optional<net::http_server_response> answer;
};
[[nodiscard]] opened_key open_key(api_store& store, const call& c);

}  // namespace landfall::executor::api
