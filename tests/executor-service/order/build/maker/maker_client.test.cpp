#include "executor-service/order/build/maker/maker_client.hpp"

#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "tests/executor-service/gateways/scripted_server.hpp"

namespace landfall::executor {

namespace {

using kind = maker_error::kind;

scripted_server& server() {
  static scripted_server s{{{"POST", "/hooks/quote"}, {"POST", "/hooks/swap"}}};
  return s;
}
maker_client& maker() {
  static maker_client m{server().url() + "/hooks/", {.quote_timeout_ms = 60'000, .swap_timeout_ms = 60'000}};
  return m;
}

solana::pubkey key(std::uint8_t n) {
  std::array<std::uint8_t, 32> raw{};
  raw.fill(n);
  return solana::pubkey{raw};
}

const maker_quote_request asked{"q1", key(1), key(2), domain::token_amount{1'000}, key(3)};

std::string offer(const std::string& from = "", const std::string& to = "") {
  std::string text = R"({"requestId":"q1","quoteId":"q1","tokenIn":")" + key(1).to_string() +
                     R"(","amountIn":"1000","tokenOut":")" + key(2).to_string() +
                     R"(","amountOut":"147","quoteType":"exactIn","protocol":"v1","maker":")" + key(9).to_string() +
                     R"("})";
  if (!from.empty()) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text;
}

maker_result<maker_quote> quote(maker_client& m = maker()) {
  std::promise<maker_result<maker_quote>> promise;
  m.quote(asked, [&](maker_result<maker_quote> r) { promise.set_value(std::move(r)); });
  return promise.get_future().get();
}
maker_result<maker_swap_reply> swap() {
  std::promise<maker_result<maker_swap_reply>> promise;
  maker().swap("q1", {1, 2, 3}, [&](maker_result<maker_swap_reply> r) { promise.set_value(std::move(r)); });
  return promise.get_future().get();
}

}  // namespace

TEST_CASE("a quote for just what was asked") {
  server().answer(offer());
  const auto q = quote();
  REQUIRE(q.ok());
  CHECK(q->amount_out.units() == 147);
  CHECK(q->maker == key(9));
  CHECK(q->raw == offer());
  const auto body = server().last().body;
  for (const auto& part : {R"("quoteId":"q1")", R"("amount":"1000")", R"("quoteType":"exactIn")"})
    CHECK(body.find(part) != std::string::npos);
}

TEST_CASE("a quote for anything else is no quote") {
  const std::vector<std::pair<std::string, std::string>> changes{
      {R"("requestId":"q1")", R"("requestId":"q2")"},
      {R"("quoteId":"q1")", R"("quoteId":7)"},
      {key(1).to_string(), key(4).to_string()},
      {key(2).to_string(), key(4).to_string()},
      {R"("amountIn":"1000")", R"("amountIn":"999")"},
      {R"("amountIn":"1000")", R"("amountIn":1000)"},
      {R"("amountOut":"147")", R"("amountOut":"0")"},
      {R"("amountOut":"147")", R"("amountOut":"-1")"},
      {R"("amountOut":"147")", R"("amountOut":"1e3")"},
      {R"("amountOut":"147")", R"("amountOut":"18446744073709551616")"},
      {R"("exactIn")", R"("exactOut")"},
      {key(9).to_string(), "nobody"},
  };
  for (const auto& [from, to] : changes) {
    INFO(from << " -> " << to);
    server().answer(offer(from, to));
    const auto q = quote();
    REQUIRE(!q.ok());
    CHECK(q.error().what == kind::malformed);
  }
  for (const char* garbage : {"", "[]", "null", "{", "{}", "\"accepted\""}) {
    server().answer(garbage);
    CHECK(quote().error().what == kind::malformed);
  }
}

TEST_CASE("no quote, and no answer") {
  server().answer("{}", 404);
  CHECK(quote().error().what == kind::no_quote);
  server().answer("{}", 429);
  CHECK(quote().error().what == kind::rate_limited);
  for (const int status : {400, 401, 500, 503}) {
    server().answer("{}", status);
    CHECK(quote().error().what == kind::unreachable);
    CHECK(quote().error().message == "HTTP " + std::to_string(status));
  }
}

TEST_CASE("without an answer it is told what broke, not at which address") {
  const auto failure_of = [](const std::string& url, maker_options options) {
    maker_client m{url + "/hooks/?api-key=secret", options};
    const auto e = quote(m).error();
    CHECK(e.message.find("secret") == std::string::npos);
    CHECK(e.message.find("127.0.0.1") == std::string::npos);
    return e;
  };
  const auto nobody = failure_of("http://127.0.0.1:1", {.quote_timeout_ms = 60'000});
  CHECK(nobody.what == kind::unreachable);
  CHECK(nobody.message.starts_with("Failed to connect"));
  server().stay_silent();
  const auto silent = failure_of(server().url(), {.quote_timeout_ms = 100});
  CHECK(silent.what == kind::timeout);
  CHECK(silent.message == "no full answer within 100 ms");
  maker_options limited;
  limited.quote_timeout_ms = 100;
  limited.limiter = std::make_shared<net::host_limiter>("host", net::rate_limit{1, std::chrono::milliseconds{600'000}});
  CHECK(failure_of(server().url(), limited).what == kind::timeout);
  const auto refused = failure_of(server().url(), limited);
  CHECK(refused.what == kind::rate_limited);
  CHECK(refused.message.starts_with("rate limited: quote is free again in "));
}

TEST_CASE("what a maker says of a swap is read, and nothing is made of it") {
  const auto said = [](const std::string& state) {
    server().answer(R"({"quoteId":"q1","state":)" + state + "}");
    return swap();
  };
  CHECK(said(R"("accepted")")->state == maker_answer::accepted);
  CHECK(said(R"("rejected")")->state == maker_answer::rejected);
  const auto why = said(R"({"rejectedWithReason":"too late"})");
  CHECK(why->state == maker_answer::rejected);
  CHECK(why->reason == "too late");
  std::string euros;
  while (euros.size() < 300)
    euros += "€";
  CHECK(said(R"({"rejectedWithReason":")" + euros + "\"}")->reason == euros.substr(0, 255));
  for (const char* odd : {"\"filled\"", "1", "null", "{}", "[]"})
    CHECK(said(odd).error().what == kind::malformed);
  server().answer(R"({"quoteId":"q2","state":"accepted"})");
  CHECK(swap().error().what == kind::malformed);
  CHECK(server().last().body == R"({"requestId":"q1","quoteId":"q1","transaction":"AQID"})");
}

TEST_CASE("a maker's name is its address without what may be secret") {
  CHECK(maker_name("http://127.0.0.1:18014") == "127.0.0.1:18014");
  CHECK(maker_name("https://user:pass@maker.example/hooks/?key=1") == "maker.example/hooks");
  for (const char* bad : {"", "maker.example", "ftp://x", "http://", "http:///x", "https://:80"})
    CHECK(!maker_name(bad));
}

}  // namespace landfall::executor
