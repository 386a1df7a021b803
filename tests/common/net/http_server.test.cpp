#include "common/net/http_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/net/http_client.hpp"
#include "common/net/threads.hpp"
#include "raw_server.hpp"
#include "tests/support/answer_of.hpp"
#include "tests/support/reserved_port.hpp"

using namespace landfall::net;
using namespace landfall::net::test;
using landfall::tests::answer_of;

namespace {

const bool threads_ready = (initialize_threads(4), true);

/// A server with a few routes; what goes wrong inside lands in `errors`.
struct fixture {
  mailbox<std::string> errors;
  mailbox<std::string> served;
  mailbox<http_reply> kept;  ///< of /keep, which answers nothing by itself
  landfall::test::reserved_port reserved;
  int port = reserved.number();
  std::unique_ptr<http_server> server;

  explicit fixture(http_server_options options = {}) {
    options.on_error = [this](std::string_view what) { errors.put(std::string{what}); };
    options.on_request = [this](std::string_view method, std::string_view route, int status,
                                std::chrono::microseconds) {
      served.put(std::string{method} + " " + std::string{route} + " " + std::to_string(status));
    };
    server = std::make_unique<http_server>("127.0.0.1", port, options);
    const auto echo = [](const http_server_request& r, const http_reply& reply) {
      std::string out = r.route + "|" + std::string{r.param("id")};
      for (const auto& [name, value] : r.query)
        out += "|" + name + "=" + value;
      reply({.status = 200, .body = out + "|" + r.body, .content_type = "text/plain", .headers = {}});
    };
    server->route("GET", "/orders/price/{id}", echo);
    server->route("GET", "/orders/price/by-key", echo);
    server->route("DELETE", "/orders/price/{id}", echo);
    server->route("POST", "/orders", echo);
    server->route("GET", "/throw",
                  [](const http_server_request&, const http_reply&) { throw std::runtime_error("handler threw"); });
    server->route("GET", "/drop", [](const http_server_request&, const http_reply&) {});
    server->route("GET", "/twice", [](const http_server_request&, const http_reply& reply) {
      reply({.body = "first"});
      reply({.body = "second"});
    });
    server->route("GET", "/keep", [this](const http_server_request&, http_reply reply) { kept.put(std::move(reply)); });
    server->route("GET", "/remote", [](const http_server_request& r, const http_reply& reply) {
      reply({.body = r.remote_address + " " + std::string{r.header("x-key")}});
    });
    const auto opened = server->open();
    REQUIRE_MESSAGE(opened.ok(), (opened ? "" : opened.error()));
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port);
  }
  [[nodiscard]] http_response call(http_request request) const {
    http_client c{url()};
    request.timeout_ms = patience_ms;
    auto r = answer_of(c, &http_client::request, std::move(request));
    REQUIRE_MESSAGE(r.ok(), (r ? "" : r.error().message));
    return *r;
  }
};

bool has(const std::vector<std::string>& all, std::string_view part) {
  return std::ranges::any_of(all, [&](const std::string& s) { return s.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("routes match segments, decoded, and a literal one wins") {
  const fixture f;
  CHECK(f.call({.path_and_query = "/orders/price/a%2Fb%20c?x=1+2&y=%26&x=3"}).body ==
        "/orders/price/{id}|a/b c|x=3|y=&|");
  CHECK(f.call({.path_and_query = "/orders/price/by-key"}).body == "/orders/price/by-key||");
  CHECK(f.call({.method = "POST", .path_and_query = "/orders", .body = "{}"}).body == "/orders||{}");
  CHECK(f.call({.path_and_query = "/remote", .headers = {{"X-Key", "k"}}}).body == "127.0.0.1 k");
}

TEST_CASE("an unknown path is 404 and a known one with another method 405") {
  fixture f;
  for (const auto* const path : {"/", "/nope", "/orders/price/", "/orders/price/1/2", "/ORDERS"}) {
    const auto r = f.call({.path_and_query = path});
    CHECK(r.status == 404);
    CHECK(r.body == R"({"error":"Not found"})");
    CHECK(r.headers.at("content-type").starts_with("application/json"));
  }
  const auto r = f.call({.method = "PUT", .path_and_query = "/orders/price/1", .body = "{}"});
  CHECK(r.status == 405);
  CHECK(r.body == R"({"error":"Method not allowed"})");
  CHECK(r.headers.at("allow") == "GET, DELETE");
  REQUIRE(f.served.wait(6));
  CHECK(has(f.served.all(), "PUT  405"));
}

TEST_CASE("a handler that throws, or drops its reply, is 500 and told to the log") {
  fixture f;
  const auto thrown = f.call({.path_and_query = "/throw"});
  CHECK(thrown.status == 500);
  CHECK(thrown.body == R"({"error":"Internal server error"})");
  CHECK(f.call({.path_and_query = "/drop"}).status == 500);
  REQUIRE(f.errors.wait(2));
  CHECK(has(f.errors.all(), "GET /throw: handler threw"));
  CHECK(has(f.errors.all(), "GET /drop"));
  CHECK(f.call({.path_and_query = "/twice"}).body == "first");
}

TEST_CASE("a declared body is taken up to the bound and refused above it") {
  const fixture f;
  const std::string fits(64 * 1024, 'x');
  const auto ok = f.call({.method = "POST", .path_and_query = "/orders", .body = fits});
  CHECK(ok.status == 200);
  CHECK(ok.body == "/orders||" + fits);
  for (const std::size_t size : {fits.size() + 1, std::size_t{500'000}}) {
    const auto r = f.call({.method = "POST", .path_and_query = "/orders", .body = std::string(size, 'x')});
    CHECK(r.status == 413);
    CHECK(r.body == R"({"error":"Request body too large"})");
  }
}

TEST_CASE("a huge declared body is refused before it is sent") {
  const fixture f;
  const auto w = wire::connect(f.port);
  w->write("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n");
  const auto answer = w->read_all();  // the connection ends: nothing of the 50 MB is awaited
  CHECK(answer.starts_with("HTTP/1.1 413"));
  CHECK(answer.find("Connection: close") != std::string::npos);
}

TEST_CASE("a chunked body is taken up to the bound and refused above it") {
  const fixture f;
  const auto send = [&](std::size_t chunks) {
    const auto w = wire::connect(f.port);
    w->write("POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t i = 0; i < chunks; ++i) {
      if (!w->write("400\r\n" + std::string(1024, 'x') + "\r\n"))
        break;
    }
    w->write("0\r\n\r\n");
    return w->read_until("\r\n\r\n");
  };
  CHECK(send(64).starts_with("HTTP/1.1 200"));
  CHECK(send(65).starts_with("HTTP/1.1 413"));
  CHECK(send(500).starts_with("HTTP/1.1 413"));
  CHECK(f.call({.method = "POST", .path_and_query = "/orders", .body = "still here"}).status == 200);
}

TEST_CASE("an endless chunked body ends with its connection") {
  const fixture f;
  const auto w = wire::connect(f.port);
  w->write("POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::size_t sent = 0;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (w->write("400\r\n" + std::string(1024, 'x') + "\r\n") && std::chrono::steady_clock::now() < deadline)
    ++sent;
  CHECK(std::chrono::steady_clock::now() < deadline);
  CHECK(f.call({.method = "POST", .path_and_query = "/orders", .body = "still here"}).status == 200);
}

TEST_CASE("contradictory and malformed framing is refused") {
  const fixture f;
  for (const std::string_view framing : {"Content-Length: 3\r\nTransfer-Encoding: chunked", "Content-Length: -1",
                                         "Content-Length: 3x", "Transfer-Encoding: gzip, chunked"}) {
    const auto w = wire::connect(f.port);
    w->write("POST /orders HTTP/1.1\r\nHost: x\r\n" + std::string{framing} + "\r\n\r\n");
    CHECK_MESSAGE(w->read_all().starts_with("HTTP/1.1 400"), framing);
  }
  const auto w = wire::connect(f.port);
  w->write("GET /orders/price/%zz HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(w->read_until("\r\n").starts_with("HTTP/1.1 400"));
}

TEST_CASE("a body that does not come in time is 408 and one that breaks off harms nobody") {
  const fixture f{{.body_timeout_ms = 100}};
  const auto slow = wire::connect(f.port);
  slow->write("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(slow->read_all().starts_with("HTTP/1.1 408"));
  wire::connect(f.port)->write("POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(f.call({.path_and_query = "/twice"}).status == 200);
}

TEST_CASE("a handler that never answers is 504 and its late reply does nothing") {
  fixture f{{.reply_timeout_ms = 50}};
  CHECK(f.call({.path_and_query = "/keep"}).status == 504);
  REQUIRE(f.kept.wait());
  f.kept.all().front()({.body = "late"});
  // A route's own answer would have to come within the same bound.
  CHECK(f.call({.path_and_query = "/nope"}).status == 404);
}

TEST_CASE("beyond the bound in flight requests get 503 with Retry-After") {
  fixture f{{.max_in_flight = 2}};
  http_client c{f.url()};
  mailbox<int> answered;
  for (int i = 0; i < 2; ++i)
    c.request({.path_and_query = "/keep"}, [&](const http_result& r) { answered.put(r ? r->status : -1); });
  REQUIRE(f.kept.wait(2));
  const auto busy = f.call({.path_and_query = "/twice"});
  CHECK(busy.status == 503);
  CHECK(busy.headers.at("retry-after") == "1");
  for (const auto& reply : f.kept.all())
    reply({.body = "done"});
  REQUIRE(answered.wait(2));
  CHECK(answered.all() == std::vector<int>{200, 200});
  // An answer is read a moment before its place is free again.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  auto status = 503;
  while (status == 503 && std::chrono::steady_clock::now() < deadline)
    status = f.call({.path_and_query = "/twice"}).status;
  CHECK(status == 200);
}

TEST_CASE("closing waits for answers that come in time") {
  fixture f;
  http_client c{f.url()};
  mailbox<int> answered;
  c.request({.path_and_query = "/keep", .timeout_ms = patience_ms},
            [&](const http_result& r) { answered.put(r ? r->status : -1); });
  REQUIRE(f.kept.wait());
  mailbox<std::size_t> closed;
  std::thread closing{[&] { closed.put(f.server->close(patience)); }};
  // Once a new request is refused, it is closing.
  for (bool taken = true; taken;) {
    const auto r =
        answer_of(c, &http_client::request, http_request{.path_and_query = "/twice", .timeout_ms = patience_ms});
    taken = r && r->status == 200;
  }
  f.kept.all().front()({.body = "in time"});
  CHECK(closed.wait());
  closing.join();
  CHECK(closed.all() == std::vector<std::size_t>{0});
  REQUIRE(answered.wait());
  CHECK(answered.all() == std::vector<int>{200});
}

TEST_CASE("closing cuts off answers that do not come in time") {
  fixture f;
  http_client c{f.url()};
  mailbox<int> answered;
  c.request({.path_and_query = "/keep", .timeout_ms = patience_ms},
            [&](const http_result& r) { answered.put(r ? r->status : -1); });
  REQUIRE(f.kept.wait());
  CHECK(f.server->close(50ms) == 1);
  REQUIRE(answered.wait());
  CHECK(answered.all() == std::vector<int>{503});
  f.kept.all().back()({.body = "too late"});
  CHECK_FALSE(answer_of(c, &http_client::request, http_request{.path_and_query = "/twice"}));
  CHECK(f.server->close(1ms) == 0);
}

TEST_CASE("closing under load leaves no request without an end and no handler running") {
  for (int round = 0; round < 5; ++round) {
    fixture f;
    mailbox<int> ended;
    {
      http_client c{f.url()};
      for (int i = 0; i < 100; ++i)
        c.request({.method = "POST", .path_and_query = "/orders", .body = "{}", .timeout_ms = patience_ms},
                  [&](const http_result& r) { ended.put(r ? r->status : -1); });
      REQUIRE(ended.wait(1));
      f.server->close(0ms);
      CHECK(ended.wait(100));
    }
    CHECK(ended.all().size() == 100);
  }
}

TEST_CASE("a port that is taken is a sentence, and a closed server can open again") {
  fixture f;
  http_server other{"127.0.0.1", f.port};
  const auto opened = other.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().find(std::to_string(f.port)) != std::string::npos);
  f.server->close(0ms);
  CHECK(f.server->open());
  CHECK(f.call({.path_and_query = "/twice"}).status == 200);
}
