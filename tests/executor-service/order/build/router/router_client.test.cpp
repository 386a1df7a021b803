#include "executor-service/order/build/router/router_client.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/executor-service/gateways/scripted_server.hpp"

namespace landfall::executor {

namespace {

using kind = router_error::kind;

scripted_server& server() {
  static scripted_server s{{{"GET", "/swap/v1/quote"}, {"POST", "/swap/v1/swap-instructions"}}};
  return s;
}
router_client& router() {
  static router_client r{server().url() + "/swap/v1/", {.api_key = "k", .timeout_ms = 60'000}};
  return r;
}

solana::pubkey key(std::uint8_t n) {
  std::array<std::uint8_t, 32> raw{};
  raw.fill(n);
  return solana::pubkey{raw};
}

const quote_request asked{key(1), key(2), domain::token_amount{1'000'000}, 50, 40};

std::string offer(const std::string& from, const std::string& to) {
  std::string text =
      R"({"inputMint":")" + key(1).to_string() + R"(","inAmount":"1000000","outputMint":")" + key(2).to_string() +
      R"(","outAmount":"147000","otherAmountThreshold":"146265","swapMode":"ExactIn","slippageBps":50,)"
      R"("platformFee":null,"priceImpactPct":"0.0001","routePlan":[],"contextSlot":412000000,"timeTaken":0.01})";
  if (!from.empty()) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string call(const std::string& data = "AQID") {
  return R"({"programId":")" + key(8).to_string() + R"(","accounts":[{"pubkey":")" + key(9).to_string() +
         R"(","isSigner":false,"isWritable":true}],"data":")" + data + "\"}";
}

}  // namespace

TEST_CASE("a quote for just what was asked") {
  server().answer(offer("", ""));
  const auto q = router().quote_for_sync(asked);
  REQUIRE(q.ok());
  CHECK(q->out_amount.units() == 147'000);
  CHECK(q->other_amount_threshold.units() == 146'265);
  CHECK(q->price_impact_pct == "0.0001");
  CHECK(q->context_slot == 412'000'000);
  CHECK(q->raw == offer("", ""));
  const auto request = server().last();
  CHECK(request.header("x-api-key") == "k");
  CHECK(request.query.at("amount") == "1000000");
  CHECK(request.query.at("slippageBps") == "50");
  CHECK(request.query.at("swapMode") == "ExactIn");
}

TEST_CASE("a quote for anything else is refused") {
  const std::vector<std::pair<std::string, std::string>> changes{
      {key(1).to_string(), key(3).to_string()},
      {key(2).to_string(), key(3).to_string()},
      {R"("inAmount":"1000000")", R"("inAmount":"999999")"},
      {R"("inAmount":"1000000")", R"("inAmount":1000000)"},
      {R"("outAmount":"147000")", R"("outAmount":"0")"},
      {R"("outAmount":"147000")", R"("outAmount":"-1")"},
      {R"("outAmount":"147000")", R"("outAmount":"1.5")"},
      {R"("outAmount":"147000")", R"("outAmount":"18446744073709551616")"},
      {R"("outAmount":"147000",)", ""},
      {R"("otherAmountThreshold":"146265")", R"("otherAmountThreshold":"147001")"},
      {"ExactIn", "ExactOut"},
      {R"("slippageBps":50)", R"("slippageBps":5000)"},
      {R"("slippageBps":50)", R"("slippageBps":"50")"},
      {R"("priceImpactPct":"0.0001")", R"("priceImpactPct":"much")"},
      {R"("contextSlot":412000000)", R"("contextSlot":-4)"},
      {R"({"inputMint")", R"([{"inputMint")"},
      {"}", ""},
  };
  for (const auto& [from, to] : changes) {
    INFO(from, " -> ", to);
    server().answer(offer(from, to));
    const auto q = router().quote_for_sync(asked);
    REQUIRE_FALSE(q.ok());
    CHECK(q.error().what == kind::malformed);
  }
}

TEST_CASE("of a long refusal the beginning is kept, no character cut in two") {
  std::string euros;
  while (euros.size() < 600)
    euros += "€";
  server().answer(R"({"errorCode":")" + euros + R"(","error":"a\u0000)" + euros + R"("})", 400);
  const auto e = router().quote_for_sync(asked).error();
  CHECK(e.code == euros.substr(0, 63));
  CHECK(e.message == "HTTP 400: a\uFFFD" + euros.substr(0, 507));
}

TEST_CASE("refusals are told apart") {
  struct row {
    int status;
    std::string body;
    kind expected;
    bool transient;
  };
  const std::vector<row> rows{
      {400, R"({"error":"No routes found","errorCode":"NO_ROUTES_FOUND"})", kind::no_route, false},
      {400, R"({"error":"x","errorCode":"TOKEN_NOT_TRADABLE"})", kind::no_route, false},
      {400, R"({"error":"No routes found"})", kind::rejected, false},
      {401, R"({"code":401,"message":"Unauthorized"})", kind::rejected, false},
      {422, "what", kind::rejected, false},
      {429, R"({"code":429,"message":"Too many requests"})", kind::rate_limited, true},
      {500, R"({"errorCode":"NO_ROUTES_FOUND"})", kind::unreachable, true},
      {503, "", kind::unreachable, true},
  };
  for (const auto& r : rows) {
    INFO(r.status, " ", r.body);
    server().answer(r.body, r.status);
    const auto e = router().quote_for_sync(asked).error();
    CHECK(e.what == r.expected);
    CHECK(e.is_transient() == r.transient);
    CHECK(e.http_status == r.status);
  }
  router_client nobody{"http://127.0.0.1:1/?api-key=secret", {.api_key = "", .timeout_ms = 60'000}};
  const auto away = nobody.quote_for_sync(asked).error();
  CHECK(away.what == kind::unreachable);
  CHECK(away.message.starts_with("Failed to connect"));
  CHECK(away.message.find("secret") == std::string::npos);
  server().stay_silent();
  router_client hasty{server().url() + "/swap/v1", {.api_key = "", .timeout_ms = 100}};
  const auto late = hasty.quote_for_sync(asked).error();
  CHECK(late.what == kind::timeout);
  CHECK(late.message == "no full answer within 100 ms");
}

TEST_CASE("instructions come in the order they run, without the router's compute budget") {
  quote q;
  q.raw = R"({"outAmount":"18446744073709551615","x":0.10})";
  const swap_request request{key(20), key(21)};
  const auto ask = [&] { return router().instructions_for_sync(q, request); };
  server().answer(R"({"computeBudgetInstructions":[)" + call("/w==") + R"(],"otherInstructions":[)" + call("AQ==") +
                  R"(],"setupInstructions":[)" + call("Ag==") + R"(],"swapInstruction":)" + call("Aw==") +
                  R"(,"cleanupInstruction":)" + call("BA==") + R"(,"addressLookupTableAddresses":[")" +
                  key(30).to_string() + "\"]}");
  const auto view = ask();
  REQUIRE(view.ok());
  const auto order = view->in_order();
  REQUIRE(order.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(order[i].data == solana::bytes{static_cast<std::uint8_t>(i + 1)});
  CHECK(order[0].accounts[0].key == key(9));
  CHECK(view->lookup_tables == std::vector{key(30)});
  const auto body = server().last().body;
  CHECK(body.find(R"("quoteResponse":{"outAmount":"18446744073709551615","x":0.10})") != std::string::npos);
  CHECK(body.find(R"("wrapAndUnwrapSol":false)") != std::string::npos);
  CHECK(body.find(R"("destinationTokenAccount":")" + key(21).to_string()) != std::string::npos);

  const auto swap_only = [](const std::string& instruction, const std::string& more = "") {
    return R"({"swapInstruction":)" + instruction + more + "}";
  };
  server().answer(swap_only(call()));
  REQUIRE(ask().ok());
  CHECK(ask()->in_order().size() == 1);
  for (const auto& text : std::vector<std::string>{
           "{}", "[]", "null", swap_only("null"), swap_only("7"), swap_only("{}"), swap_only(call("AQI")),
           swap_only(call(std::string(1'648, 'A'))), swap_only(R"({"programId":"x","accounts":[],"data":""})"),
           swap_only(R"({"programId":")" + key(8).to_string() + R"(","accounts":[{"pubkey":"x"}],"data":""})"),
           swap_only(R"({"programId":")" + key(8).to_string() + R"(","accounts":{},"data":""})"),
           swap_only(call(), R"(,"setupInstructions":{})"), swap_only(call(), R"(,"setupInstructions":[null])"),
           swap_only(call(), R"(,"cleanupInstruction":7)"),
           swap_only(call(), R"(,"addressLookupTableAddresses":["x"])"),
           swap_only(call(), R"(,"tokenLedgerInstruction":)" + call()),
           swap_only(call(), R"(,"tipInstruction":)" + call())}) {
    INFO(text);
    server().answer(text);
    const auto r = ask();
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().what == kind::malformed);
  }
}

}  // namespace landfall::executor
