#include "common/net/limit_signal.hpp"

#include <doctest/doctest.h>

#include "common/net/host_limiter.hpp"

namespace landfall::net {

namespace {

using std::chrono::milliseconds;
constexpr std::int64_t example_date_s = 784'111'777;

http_result answer(int status, std::map<std::string, std::string> headers) {
  return http_response{status, std::move(headers), ""};
}

}  // namespace

TEST_CASE("Retry-After: seconds, dates, nonsense and malice") {
  const auto ms = [](std::string_view text) {
    return parse_retry_after(text, example_date_s).value_or(milliseconds{-1}).count();
  };
  CHECK(ms("0") == 0);
  CHECK(ms("7") == 7'000);
  CHECK(ms("60") == 60'000);
  CHECK(ms("61") == 60'000);
  CHECK(ms("99999999999999999999999999") == 60'000);
  CHECK(ms("Sun, 06 Nov 1994 08:49:40 GMT") == 3'000);
  CHECK(ms("Sun, 06 Nov 1994 08:49:00 GMT") == 0);
  CHECK(ms("Fri, 31 Dec 9999 23:59:59 GMT") == 60'000);
  for (const char* text :
       {"", "-1", "+1", "1.5", " 1", "soon", "Sun, 06 Nov 1994 08:49:40", "Sun, 31 Feb 1994 08:49:40 GMT",
        "Sun, 06 Nov 1994 25:49:40 GMT", "Sun, 06 Nix 1994 08:49:40 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK(ms(text) == -1);
  }
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == example_date_s);
  CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(parse_http_date("Thu, 29 Feb 2024 12:00:01 GMT") == 1'709'208'001);
}

TEST_CASE("an answer's headers") {
  auto s = limit_signal_of(answer(429, {{"retry-after", "2"}}), example_date_s);
  CHECK(s.status == 429);
  CHECK(s.retry_after == milliseconds{2'000});
  CHECK_FALSE(s.remaining);

  s = limit_signal_of(answer(200, {{"x-ratelimit-remaining", "-4"},
                                   {"x-ratelimit-current", "14"},
                                   {"x-ratelimit-reset", std::to_string(example_date_s + 2)}}),
                      example_date_s);
  CHECK(s.remaining == -4);
  CHECK(s.reset_in == milliseconds{3'000});

  // The server's clock is hours off: its times are read by its own.
  s = limit_signal_of(answer(429, {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                                   {"retry-after", "Sun, 06 Nov 1994 08:49:41 GMT"},
                                   {"x-ratelimit-reset", std::to_string(example_date_s + 4)}}),
                      example_date_s + 20'000);
  CHECK(s.retry_after == milliseconds{4'000});
  CHECK(s.reset_in == milliseconds{5'000});

  s = limit_signal_of(answer(200, {{"x-ratelimit-remaining", "many"}, {"x-ratelimit-reset", "99999999999999999999"}}),
                      example_date_s);
  CHECK_FALSE(s.remaining);
  CHECK_FALSE(s.reset_in);

  CHECK(limit_signal_of(domain::failure{net_error{net_error::kind::reset, ""}}, 0).status == 0);
}

TEST_CASE("one host is one, however it is written") {
  CHECK(host_and_port("http://127.0.0.1:18010") == "127.0.0.1:18010");
  CHECK(host_and_port("http://LocalHost:18010/path?x=http://other") == "127.0.0.1:18010");
  CHECK(host_and_port("http://[::1]:18010") == "127.0.0.1:18010");
  CHECK(host_and_port("HTTPS://user:secret@RPC.example.com./?api-key=1") == "rpc.example.com:443");
  CHECK(host_and_port("https://rpc.example.com:0443") == "rpc.example.com:443");
  CHECK(host_and_port("wss://rpc.example.com") == "rpc.example.com:443");
  CHECK(host_and_port("http://rpc.example.com") == "rpc.example.com:80");
  CHECK(host_and_port("http://[2001:db8::1]") == "[2001:db8::1]:80");
  CHECK_FALSE(host_and_port("rpc.example.com"));
  CHECK_FALSE(host_and_port("http://:80"));
  host_limiters all;
  CHECK(all.of("http://localhost:1/a") == all.of("http://127.0.0.1:1/b"));
  CHECK(all.of("http://localhost:1") != all.of("http://localhost:2"));
}

}  // namespace landfall::net
