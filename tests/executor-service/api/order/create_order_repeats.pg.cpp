#include <doctest/doctest.h>

#include <array>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "tests/executor-service/api/api_fixture.hpp"

namespace landfall::executor::api {
namespace {

std::string orders_stored(api_fixture& api) {
  return api.value("select count(*) from price_order");
}

TEST_SUITE("create repeats") {
  TEST_CASE("a deposit that does not show leaves the order depositing, and a repeat confirms it") {
    api_fixture api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{30}; }};
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    api.chain->set_deposit_end(fake_gateway::deposit_end::never_lands);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(made.status == 200);
    CHECK_FALSE(made.deposit_confirmed());
    CHECK(api.value("select state from price_order") == "depositing");

    api.chain->set_down(true);
    CHECK_FALSE(api.as(key.public_key(), "POST", "/orders/price", body).deposit_confirmed());
    CHECK(api.value("select state from price_order") == "depositing");
    api.chain->set_down(false);

    api.chain->set_deposit_end(fake_gateway::deposit_end::lands);
    api.clock->advance(std::chrono::hours{2});  // the order's expiry is over by now, and so is the request's
    const auto again = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(again.deposit_confirmed());
    CHECK(again.text("id") == made.text("id"));
    CHECK(again.text("txSignature") == made.text("txSignature"));
    CHECK(again.text("message") == "The order exists already; its deposit was confirmed by this request.");
    CHECK(api.value("select state from price_order") == "open");
    const auto third = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(third.deposit_confirmed());
    CHECK(third.text("message") == "The order exists already; its deposit is confirmed.");
    CHECK(orders_stored(api) == "1");
  }

  TEST_CASE("another process goes on where one was killed after storing") {
    api_fixture api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{20}; }};
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    api.chain->set_deposit_end(fake_gateway::deposit_end::never_lands);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    api.server.reset();
    api.chain->set_deposit_end(fake_gateway::deposit_end::lands);
    api.server = api.another_server();
    const auto again = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(again.deposit_confirmed());
    CHECK(again.text("id") == made.text("id"));
    CHECK(orders_stored(api) == "1");
  }

  TEST_CASE("an order that the executor opened meanwhile is confirmed") {
    api_fixture api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{20}; }};
    const auto& key = api.new_wallet();
    api.chain->set_deposit_end(fake_gateway::deposit_end::never_lands);
    const auto body = api.create_body(key, api.craft(key));
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    {
      pqxx::work work{api.rows.as("api")};
      work.exec("update attempt set confirmed_slot = 7, confirmed_at = now()");
      work.exec(
          "update price_order set state = 'open', last_reason = 'x', last_instance = 'y', last_attempt_id = null");
      work.commit();
    }
    const auto again = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(again.deposit_confirmed());
    CHECK(again.text("id") == made.text("id"));
  }

  TEST_CASE("the same deposit under other terms is a duplicate, not a second order") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit));
    const auto other = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit, "251"));
    CHECK(other.status == 400);
    CHECK(other.text("error").starts_with("Duplicate deposit"));
    CHECK(other.text("error").find(made.text("id")) != std::string::npos);
    CHECK(orders_stored(api) == "1");
    // The same number written otherwise is the same term.
    CHECK(
        api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit, "250.0")).deposit_confirmed());
  }

  TEST_CASE("a key that another request took cannot be adopted by a repeat") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    const auto other = api.create_body(key, api.craft(key));
    CHECK(api.as(key.public_key(), "POST", "/orders/price", body).status == 200);
    CHECK(api.as(key.public_key(), "POST", "/orders/price", other, {{"idempotency-key", "k"}}).status == 200);
    CHECK(api.as(key.public_key(), "POST", "/orders/price", body, {{"idempotency-key", "k"}}).status == 409);
  }

  TEST_CASE("many creates at once from one deposit make one order") {
    api_fixture api;
    const auto second = api.another_server();
    const auto& key = api.new_wallet();
    for (int round = 0; round < 5; ++round) {
      const auto body = api.create_body(key, api.craft(key));
      const header_map session{{"authorization", "Bearer " + api.session(key.public_key())}};
      std::vector<std::future<answer>> calls;
      for (int i = 0; i < 6; ++i)
        calls.push_back(std::async(std::launch::async, [&, i] {
          return api.call_on(i % 2 == 0 ? *api.server : *second, "POST", "/orders/price", body, session);
        }));
      std::set<std::string> ids;
      std::set<std::string> signatures;
      for (auto& c : calls) {
        const auto made = c.get();
        CHECK_MESSAGE(made.status == 200, made.body);
        CHECK(made.deposit_confirmed());
        ids.insert(made.text("id"));
        signatures.insert(made.text("txSignature"));
      }
      CHECK(ids.size() == 1);
      CHECK(signatures.size() == 1);
      CHECK(orders_stored(api) == std::to_string(round + 1));
    }
    CHECK(api.value("select count(*) from attempt") == "5");
  }

  TEST_CASE("a key finds its order again, and belongs to one body") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto wallet = key.public_key();
    const auto body = api.create_body(key, api.craft(key));
    const auto other_body = api.create_body(key, api.craft(key));
    const auto made = api.as(wallet, "POST", "/orders/price", body, {{"idempotency-key", "order 1"}});
    REQUIRE(made.status == 200);
    CHECK(api.as(wallet, "POST", "/orders/price", body, {{"idempotency-key", "order 1"}}).text("id") ==
          made.text("id"));
    const auto refused = api.as(wallet, "POST", "/orders/price", other_body, {{"idempotency-key", "order 1"}});
    CHECK(refused.status == 409);
    CHECK(orders_stored(api) == "1");
    const auto shown = api.as(wallet, "GET", "/orders/price/by-key/order 1");
    CHECK(shown.status == 200);
    CHECK(shown.body == api.as(wallet, "GET", "/orders/price/" + made.text("id")).body);
    const auto& stranger = api.new_wallet();
    CHECK(api.as(stranger.public_key(), "GET", "/orders/price/by-key/order 1").status == 404);
    CHECK(api.as(wallet, "GET", "/orders/price/by-key/order 2").status == 404);
    // Keys of different wallets have nothing to do with each other.
    CHECK(api.as(stranger.public_key(), "POST", "/orders/price", api.create_body(stranger, api.craft(stranger)),
                 {{"idempotency-key", "order 1"}})
              .status == 200);
  }

  TEST_CASE("a key that comes with a repeat is bound to the order of the first call") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    api.as(key.public_key(), "POST", "/orders/price", body, {{"idempotency-key", "late"}});
    CHECK(api.as(key.public_key(), "GET", "/orders/price/by-key/late").text("id") == made.text("id"));
  }

  TEST_CASE("one key used at once for two deposits makes one order") {
    api_fixture api;
    const auto second = api.another_server();
    const auto& key = api.new_wallet();
    for (int round = 0; round < 5; ++round) {
      const std::array bodies{api.create_body(key, api.craft(key)), api.create_body(key, api.craft(key))};
      const header_map headers{{"authorization", "Bearer " + api.session(key.public_key())},
                               {"idempotency-key", "round " + std::to_string(round)}};
      auto a = std::async(std::launch::async,
                          [&] { return api.call_on(*api.server, "POST", "/orders/price", bodies[0], headers); });
      auto b = std::async(std::launch::async,
                          [&] { return api.call_on(*second, "POST", "/orders/price", bodies[1], headers); });
      const std::multiset<int> statuses{a.get().status, b.get().status};
      CHECK(statuses == std::multiset<int>{200, 409});
      CHECK(orders_stored(api) == std::to_string(round + 1));
    }
  }
}

}  // namespace
}  // namespace landfall::executor::api
