#include "executor-service/api/requests.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace landfall::executor::api {
namespace {

const std::string sol = "So11111111111111111111111111111111111111112";
const std::string usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const std::string user = "BQ72nSv9f3PRyRKCBnHLVrerrv37CYTHm5h3s9VSGQDV";

/// A body as fields of raw JSON, so that a test changes one of them.
using body_fields = std::map<std::string, std::string>;

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

std::string body_of(const body_fields& fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields)
    text += (text.size() > 1 ? "," : "") + quoted(name) + ":" + value;
  return text + "}";
}

body_fields create_fields() {
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

body_fields craft_fields() {
  return {{"inputMint", quoted(sol)},    {"outputMint", quoted(usdc)},   {"userAddress", quoted(user)},
          {"amount", quoted("1000000")}, {"orderType", quoted("price")}, {"orderSubType", quoted("single")}};
}

template <class Request>
std::string blamed(const validated<Request>& parsed) {
  if (parsed)
    return "";
  std::string names;
  for (const auto& [field, message] : parsed.error().details) {
    names += (names.empty() ? "" : ",") + field;
    CHECK_FALSE(message.empty());
  }
  CHECK(parsed.error().status == 400);
  return names.empty() ? parsed.error().error : names;
}

struct bad_field {
  std::string field;
  /// Raw JSON; empty leaves the field out.
  std::string value;
  std::string also_blamed;
};

TEST_SUITE("requests") {
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
        {"orderType", "", ""},
        {"orderType", quoted("oco"), ""},
        {"orderType", quoted("otoco"), ""},
        {"orderType", quoted("Single"), ""},
        {"orderType", "5", ""},
        {"depositRequestId", "", ""},
        {"depositRequestId", quoted("0123456789abcdef0123456789abcdef"), ""},
        {"depositRequestId", quoted("'; drop table price_order; --"), ""},
        {"depositSignedTx", "", ""},
        {"depositSignedTx", quoted(""), ""},
        {"depositSignedTx", quoted("not base64!"), ""},
        {"depositSignedTx", quoted(std::string(8000, 'A')), ""},
        {"userPubkey", "", ""},
        {"userPubkey", quoted("0OIl"), ""},
        {"userPubkey", quoted(user + "1"), ""},
        {"userPubkey", "null", ""},
        {"inputMint", quoted("x"), ""},
        {"inputAmount", "1000000000", ""},
        {"inputAmount", quoted("0"), ""},
        {"inputAmount", quoted("-1"), ""},
        {"inputAmount", quoted("1.5"), ""},
        {"inputAmount", quoted("1e9"), ""},
        {"inputAmount", quoted(" 1"), ""},
        {"inputAmount", quoted("18446744073709551616"), ""},
        {"outputMint", quoted(sol), ""},
        {"triggerMint", quoted(user), ""},
        {"triggerCondition", "", ""},
        {"triggerCondition", quoted("ABOVE"), ""},
        {"triggerPriceUsd", "", ""},
        {"triggerPriceUsd", "0", ""},
        {"triggerPriceUsd", "-0.0", ""},
        {"triggerPriceUsd", "-5", ""},
        {"triggerPriceUsd", "1e20", ""},
        {"triggerPriceUsd", "1e-19", ""},
        {"triggerPriceUsd", quoted("200"), ""},
        {"triggerPriceUsd", "true", ""},
        {"triggerPriceUsd", "[]", ""},
        {"slippageBps", "-1", ""},
        {"slippageBps", "10001", ""},
        {"slippageBps", "1.5", ""},
        {"slippageBps", quoted("100"), ""},
        {"slippageBps", "99999999999999999999", ""},
        {"expiresAt", "", ""},
        {"expiresAt", "null", ""},
        {"expiresAt", quoted("1893456000000"), ""},
        {"expiresAt", "0", ""},
        {"expiresAt", "-1893456000000", ""},
        {"expiresAt", "1893456000000.5", ""},
        {"expiresAt", "1e30", ""},
        {"trailingBps", "500", ""},
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
        CHECK(blamed(parse_create_request(body_of(fields))).starts_with(row.field));
      else
        CHECK(blamed(parse_create_request(body_of(fields))) == row.field);
    }
  }

  TEST_CASE("all bad fields of a request are named at once") {
    CHECK(blamed(parse_create_request("{}")) ==
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
      CHECK_FALSE(blamed(parse_create_request(body)).empty());
      CHECK_FALSE(blamed(parse_craft_request(body)).empty());
      CHECK_FALSE(blamed(parse_challenge_request(body)).empty());
      CHECK_FALSE(blamed(parse_verify_request(body)).empty());
    }
  }

  TEST_CASE("the documented craft request is read exactly") {
    const auto parsed = parse_craft_request(body_of(craft_fields()));
    REQUIRE(parsed.ok());
    CHECK(parsed->amount.units() == 1'000'000);
    CHECK(parsed->input_mint.to_string() == sol);
  }

  TEST_CASE("a craft request with one bad field names that field") {
    for (const auto& row : std::vector<bad_field>{{"inputMint", "", ""},
                                                  {"outputMint", quoted(sol), ""},
                                                  {"userAddress", quoted("nobody"), ""},
                                                  {"amount", quoted("0"), ""},
                                                  {"amount", "5", ""},
                                                  {"amount", quoted("18446744073709551616"), ""},
                                                  {"orderType", quoted("dca"), ""},
                                                  {"orderType", quoted("limit"), ""},
                                                  {"orderSubType", "", ""},
                                                  {"orderSubType", quoted("oco"), ""},
                                                  {"orderSubType", quoted("double"), ""},
                                                  {"jlMint", quoted(sol), ""}}) {
      CAPTURE(row.field);
      CAPTURE(row.value);
      auto fields = craft_fields();
      if (row.value.empty())
        fields.erase(row.field);
      else
        fields[row.field] = row.value;
      CHECK(blamed(parse_craft_request(body_of(fields))) == row.field);
    }
  }

  TEST_CASE("a challenge is of one of two kinds") {
    CHECK(parse_challenge_request(R"({"walletPubkey":")" + user + R"(","type":"message"})").ok());
    CHECK(parse_challenge_request(R"({"walletPubkey":")" + user + R"(","type":"transaction"})").ok());
    CHECK(blamed(parse_challenge_request(R"({"walletPubkey":")" + user + R"(","type":"other"})")) == "type");
    CHECK(blamed(parse_challenge_request(R"({"walletPubkey":"","type":"message"})")) == "walletPubkey");
    CHECK(blamed(parse_verify_request(R"({"walletPubkey":")" + user + R"(","type":"message"})")) == "signature");
    CHECK(blamed(parse_verify_request(R"({"walletPubkey":")" + user + R"(","type":"transaction","signature":"x"})")) ==
          "signedTransaction");
  }

  TEST_CASE("a history query has documented defaults and bounds") {
    const auto parsed = parse_history_query({});
    REQUIRE(parsed.ok());
    CHECK(parsed->limit == 20);
    CHECK(parsed->offset == 0);
    CHECK(parsed->sort == sort_field::updated_at);
    CHECK(parsed->direction == sort_direction::descending);
    CHECK_FALSE(parsed->group.has_value());
    CHECK(parse_history_query({{"limit", "1"}, {"state", "past"}, {"dir", "asc"}, {"sort", "expires_at"}}).ok());
    CHECK(parse_history_query({{"limit", "100"}, {"unknown", "x"}}).ok());
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"limit", "0"},
                                                          {"limit", "101"},
                                                          {"limit", ""},
                                                          {"limit", "1.0"},
                                                          {"limit", "x"},
                                                          {"offset", "-1"},
                                                          {"offset", "99999999999999999999"},
                                                          {"sort", "price"},
                                                          {"dir", "up"},
                                                          {"state", "open"},
                                                          {"mint", "x"}}) {
      CAPTURE(name);
      CAPTURE(value);
      CHECK(blamed(parse_history_query({{name, value}})) == name);
    }
  }

  TEST_CASE("an idempotency key is printable and bounded") {
    CHECK(is_idempotency_key("a"));
    CHECK(is_idempotency_key(std::string(255, 'k')));
    CHECK_FALSE(is_idempotency_key(""));
    CHECK_FALSE(is_idempotency_key(std::string(256, 'k')));
    CHECK_FALSE(is_idempotency_key("a\nb"));
    CHECK_FALSE(is_idempotency_key("\xc3\xa9"));
  }

  TEST_CASE("refusals have the documented shapes") {
    CHECK(to_response({400, "why", {}}).body == R"({"error":"why"})");
    CHECK(to_response(invalid_field("amount", "Required")).body ==
          R"({"error":"Request validation failed","details":{"amount":"Required"}})");
    CHECK(unauthorized().body == R"({"error":"Unauthorized"})");
    CHECK(unauthorized().status == 401);
    CHECK(bad_api_key().body == R"({"code":401,"message":"Unauthorized: missing or invalid API key"})");
    CHECK(too_many_requests(std::chrono::milliseconds{1001}).headers.at("Retry-After") == "2");
    CHECK(too_many_requests(std::chrono::milliseconds{1}).headers.at("Retry-After") == "1");
  }
}

}  // namespace
}  // namespace landfall::executor::api
