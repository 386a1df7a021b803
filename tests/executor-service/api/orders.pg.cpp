#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <set>
#include <string>

#include "common/solana/base58.hpp"
#include "common/solana/base64.hpp"
#include "tests/executor-service/api/api_harness.hpp"

namespace landfall::executor::api {
namespace {

bool confirmed(const answer& a) {
  return json::as_bool(json::find(a.json, "depositConfirmed")).value_or(false);
}

std::string orders_stored(api_harness& api) {
  return api.value("select count(*) from price_order");
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

TEST_SUITE("create") {
  TEST_CASE("a signed deposit becomes an open order") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto body = api.create_body(key, deposit);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    REQUIRE_MESSAGE(made.status == 200, made.body);
    CHECK(confirmed(made));
    CHECK(made.text("message") == "(none)");
    const auto id = made.text("id");
    CHECK(api.value("select state from price_order where id = $1", id) == "open");
    CHECK(api.value("select last_reason from price_order where id = $1", id) == "deposit_confirmed");
    CHECK(api.value("select signature from attempt where order_id = $1", id) == made.text("txSignature"));
    CHECK(api.value("select confirmed_slot from attempt where order_id = $1", id) == "500");
    CHECK(api.value("select broadcast_at is not null from attempt where order_id = $1", id) == "t");
    CHECK(api.value("select order_account from price_order where id = $1", id) == deposit.order_account);
    CHECK(api.value(
              "select string_agg(to_state || ' ' || role, ', ' order by id) from order_transition where order_id = $1",
              id) == "pending_deposit api, depositing api, open api");
    const auto tx = solana::parse_transaction(
        *solana::base64_decode(api_harness::sign(deposit.transaction, key), solana::max_transaction_bytes));
    CHECK(tx->id().to_string() == made.text("txSignature"));
  }

  TEST_CASE("bytes leave only after the attempt and its move are committed") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    std::atomic<int> seen{0};
    std::atomic<int> stored{0};
    api.chain->on_broadcast([&](const solana::signature& id) {
      ++seen;
      const auto other = api.database.connect_as_admin();
      pqxx::work work{*other};
      stored += work.exec_params(R"(select from attempt a join price_order o on o.id = a.order_id
                                    where a.signature = $1 and o.state = 'depositing')",
                                 id.to_string())
                    .size() == 1;
    });
    CHECK(confirmed(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit))));
    CHECK(seen == 1);
    CHECK(stored == 1);
  }

  TEST_CASE("what cannot be stored is never sent") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    {
      pqxx::work work{api.rows.as("admin")};
      work.exec("revoke insert on attempt from landfall_api");
      work.commit();
    }
    CHECK(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit)).status == 500);
    CHECK(api.chain->broadcasts() == 0);
    CHECK(orders_stored(api) == "0");
    {
      pqxx::work work{api.rows.as("admin")};
      work.exec("grant insert on attempt to landfall_api");
      work.commit();
    }
    CHECK(confirmed(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit))));
  }

  TEST_CASE("the signed deposit has to be the crafted one under the wallet's signature") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto& other = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto body = api.create_body(key, deposit);
    const auto honest = api_harness::sign(deposit.transaction, key);
    const auto send = [&](const std::string& transaction) {
      return api.as(key.public_key(), "POST", "/orders/price", replaced(body, honest, transaction));
    };
    const auto refused_as = [&](const std::string& transaction, const std::string& error) {
      const auto refused = send(transaction);
      CHECK(refused.status == 400);
      CHECK(refused.text("error") == error);
    };
    refused_as("AQID", "Invalid signed deposit transaction");
    refused_as(deposit.transaction, "Deposit transaction is not signed by the wallet");
    refused_as(api_harness::sign(api.craft(other).transaction, other),
               "Signed deposit transaction does not match the crafted deposit");
    refused_as(api_harness::sign(api.craft(key).transaction, key),
               "Signed deposit transaction does not match the crafted deposit");

    auto wire = *solana::base64_decode(honest, solana::max_transaction_bytes);
    auto altered = wire;
    altered[wire.size() - 1] ^= 1;
    auto tx = solana::parse_transaction(altered);
    if (tx) {
      REQUIRE(solana::sign(*tx, key).ok());
      refused_as(solana::base64_encode(*solana::serialize(*tx)),
                 "Signed deposit transaction does not match the crafted deposit");
    }
    auto forged = wire;
    forged[5] ^= 1;
    refused_as(solana::base64_encode(forged), "Deposit transaction is not signed by the wallet");

    CHECK(orders_stored(api) == "0");
    CHECK(api.chain->broadcasts() == 0);
    CHECK(confirmed(send(honest)));
  }

  TEST_CASE("a deposit of another wallet, or that nobody crafted, is not found") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto& thief = api.new_wallet();
    const auto deposit = api.craft(key);
    auto body = api.create_body(key, deposit);
    CHECK(api.as(thief.public_key(), "POST", "/orders/price", body).status == 403);
    body = replaced(body, R"("userPubkey":")" + key.public_key().to_string(),
                    R"("userPubkey":")" + thief.public_key().to_string());
    const auto refused = api.as(thief.public_key(), "POST", "/orders/price", body);
    CHECK(refused.status == 400);
    CHECK(refused.text("error") == "Deposit transaction not found in cache. Please craft a new deposit first.");
    const auto unknown =
        api.as(key.public_key(), "POST", "/orders/price",
               replaced(api.create_body(key, deposit), deposit.request_id, "00000000-0000-4000-8000-000000000000"));
    CHECK(unknown.text("error") == refused.text("error"));
    CHECK(orders_stored(api) == "0");
  }

  TEST_CASE("a deposit that ran out makes no order") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    landfall::tests::deposit_fixture stored;
    stored.id = deposit.request_id;
    api.rows.expire(stored);
    const auto refused = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit));
    CHECK(refused.status == 400);
    CHECK(refused.text("error") == "Deposit transaction not found in cache. Please craft a new deposit first.");
    CHECK(api.chain->broadcasts() == 0);
  }

  TEST_CASE("a deposit that ran out makes its order after all once the verifier found that it arrived") {
    api_harness api{[](config& c) { c.deposit_life = std::chrono::milliseconds{1}; }};
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto body = api.create_body(key, deposit);
    CHECK(api.as(key.public_key(), "POST", "/orders/price", body).status == 400);
    {
      pqxx::work work{api.rows.as("verifier")};
      work.exec_params(
          "insert into discrepancy_finding (kind, subject, detail, slot, endpoint, touches_money, times_agreed) "
          "values ('deposit_without_order', $1, 'arrived', 1, 'rpc0', true, 1)",
          deposit.request_id);
      work.commit();
    }
    CHECK(confirmed(api.as(key.public_key(), "POST", "/orders/price", body)));
    CHECK(orders_stored(api) == "1");
  }

  TEST_CASE("terms have to agree with the deposit, and expiry lies ahead") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    const auto blamed = [&](const std::string& changed) {
      const auto refused = api.as(key.public_key(), "POST", "/orders/price", changed);
      CHECK(refused.status == 400);
      CHECK(refused.text("error") == "Request validation failed");
      const auto fields = json::members(json::find(refused.json, "details"));
      return fields.size() == 1 ? fields[0].key : std::string{};
    };
    CHECK(blamed(replaced(body, R"("inputAmount":"1000000000")", R"("inputAmount":"999999999")")) == "inputAmount");
    const auto past = std::to_string(domain::unix_ms(api.clock->now()));
    CHECK(blamed(replaced(body, R"("expiresAt":)" + std::to_string(domain::unix_ms(api.clock->now()) + 3'600'000),
                          R"("expiresAt":)" + past)) == "expiresAt");
    CHECK(orders_stored(api) == "0");
  }

  TEST_CASE("a deposit that does not show leaves the order depositing, and a repeat confirms it") {
    api_harness api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{30}; }};
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    api.chain->set_fate(fake_chain::fate::vanishes);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(made.status == 200);
    CHECK_FALSE(confirmed(made));
    CHECK(api.value("select state from price_order") == "depositing");

    api.chain->set_down(true);
    CHECK_FALSE(confirmed(api.as(key.public_key(), "POST", "/orders/price", body)));
    CHECK(api.value("select state from price_order") == "depositing");
    api.chain->set_down(false);

    api.chain->set_fate(fake_chain::fate::lands);
    api.clock->advance(std::chrono::hours{2});  // the order's expiry is over by now, and so is the request's
    const auto again = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(confirmed(again));
    CHECK(again.text("id") == made.text("id"));
    CHECK(again.text("txSignature") == made.text("txSignature"));
    CHECK(again.text("message") == "The order exists already; its deposit was confirmed by this request.");
    CHECK(api.value("select state from price_order") == "open");
    const auto third = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(confirmed(third));
    CHECK(third.text("message") == "The order exists already; its deposit is confirmed.");
    CHECK(orders_stored(api) == "1");
  }

  TEST_CASE("another process goes on where one was killed after storing") {
    api_harness api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{20}; }};
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    api.chain->set_fate(fake_chain::fate::vanishes);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    api.server.reset();
    api.chain->set_fate(fake_chain::fate::lands);
    api.server = api.another_server();
    const auto again = api.as(key.public_key(), "POST", "/orders/price", body);
    CHECK(confirmed(again));
    CHECK(again.text("id") == made.text("id"));
    CHECK(orders_stored(api) == "1");
  }

  TEST_CASE("a deposit that failed on chain does not open the order, nor does the API judge it") {
    api_harness api;
    const auto& key = api.new_wallet();
    api.chain->set_fate(fake_chain::fate::fails);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, api.craft(key)));
    CHECK(made.status == 200);
    CHECK_FALSE(confirmed(made));
    CHECK(made.text("message").starts_with("The deposit transaction failed on chain"));
    CHECK(api.value("select state from price_order") == "depositing");
    CHECK(api.value("select outcome from attempt") == "");
  }

  TEST_CASE("a deposit that is not in the vault's hands opens nothing") {
    api_harness api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{30}; }};
    const auto& key = api.new_wallet();
    api.chain->set_fate(fake_chain::fate::goes_astray);
    CHECK_FALSE(confirmed(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, api.craft(key)))));
    CHECK(api.value("select state from price_order") == "depositing");
    CHECK(api.value("select confirmed_at from attempt") == "");
  }

  TEST_CASE("an order that the executor opened meanwhile is confirmed") {
    api_harness api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{20}; }};
    const auto& key = api.new_wallet();
    api.chain->set_fate(fake_chain::fate::vanishes);
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
    CHECK(confirmed(again));
    CHECK(again.text("id") == made.text("id"));
  }

  TEST_CASE("an order under a hold is not opened") {
    api_harness api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{30}; }};
    const auto& key = api.new_wallet();
    api.chain->set_fate(fake_chain::fate::vanishes);
    const auto body = api.create_body(key, api.craft(key));
    api.as(key.public_key(), "POST", "/orders/price", body);
    {
      pqxx::work work{api.rows.as("verifier")};
      work.exec("update price_order set held_at = now(), held_reason = 'test'");
      work.commit();
    }
    api.chain->set_fate(fake_chain::fate::lands);
    CHECK_FALSE(confirmed(api.as(key.public_key(), "POST", "/orders/price", body)));
    CHECK(api.value("select state from price_order") == "depositing");
  }

  TEST_CASE("the same deposit under other terms is a duplicate, not a second order") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit));
    const auto other = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit, "251"));
    CHECK(other.status == 400);
    CHECK(other.text("error").starts_with("Duplicate deposit"));
    CHECK(other.text("error").find(made.text("id")) != std::string::npos);
    CHECK(orders_stored(api) == "1");
    // The same number written otherwise is the same term.
    CHECK(confirmed(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit, "250.0"))));
  }

  TEST_CASE("an expiry in the farthest year is kept to the millisecond") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto now = domain::unix_ms(api.clock->now());
    for (const long long expiry :
         {253'402'300'799'999LL, 253'402'300'799'001LL, 9'999'999'999'999LL, now + 1'000'001}) {
      const auto body =
          replaced(api.create_body(key, api.craft(key)), std::to_string(now + 3'600'000), std::to_string(expiry));
      const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
      REQUIRE_MESSAGE(made.status == 200, made.body);
      const auto shown = api.as(key.public_key(), "GET", "/orders/price/" + made.text("id"));
      CHECK(json::as_i64(json::find(shown.json, "expiresAt")) == expiry);
      CHECK(api.as(key.public_key(), "POST", "/orders/price", body).text("id") == made.text("id"));
    }
  }

  TEST_CASE("a key that another request took cannot be adopted by a repeat") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    const auto other = api.create_body(key, api.craft(key));
    CHECK(api.as(key.public_key(), "POST", "/orders/price", body).status == 200);
    CHECK(api.as(key.public_key(), "POST", "/orders/price", other, {{"idempotency-key", "k"}}).status == 200);
    CHECK(api.as(key.public_key(), "POST", "/orders/price", body, {{"idempotency-key", "k"}}).status == 409);
  }

  TEST_CASE("many creates at once from one deposit make one order") {
    api_harness api;
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
        CHECK(confirmed(made));
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
    api_harness api;
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
    api_harness api;
    const auto& key = api.new_wallet();
    const auto body = api.create_body(key, api.craft(key));
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    api.as(key.public_key(), "POST", "/orders/price", body, {{"idempotency-key", "late"}});
    CHECK(api.as(key.public_key(), "GET", "/orders/price/by-key/late").text("id") == made.text("id"));
  }

  TEST_CASE("one key used at once for two deposits makes one order") {
    api_harness api;
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

  TEST_CASE("a service without a database refuses and sends nothing") {
    api_harness api{[](config& c) { c.database.conninfo = "host=/nonexistent"; }};
    const auto wallet = *solana::pubkey::parse(landfall::tests::address_of(3));
    const auto refused = api.as(wallet, "GET", "/vault");
    CHECK(refused.status == 503);
    CHECK(refused.headers.contains("Retry-After"));
  }

  TEST_CASE("the API's role cannot do more than the API does") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto made = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, api.craft(key)));
    REQUIRE(confirmed(made));
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
    api_harness api;
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
