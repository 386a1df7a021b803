#pragma once

#include <functional>

#include "common/net/http_server.hpp"
#include "common/postgres/database.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor::api {

/// One request and its wallet. `wallet` is the authenticated one, zero on the routes under /auth.
struct call {
  net::http_server_request request;
  net::http_reply reply;
  solana::pubkey wallet;
};

/// Answers its call exactly once, now or later. Runs where it may block on the database.
using handler = std::function<void(postgres::database&, const call&)>;

}  // namespace landfall::executor::api
