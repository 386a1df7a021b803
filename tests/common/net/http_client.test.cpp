#include "common/net/http_client.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "common/net/threads.hpp"
#include "raw_server.hpp"
#include "tests/support/answer_of.hpp"
#include "tests/support/reserved_port.hpp"

using namespace landfall::net;
using namespace landfall::net::test;
using landfall::tests::answer_of;
using kind = net_error::kind;

namespace {

const bool threads_ready = (initialize_threads(4), true);

/// A server that answers every request on a connection with the same bytes.
std::function<void(wire&)> always(std::string answer) {
  return [answer = std::move(answer)](wire& w) {
    while (!w.read_until("\r\n\r\n").empty()) {
      if (!w.write(answer))
        return;
    }
  };
}

std::optional<kind> failure_of(const http_result& result) {
  return result ? std::nullopt : std::optional{result.error().what};
}

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Trace: abc\r\n\r\nhi";

}  // namespace

TEST_CASE("an answer has its status, headers in lower case and body, and the connection is kept") {
  raw_server s{always(std::string{ok})};
  http_client c{s.url()};
  int requests = 0;
  // An answer may be told a moment before its connection is free again: some of them open another.
  do {
    const auto r = answer_of(c, &http_client::request, http_request{.path_and_query = "/a?b=c"});
    REQUIRE(r);
    CHECK(r->status == 200);
    CHECK(r->body == "hi");
    CHECK(r->headers.at("x-trace") == "abc");
  } while (++requests < 1'000 && s.connections() == requests);
  const int kept = s.connections();
  CHECK(kept < requests);
  CHECK(answer_of(c, &http_client::request, http_request{.send_at_most_once = true}));
  CHECK(s.connections() == kept + 1);
}

TEST_CASE("method, path below the base, headers and body arrive") {
  mailbox<std::string> seen;
  raw_server s{[&](wire& w) {
    auto head = w.read_until("\r\n\r\n");
    seen.put(head + w.read_until("}"));
    w.write(ok);
  }};
  http_client c{s.url() + "/base"};
  REQUIRE(answer_of(c, &http_client::request,
                    http_request{.method = "POST",
                                 .path_and_query = "/x%20y?q=1%2F2",
                                 .headers = {{"Content-Type", "application/special"}, {"X-Key", "k"}},
                                 .body = "{\"a\":1}"}));
  REQUIRE(seen.wait());
  const auto text = seen.all().front();
  INFO(text);
  CHECK(text.starts_with("POST /base/x%20y?q=1%2F2 HTTP/1.1\r\n"));
  CHECK(text.find("Content-Type:application/special\r\n") != std::string::npos);
  CHECK(text.find("X-Key:k\r\n") != std::string::npos);
  CHECK(text.ends_with("{\"a\":1}"));
}

TEST_CASE("any status is an answer, and a redirect is not followed") {
  raw_server s{always("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")};
  http_client c{s.url()};
  const auto r = answer_of(c, &http_client::request, http_request{});
  REQUIRE(r);
  CHECK(r->status == 302);
  CHECK(s.connections() == 1);
}

TEST_CASE("a server that never answers is a timeout") {
  raw_server s{[](wire& w) { w.read_to_end(); }};
  http_client c{s.url()};
  CHECK(failure_of(answer_of(c, &http_client::request, http_request{.timeout_ms = 50})) == kind::timeout);
}

TEST_CASE("a server that answers drop by drop is a timeout too") {
  raw_server s{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (w.write("x"))
      std::this_thread::sleep_for(5ms);
  }};
  http_client c{s.url()};
  const auto began = std::chrono::steady_clock::now();
  CHECK(failure_of(answer_of(c, &http_client::request, http_request{.timeout_ms = 200})) == kind::timeout);
  CHECK(std::chrono::steady_clock::now() - began < patience);
}

TEST_CASE("an answer over its bound is refused, declared, chunked or endless") {
  const std::string big(100'000, 'x');
  for (const auto& answer : {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + big,
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n" + big + "\r\n0\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + big}) {
    raw_server s{[&](wire& w) {
      w.read_until("\r\n\r\n");
      w.write(answer);
    }};
    http_client c{s.url()};
    CHECK(failure_of(answer_of(c, &http_client::request, http_request{.max_response_bytes = 99'999})) ==
          kind::too_large);
    const auto whole = answer_of(c, &http_client::request, http_request{.max_response_bytes = 100'000});
    REQUIRE(whole);
    CHECK(whole->body == big);
  }
}

TEST_CASE("a port nobody listens on and a name nobody has are unreachable") {
  const landfall::test::reserved_port nobody;
  http_client c{nobody.url()};
  CHECK(failure_of(answer_of(c, &http_client::request, http_request{})) == kind::unreachable);
  http_client no_name{"http://no-such-host.invalid"};
  CHECK(failure_of(answer_of(no_name, &http_client::request, http_request{})) == kind::unreachable);
  http_client no_url{"not a url"};
  CHECK(failure_of(answer_of(no_url, &http_client::request, http_request{})) == kind::unreachable);
}

TEST_CASE("a connection that breaks is a reset and noise is malformed") {
  raw_server breaks{[](wire& w) { w.read_until("\r\n\r\n"); }};
  CHECK(failure_of(answer_of(http_client{breaks.url()}, &http_client::request, http_request{})) == kind::reset);
  raw_server halfway{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  }};
  CHECK(failure_of(answer_of(http_client{halfway.url()}, &http_client::request, http_request{})) == kind::reset);
  raw_server noise{always("SSH-2.0-noise\r\n\r\n")};
  CHECK(failure_of(answer_of(http_client{noise.url()}, &http_client::request, http_request{})) == kind::malformed);
}

TEST_CASE("each failure says what broke, and names the address in its message alone") {
  raw_server breaks{[](wire& w) { w.read_until("\r\n\r\n"); }};
  raw_server noise{always("SSH-2.0-noise\r\n\r\n")};
  raw_server silent{[](wire& w) { w.read_until("never"); }};
  raw_server large{always(std::string{ok})};
  const landfall::test::reserved_port nobody;
  const std::string key = "/secret?api-key=secret";
  const std::vector<std::pair<std::string, http_request>> calls{
      {breaks.url(), {}},
      {noise.url(), {}},
      {silent.url(), {.timeout_ms = 50}},
      {large.url(), {.max_response_bytes = 1}},
      {nobody.url(), {}},
      {"http://no-such-host.invalid", {}},
  };
  for (const auto& [base, request] : calls) {
    CAPTURE(base);
    const auto r = answer_of(http_client{base + key}, &http_client::request, request);
    REQUIRE_FALSE(r);
    CHECK(r.error().message.find("secret") != std::string::npos);
    CHECK_FALSE(r.error().detail.empty());
    CHECK(r.error().detail.find("secret") == std::string::npos);
    CHECK(r.error().detail.find("127.0.0.1") == std::string::npos);
  }
  CHECK(without_address(answer_of(http_client{"not a url: secret"}, &http_client::request, http_request{}).error()) ==
        "not a URL");
}

TEST_CASE("a kept connection that has ended meanwhile costs no request") {
  for (const bool with_reset : {true, false}) {
    CAPTURE(with_reset);
    // Several kept connections, and every one of them ends.
    constexpr std::size_t kept = 8;
    mailbox<bool> asked;
    mailbox<bool> answered;
    mailbox<bool> ended;
    raw_server s{[&](wire& w) {
      w.read_until("}");
      asked.put(true);
      if (!asked.wait(kept))
        return;
      w.write(ok);
      if (!answered.wait())
        return;
      with_reset ? w.reset() : w.shut();
      ended.put(true);
    }};
    http_client c{s.url()};
    const http_request request{.method = "POST", .body = "{}"};
    mailbox<http_result> results;
    for (std::size_t i = 0; i < kept; ++i)
      c.request(request, [&](http_result r) { results.put(std::move(r)); });
    REQUIRE(results.wait(kept));
    answered.put(true);
    REQUIRE(ended.wait(kept));
    for (int i = 0; i < 5; ++i) {
      const auto r = answer_of(c, &http_client::request, request);
      CHECK_MESSAGE(r, (r ? "" : r.error().message));
    }
  }
}

TEST_CASE("a path that is no path is malformed") {
  raw_server s{always(std::string{ok})};
  http_client c{s.url()};
  CHECK(failure_of(answer_of(c, &http_client::request, http_request{.path_and_query = "/a b\n"})) == kind::malformed);
}

TEST_CASE("destroying the client ends what is outstanding, once each, before it returns") {
  raw_server s{[](wire& w) { w.read_to_end(); }};
  mailbox<std::optional<kind>> ended;
  {
    http_client c{s.url()};
    for (int i = 0; i < 20; ++i)
      c.request({}, [&](const http_result& r) { ended.put(failure_of(r)); });
  }
  const auto all = ended.all();
  CHECK(all.size() == 20);
  for (const auto& e : all)
    CHECK(e == kind::cancelled);
}

TEST_CASE("a client may be destroyed by its own answer") {
  raw_server s{always(std::string{ok})};
  mailbox<int> answered;
  auto c = std::make_shared<std::unique_ptr<http_client>>(std::make_unique<http_client>(s.url()));
  (*c)->request({}, [&answered, c](const http_result& r) {
    c->reset();
    answered.put(r ? r->status : 0);
  });
  REQUIRE(answered.wait());
  CHECK(answered.all() == std::vector<int>{200});
}

TEST_CASE("requests beyond the bound are refused at once") {
  raw_server s{[](wire& w) { w.read_to_end(); }};
  mailbox<std::optional<kind>> ended;
  {
    http_client c{s.url(), {.max_in_flight = 2}};
    for (int i = 0; i < 3; ++i)
      c.request({}, [&](const http_result& r) { ended.put(failure_of(r)); });
    REQUIRE(ended.wait());
    CHECK(ended.all().front() == kind::unreachable);
  }
  CHECK(ended.all().size() == 3);
}

TEST_CASE("every one of many requests at once is answered once") {
  raw_server s{always(std::string{ok})};
  mailbox<std::string> answered;
  http_client c{s.url()};
  for (int i = 0; i < 300; ++i)
    c.request({.timeout_ms = patience_ms},
              [&](const http_result& r) { answered.put(r ? r->body : r.error().message); });
  REQUIRE(answered.wait(300));
  for (const auto& answer : answered.all())
    CHECK(answer == "hi");
}
