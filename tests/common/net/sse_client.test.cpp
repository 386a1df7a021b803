#include "common/net/sse_client.hpp"

#include <doctest/doctest.h>

#include "common/net/threads.hpp"
#include "raw_server.hpp"
#include "tests/support/reserved_port.hpp"

using namespace landfall::net;
using namespace landfall::net::test;

namespace {

const bool threads_ready = (initialize_threads(4), true);

constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& text) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

struct listener {
  mailbox<std::string> seen;
  sse_handlers handlers() {
    return {[this] { seen.put("open"); }, [this](const sse_event& e) { seen.put(e.data); },
            [this](const stream_close& c) { seen.put(close(c.why) + address_in(c.message)); }};
  }
  static std::string close(stream_end why) {
    return "close " + std::to_string(static_cast<int>(why));
  }
};

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("events arrive in order after the opening and before the one close") {
  mailbox<std::string> request;
  raw_server s{[&](wire& w) {
    request.put(w.read_until("\r\n\r\n"));
    w.write(std::string{head} + chunk(":hello\n\ndata: 1\n\nda") + chunk("ta: 2\n\n") + "0\r\n\r\n");
  }};
  listener l;
  sse_connection c{s.url() + "/v2/updates?ids%5B%5D=1&parsed=true", {.headers = {{"X-Key", "k"}}}, l.handlers()};
  REQUIRE(l.seen.wait(4));
  CHECK(l.seen.all() == strings{"open", "1", "2", listener::close(stream_end::closed)});
  const auto text = request.all().front();
  CHECK(text.starts_with("GET /v2/updates?ids%5B%5D=1&parsed=true HTTP/1.1"));
  CHECK(text.find("Accept:text/event-stream\r\n") != std::string::npos);
  CHECK(text.find("X-Key:k\r\n") != std::string::npos);
}

TEST_CASE("a stream that goes silent is closed as silent, once") {
  raw_server s{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write(std::string{head} + chunk("data: 1\n\n"));
    w.read_to_end();
  }};
  listener l;
  // Long enough for what was sent to arrive first.
  sse_connection c{s.url(), {.silence_timeout_ms = 2'000}, l.handlers()};
  REQUIRE(l.seen.wait(3));
  CHECK(l.seen.all() == strings{"open", "1", listener::close(stream_end::silent)});
}

TEST_CASE("a connection that breaks is broken, one that was not a stream refused, one to nobody unreachable") {
  raw_server breaks{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write(std::string{head} + "ff\r\ndata");
  }};
  listener broken;
  sse_connection a{breaks.url(), {}, broken.handlers()};
  REQUIRE(broken.seen.wait(2));
  CHECK(broken.seen.all().back() == listener::close(stream_end::broken));

  raw_server answers{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
  }};
  listener refused;
  sse_connection b{answers.url(), {}, refused.handlers()};
  REQUIRE(refused.seen.wait());
  CHECK(refused.seen.all() == strings{listener::close(stream_end::refused)});

  listener unreachable;
  const landfall::test::reserved_port nobody;
  sse_connection c{nobody.url(), {}, unreachable.handlers()};
  REQUIRE(unreachable.seen.wait());
  CHECK(unreachable.seen.all() == strings{listener::close(stream_end::unreachable)});
}

TEST_CASE("a server that never answers is unreachable at the deadline") {
  raw_server s{[](wire& w) { w.read_to_end(); }};
  listener l;
  sse_connection c{s.url(), {.open_timeout_ms = 50}, l.handlers()};
  REQUIRE(l.seen.wait());
  CHECK(l.seen.all() == strings{listener::close(stream_end::unreachable)});
}

TEST_CASE("an event over its bound ends the stream") {
  raw_server s{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write(head);
    while (w.write(chunk(std::string(1000, 'x')))) {
    }
  }};
  listener l;
  sse_connection c{s.url(), {.max_event_bytes = 5000}, l.handlers()};
  REQUIRE(l.seen.wait(2));
  CHECK(l.seen.all().back() == listener::close(stream_end::too_large));
}

TEST_CASE("nothing is called after a connection is gone, even if it went from within a handler") {
  raw_server s{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write(std::string{head} + chunk("data: 1\n\ndata: 2\n\n"));
    while (w.write(chunk("data: 3\n\n"))) {
    }
  }};
  for (int round = 0; round < 20; ++round) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    std::atomic<int> late{0};
    {
      const sse_connection c{s.url(), {}, {.on_event = [&, alive](const sse_event&) { late += *alive ? 0 : 1; }}};
    }
    *alive = false;
    CHECK(late == 0);
  }
  mailbox<std::string> seen;
  std::unique_ptr<sse_connection> own;
  std::mutex assigned;
  {
    const std::lock_guard lock{assigned};
    own = std::make_unique<sse_connection>(s.url(), sse_options{},
                                           sse_handlers{{},
                                                        [&](const sse_event& e) {
                                                          {
                                                            const std::lock_guard inside{assigned};
                                                            own.reset();
                                                          }
                                                          seen.put(e.data);
                                                        },
                                                        [&](const stream_close&) { seen.put("close"); }});
  }
  REQUIRE(seen.wait());
  CHECK(seen.all() == strings{"1"});
}
