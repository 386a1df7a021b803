#include "common/solana/rpc_error.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using landfall::solana::rpc_error;

namespace {

rpc_error rpc(std::int64_t code, std::string preflight_err = {}) {
  rpc_error e;
  e.what = rpc_error::kind::rpc;
  e.code = code;
  e.preflight_err = std::move(preflight_err);
  return e;
}

}  // namespace

TEST_CASE("only the node's own verdict of a request proves anything") {
  for (const auto kind : {rpc_error::kind::unreachable, rpc_error::kind::timeout, rpc_error::kind::rate_limited,
                          rpc_error::kind::server, rpc_error::kind::malformed}) {
    rpc_error e;
    e.what = kind;
    e.code = -32602;
    CHECK(e.proves_nothing());
  }
  CHECK_FALSE(rpc(-32602).proves_nothing());
  CHECK_FALSE(rpc(-32002).proves_nothing());
  CHECK(rpc(-32005).proves_nothing());
  CHECK(rpc(-32016).proves_nothing());
}

TEST_CASE("a transaction's error counts only where the simulation before sending failed") {
  CHECK(rpc(-32002, "AlreadyProcessed").already_processed());
  CHECK(rpc(-32002, "BlockhashNotFound").blockhash_not_found());
  CHECK_FALSE(rpc(-32002, "AlreadyProcessed").blockhash_not_found());
  CHECK_FALSE(rpc(-32005, "AlreadyProcessed").already_processed());
  CHECK_FALSE(rpc(-32002).already_processed());
  CHECK(rpc(-32002).preflight_failed());
  CHECK(rpc(-32005).node_unhealthy());
}
