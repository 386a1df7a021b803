#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/executor-service/api/api_fixture.hpp"

namespace landfall::executor::api {
namespace {

TEST_SUITE("api_server") {
  TEST_CASE("a service without a database refuses and sends nothing") {
    api_fixture api{[](config& c) { c.database.conninfo = "host=/nonexistent"; }};
    const auto wallet = *solana::pubkey::parse(landfall::tests::address_of(3));
    const auto refused = api.as(wallet, "GET", "/vault");
    CHECK(refused.status == 503);
    CHECK(refused.headers.contains("Retry-After"));
  }

  TEST_CASE("whoever still holds the routes keeps nothing of a server that has ended") {
    api_fixture api;
    const auto held = api.server->endpoints();
    api.server.reset();
    CHECK(api.chain.use_count() == 1);
    CHECK(api.prices.use_count() == 1);
  }

  TEST_CASE("the API's role cannot do more than the API does") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto made = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, api.craft(key)));
    REQUIRE(made.deposit_confirmed());
    const auto refused = [&](const std::string& sql) {
      return landfall::tests::sqlstate_of(*api.database.connect_as("landfall_api"), sql);
    };
    CHECK(refused("update price_order set state = 'ready_execute', last_reason = 'x', last_instance = 'x'") == "LF001");
    CHECK(refused("update price_order set state = 'depositing', last_reason = 'x', last_instance = 'x'") == "LF001");
    CHECK(refused("update price_order set output_amount = 5") == "42501");
    CHECK(refused("update attempt set outcome = 'landed'") == "42501");
    CHECK(refused("update deposit_request set consumed_at = null") == "42501");
    CHECK(refused("delete from price_order") == "42501");
    CHECK(refused("delete from idempotency_key") == "42501");
    CHECK(refused("update vault set vault = wallet") == "42501");
    CHECK(refused("insert into token select * from token") == "42501");
  }

  TEST_CASE("what this server does not have yet says so as not found") {
    api_fixture api;
    const std::string id = "01234567-89ab-cdef-0123-456789abcdef";
    for (const auto& [method, path] :
         std::vector<std::pair<std::string, std::string>>{{"PATCH", "/orders/price/" + id},
                                                          {"POST", "/orders/price/cancel/" + id},
                                                          {"POST", "/orders/price/confirm-cancel/" + id}}) {
      const auto a = api.call(method, path, "{}");
      CHECK(a.status == 404);
      CHECK(a.text("error") == "Not found: this server does not support it yet");
    }
  }
}

}  // namespace
}  // namespace landfall::executor::api
