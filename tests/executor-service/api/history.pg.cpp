#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "common/domain/order_state.hpp"
#include "tests/executor-service/api/api_harness.hpp"

namespace landfall::executor::api {
namespace {

std::vector<std::string> ids_of(const answer& page) {
  std::vector<std::string> ids;
  for (const auto& order : json::elements(json::find(page.json, "orders")))
    ids.emplace_back(json::as_string(json::find(&order, "id")).value_or(""));
  return ids;
}

std::int64_t total_of(const answer& page) {
  return json::as_i64(json::find(json::find(page.json, "pagination"), "total")).value_or(-1);
}

/// Creates `count` open orders of one wallet.
std::vector<std::string> open_orders(api_harness& api, const solana::keypair& key, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) {
    const auto made = api.as(key.public_key(), "POST", "/orders/price",
                             api.create_body(key, api.craft(key), std::to_string(250 + i)));
    REQUIRE_MESSAGE(made.status == 200, made.body);
    ids.push_back(made.text("id"));
  }
  return ids;
}

TEST_SUITE("history") {
  TEST_CASE("each of the nineteen states is shown from real rows") {
    api_harness api;
    for (const auto& row : domain::order_states) {
      CAPTURE(row.name);
      const auto order = api.rows.order_in(row.name);
      const auto wallet = *solana::pubkey::parse(order.deposit.wallet);
      const auto shown = api.as(wallet, "GET", "/orders/price/" + order.id);
      REQUIRE_MESSAGE(shown.status == 200, shown.body);
      CHECK(shown.text("rawState") == row.name);
      CHECK(shown.text("orderState") == row.shown_as);
      const bool past = row.shown_as == "filled" || row.shown_as == "cancelled" || row.shown_as == "expired" ||
                        row.shown_as == "failed";
      const auto grouped =
          ids_of(api.as(wallet, "GET", std::string{"/orders/history?state="} + (past ? "past" : "active")));
      CHECK(std::count(grouped.begin(), grouped.end(), order.id) == 1);
      const auto others =
          ids_of(api.as(wallet, "GET", std::string{"/orders/history?state="} + (past ? "active" : "past")));
      CHECK(std::count(others.begin(), others.end(), order.id) == 0);
      if (row.name == "ready_execute") {
        const auto* evidence = json::find(json::at(json::find(shown.json, "triggers"), 0), "evidence");
        CHECK(json::is(json::find(evidence, "priceUsd"), json::kind::number));
        CHECK(json::is(json::find(evidence, "gates"), json::kind::object));
      }
      for (const auto& event : json::elements(json::find(shown.json, "events")))
        if (json::as_string(json::find(&event, "type")) == "fill")
          CHECK(json::as_string(json::find(&event, "reason")).has_value());
    }
  }

  TEST_CASE("pages are exact and together hold every order once") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto& other = api.new_wallet();
    const auto made = open_orders(api, key, 7);
    open_orders(api, other, 2);
    for (const std::string sort : {"created_at", "updated_at", "expires_at"}) {
      for (const std::string dir : {"asc", "desc"}) {
        std::vector<std::string> seen;
        for (int offset = 0; offset <= 9; offset += 3) {
          const auto page =
              api.as(key.public_key(), "GET",
                     "/orders/history?limit=3&sort=" + sort + "&dir=" + dir + "&offset=" + std::to_string(offset));
          REQUIRE(page.status == 200);
          CHECK(total_of(page) == 7);
          const auto ids = ids_of(page);
          CHECK(ids.size() == (offset < 6 ? 3U : offset == 6 ? 1U : 0U));
          seen.insert(seen.end(), ids.begin(), ids.end());
        }
        CHECK(seen.size() == 7);
        CHECK(std::set<std::string>(seen.begin(), seen.end()) == std::set<std::string>(made.begin(), made.end()));
        if (sort == "created_at")
          CHECK((dir == "asc" ? seen == made : std::equal(seen.rbegin(), seen.rend(), made.begin(), made.end())));
      }
    }
    const auto plain = api.as(key.public_key(), "GET", "/orders/history");
    CHECK(json::as_i64(json::find(json::find(plain.json, "pagination"), "limit")) == 20);
    CHECK(json::as_i64(json::find(json::find(plain.json, "pagination"), "offset")) == 0);
    CHECK(ids_of(plain).size() == 7);
  }

  TEST_CASE("orders are filtered by either mint") {
    api_harness api;
    const auto& key = api.new_wallet();
    open_orders(api, key, 1);
    const std::string path = "/orders/history?mint=";
    CHECK(total_of(api.as(key.public_key(), "GET", path + std::string{landfall::tests::sol_mint})) == 1);
    CHECK(total_of(api.as(key.public_key(), "GET", path + std::string{landfall::tests::usdc_mint})) == 1);
    CHECK(total_of(api.as(key.public_key(), "GET", path + landfall::tests::address_of(5))) == 0);
    CHECK(api.as(key.public_key(), "GET", path + "x").status == 400);
  }

  TEST_CASE("nobody sees another wallet's orders") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto& other = api.new_wallet();
    const auto id = open_orders(api, key, 1).front();
    CHECK(api.as(key.public_key(), "GET", "/orders/price/" + id).status == 200);
    const auto refused = api.as(other.public_key(), "GET", "/orders/price/" + id);
    CHECK(refused.status == 404);
    CHECK(refused.body == R"({"error":"Order not found"})");
    CHECK(total_of(api.as(other.public_key(), "GET", "/orders/history")) == 0);
    CHECK(api.as(key.public_key(), "GET", "/orders/price/nonsense").status == 404);
    CHECK(api.as(key.public_key(), "GET", "/orders/history/" + id).status == 200);
  }

  TEST_CASE("an open order reads as the create call made it") {
    api_harness api;
    const auto& key = api.new_wallet();
    const auto id = open_orders(api, key, 1).front();
    const auto shown = api.as(key.public_key(), "GET", "/orders/price/" + id);
    CHECK(shown.text("orderType") == "single");
    CHECK(shown.text("userPubkey") == key.public_key().to_string());
    CHECK(shown.text("triggerCondition") == "above");
    CHECK(json::as_decimal_string(json::find(shown.json, "triggerPriceUsd")) == "250");
    CHECK(json::as_i64(json::find(shown.json, "slippageBps")) == 100);
    CHECK(json::as_i64(json::find(shown.json, "expiresAt")) == domain::unix_ms(api.clock->now()) + 3'600'000);
    const auto* deposit = json::at(json::find(shown.json, "events"), 0);
    CHECK(json::as_string(json::find(deposit, "type")) == "deposit");
    CHECK(json::as_string(json::find(deposit, "state")) == "success");
  }
}

}  // namespace
}  // namespace landfall::executor::api
