#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <vector>

#include "common/solana/base64.hpp"
#include "tests/executor-service/api/api_fixture.hpp"

namespace landfall::executor::api {
namespace {

std::string orders_stored(api_fixture& api) {
  return api.value("select count(*) from price_order");
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

TEST_SUITE("create") {
  TEST_CASE("a signed deposit becomes an open order") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto body = api.create_body(key, deposit);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", body);
    REQUIRE_MESSAGE(made.status == 200, made.body);
    CHECK(made.deposit_confirmed());
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
        *solana::base64_decode(api_fixture::sign(deposit.transaction, key), solana::max_transaction_bytes));
    CHECK(tx->id().to_string() == made.text("txSignature"));
  }

  TEST_CASE("bytes leave only after the attempt and its move are committed") {
    api_fixture api;
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
    CHECK(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit)).deposit_confirmed());
    CHECK(seen == 1);
    CHECK(stored == 1);
  }

  TEST_CASE("what cannot be stored is never sent") {
    api_fixture api;
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
    CHECK(api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, deposit)).deposit_confirmed());
  }

  TEST_CASE("the signed deposit has to be the crafted one under the wallet's signature") {
    api_fixture api;
    const auto& key = api.new_wallet();
    const auto& other = api.new_wallet();
    const auto deposit = api.craft(key);
    const auto body = api.create_body(key, deposit);
    const auto honest = api_fixture::sign(deposit.transaction, key);
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
    refused_as(api_fixture::sign(api.craft(other).transaction, other),
               "Signed deposit transaction does not match the crafted deposit");
    refused_as(api_fixture::sign(api.craft(key).transaction, key),
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
    CHECK(send(honest).deposit_confirmed());
  }

  TEST_CASE("a deposit of another wallet, or that nobody crafted, is not found") {
    api_fixture api;
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
    api_fixture api;
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
    api_fixture api{[](config& c) { c.deposit_life = std::chrono::milliseconds{1}; }};
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
    CHECK(api.as(key.public_key(), "POST", "/orders/price", body).deposit_confirmed());
    CHECK(orders_stored(api) == "1");
  }

  TEST_CASE("terms have to agree with the deposit, and expiry lies ahead") {
    api_fixture api;
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

  TEST_CASE("a deposit that failed on chain does not open the order, nor does the API judge it") {
    api_fixture api;
    const auto& key = api.new_wallet();
    api.chain->set_deposit_end(fake_gateway::deposit_end::fails);
    const auto made = api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, api.craft(key)));
    CHECK(made.status == 200);
    CHECK_FALSE(made.deposit_confirmed());
    CHECK(made.text("message").starts_with("The deposit transaction failed on chain"));
    CHECK(api.value("select state from price_order") == "depositing");
    CHECK(api.value("select outcome from attempt") == "");
  }

  TEST_CASE("a deposit that is not in the vault's hands opens nothing") {
    api_fixture api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{30}; }};
    const auto& key = api.new_wallet();
    api.chain->set_deposit_end(fake_gateway::deposit_end::wrong_owner);
    CHECK_FALSE(
        api.as(key.public_key(), "POST", "/orders/price", api.create_body(key, api.craft(key))).deposit_confirmed());
    CHECK(api.value("select state from price_order") == "depositing");
    CHECK(api.value("select confirmed_at from attempt") == "");
  }

  TEST_CASE("an order under a hold is not opened") {
    api_fixture api{[](config& c) { c.deposits.wait = std::chrono::milliseconds{30}; }};
    const auto& key = api.new_wallet();
    api.chain->set_deposit_end(fake_gateway::deposit_end::never_lands);
    const auto body = api.create_body(key, api.craft(key));
    api.as(key.public_key(), "POST", "/orders/price", body);
    {
      pqxx::work work{api.rows.as("verifier")};
      work.exec("update price_order set held_at = now(), held_reason = 'test'");
      work.commit();
    }
    api.chain->set_deposit_end(fake_gateway::deposit_end::lands);
    CHECK_FALSE(api.as(key.public_key(), "POST", "/orders/price", body).deposit_confirmed());
    CHECK(api.value("select state from price_order") == "depositing");
  }

  TEST_CASE("an expiry in the farthest year is kept to the millisecond") {
    api_fixture api;
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
}

}  // namespace
}  // namespace landfall::executor::api
