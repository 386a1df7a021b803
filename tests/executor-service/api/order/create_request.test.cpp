#include "executor-service/api/order/create_request.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "executor-service/api/auth/auth_requests.hpp"
#include "executor-service/api/deposit/craft_request.hpp"
#include "tests/executor-service/api/request_bodies.hpp"

namespace landfall::executor::api {
namespace {

field_map create_fields() {
  return {{"orderType", quoted("single")},
          {"depositRequestId", quoted("01234567-89ab-cdef-0123-456789abcdef")},
          {"depositSignedTx", quoted("AQAB")},
          {"userPubkey", quoted(user)},
          {"inputMint", quoted(sol)},
          {"inputAmount", quoted("1000000000")},
          {"outputMint", quoted(usdc)},
          {"triggerMint", quoted(sol)},
          {"triggerCondition", quoted("above")},
          {"triggerPriceUsd", "200.00"},
          {"slippageBps", "100"},
          {"expiresAt", "1893456000000"}};
}

TEST_SUITE("create_request") {
  TEST_CASE("the documented create request is read exactly") {
    const auto parsed = parse_create_request(body_of(create_fields()));
    REQUIRE(parsed.ok());
    CHECK(parsed->wallet.to_string() == user);
    CHECK(parsed->input_amount.units() == 1'000'000'000);
    CHECK(parsed->trigger_price_usd.to_string() == "200");
    CHECK(parsed->slippage_bps == 100);
    CHECK(domain::unix_ms(parsed->expires_at) == 1'893'456'000'000);
    CHECK(parsed->signed_deposit == solana::bytes{1, 0, 1});
  }

  TEST_CASE("prices keep every digit") {
    for (const auto& [text, exact] : std::vector<std::pair<std::string, std::string>>{
             {"0.1", "0.1"},
             {"1e-7", "0.0000001"},
             {"2.5E2", "250"},
             {"0.000000000000000001", "0.000000000000000001"},
             {"99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"},
             {"150.30000000000001", "150.30000000000001"}}) {
      CAPTURE(text);
      auto fields = create_fields();
      fields["triggerPriceUsd"] = text;
      const auto parsed = parse_create_request(body_of(fields));
      REQUIRE(parsed.ok());
      CHECK(parsed->trigger_price_usd.to_string() == exact);
    }
  }

  TEST_CASE("a create request with one bad field names that field") {
    const std::vector<bad_field> table{
        {"orderType", ""},
        {"orderType", quoted("oco")},
        {"orderType", quoted("otoco")},
        {"orderType", quoted("Single")},
        {"orderType", "5"},
        {"depositRequestId", ""},
        {"depositRequestId", quoted("0123456789abcdef0123456789abcdef")},
        {"depositRequestId", quoted("'; drop table price_order; --")},
        {"depositSignedTx", ""},
        {"depositSignedTx", quoted("")},
        {"depositSignedTx", quoted("not base64!")},
        {"depositSignedTx", quoted(std::string(8000, 'A'))},
        {"userPubkey", ""},
        {"userPubkey", quoted("0OIl")},
        {"userPubkey", quoted(user + "1")},
        {"userPubkey", "null"},
        {"inputMint", quoted("x")},
        {"inputAmount", "1000000000"},
        {"inputAmount", quoted("0")},
        {"inputAmount", quoted("-1")},
        {"inputAmount", quoted("1.5")},
        {"inputAmount", quoted("1e9")},
        {"inputAmount", quoted(" 1")},
        {"inputAmount", quoted("18446744073709551616")},
        {"outputMint", quoted(sol)},
        {"triggerMint", quoted(user)},
        {"triggerCondition", ""},
        {"triggerCondition", quoted("ABOVE")},
        {"triggerPriceUsd", ""},
        {"triggerPriceUsd", "0"},
        {"triggerPriceUsd", "-0.0"},
        {"triggerPriceUsd", "-5"},
        {"triggerPriceUsd", "1e20"},
        {"triggerPriceUsd", "1e-19"},
        {"triggerPriceUsd", quoted("200")},
        {"triggerPriceUsd", "true"},
        {"triggerPriceUsd", "[]"},
        {"slippageBps", "-1"},
        {"slippageBps", "10001"},
        {"slippageBps", "1.5"},
        {"slippageBps", quoted("100")},
        {"slippageBps", "99999999999999999999"},
        {"expiresAt", ""},
        {"expiresAt", "null"},
        {"expiresAt", quoted("1893456000000")},
        {"expiresAt", "0"},
        {"expiresAt", "-1893456000000"},
        {"expiresAt", "1893456000000.5"},
        {"expiresAt", "1e30"},
        {"trailingBps", "500"},
    };
    for (const auto& row : table) {
      CAPTURE(row.field);
      CAPTURE(row.value);
      auto fields = create_fields();
      if (row.value.empty())
        fields.erase(row.field);
      else
        fields[row.field] = row.value;
      if (row.field == "inputMint")
        fields["triggerMint"] = quoted(usdc);
      if (row.field == "outputMint" || row.field == "inputMint")
        CHECK(refused_fields(parse_create_request(body_of(fields))).starts_with(row.field));
      else
        CHECK(refused_fields(parse_create_request(body_of(fields))) == row.field);
    }
  }

  TEST_CASE("all bad fields of a request are named at once") {
    CHECK(refused_fields(parse_create_request("{}")) ==
          "orderType,depositRequestId,depositSignedTx,userPubkey,inputMint,inputAmount,outputMint,triggerMint,"
          "triggerCondition,triggerPriceUsd,expiresAt");
  }

  TEST_CASE("a trailing order is refused as not supported") {
    auto fields = create_fields();
    fields.erase("triggerPriceUsd");
    fields["trailingBps"] = "500";
    const auto parsed = parse_create_request(body_of(fields));
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().details.at(0).second == "trailingBps is not supported yet");
  }

  TEST_CASE("slippage has the documented defaults") {
    for (const auto& [mint, condition, expected] :
         std::vector<std::tuple<std::string, std::string, std::optional<int>>>{{sol, "above", std::nullopt},
                                                                               {sol, "below", 2000},
                                                                               {usdc, "above", 2000},
                                                                               {usdc, "below", std::nullopt}}) {
      auto fields = create_fields();
      fields["triggerMint"] = quoted(mint);
      fields["triggerCondition"] = quoted(condition);
      for (const std::string none : {"", "null"}) {
        if (none.empty())
          fields.erase("slippageBps");
        else
          fields["slippageBps"] = none;
        const auto parsed = parse_create_request(body_of(fields));
        REQUIRE(parsed.ok());
        CHECK(parsed->slippage_bps == expected);
      }
      fields["slippageBps"] = "0";
      CHECK(parse_create_request(body_of(fields))->slippage_bps == 0);
    }
  }

  TEST_CASE("unknown fields are ignored, of a repeated one the last counts") {
    auto text = body_of(create_fields());
    text.insert(text.size() - 1, R"(,"clientTag":{"deep":[1,2,{"x":null}]},"slippageBps":7)");
    const auto parsed = parse_create_request(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->slippage_bps == 7);
  }

  TEST_CASE("hostile bodies are refused, never fatal") {
    const std::vector<std::string> bodies{"",
                                          " ",
                                          "null",
                                          "[]",
                                          "5",
                                          "\"text\"",
                                          "{",
                                          "{]",
                                          "{\"a\":}",
                                          "{'a':1}",
                                          "{\"a\":1,}",
                                          "{\"a\":1}x",
                                          "{\"a\":1}{\"a\":1}",
                                          "{\"a\":\"\\ud800\"}",
                                          "{\"a\":\"\xff\"}",
                                          "{\"a\":01}",
                                          "{\"a\":+1}",
                                          "{\"a\":NaN}",
                                          "{\"a\":1e}",
                                          "{\"a\":1e400}",
                                          std::string("{\"a\":\"\0\"}", 9),
                                          std::string(60'000, '['),
                                          "{\"a\":" + std::string(60'000, '['),
                                          std::string(60'000, '{')};
    for (const auto& body : bodies) {
      CAPTURE(body.substr(0, 40));
      CHECK_FALSE(refused_fields(parse_create_request(body)).empty());
      CHECK_FALSE(refused_fields(parse_craft_request(body)).empty());
      CHECK_FALSE(refused_fields(parse_challenge_request(body)).empty());
      CHECK_FALSE(refused_fields(parse_verify_request(body)).empty());
    }
  }
}

}  // namespace
}  // namespace landfall::executor::api
