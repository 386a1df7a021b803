#include "common/net/websocket_client.hpp"

#include <doctest/doctest.h>

#include "common/net/threads.hpp"
#include "echo_server.hpp"
#include "raw_server.hpp"
#include "tests/support/reserved_port.hpp"

using namespace landfall::net;
using namespace landfall::net::test;

namespace {

const bool threads_ready = (initialize_threads(4), true);

struct listener {
  mailbox<std::string> seen;
  websocket_handlers handlers() {
    return {[this] { seen.put("open"); }, [this](const std::string& m) { seen.put(m); },
            [this](const stream_close& c) { seen.put(close(c.why) + address_in(c.message)); }};
  }
  static std::string close(stream_end why) {
    return "close " + std::to_string(static_cast<int>(why));
  }
};

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("messages go there and back in order, and the other side's close comes once") {
  echo_server s;
  listener l;
  websocket_connection c{s.url(), {}, l.handlers()};
  REQUIRE(l.seen.wait());
  strings expected{"open"};
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i));
    CHECK(c.send(expected.back()));
  }
  REQUIRE(l.seen.wait(101));
  CHECK(c.send("bye"));
  expected.push_back(listener::close(stream_end::closed));
  REQUIRE(l.seen.wait(102));
  CHECK(l.seen.all() == expected);
  CHECK_FALSE(c.send("after"));
}

TEST_CASE("a connection that breaks is broken") {
  echo_server s;
  listener l;
  websocket_connection c{s.url(), {}, l.handlers()};
  REQUIRE(l.seen.wait());
  CHECK(c.send("vanish"));
  REQUIRE(l.seen.wait(2));
  CHECK(l.seen.all() == strings{"open", listener::close(stream_end::broken)});
}

TEST_CASE("a peer that neither speaks nor pongs is silent, and that is reported once") {
  echo_server s{false};
  listener l;
  websocket_connection c{s.url(), {.ping_interval_ms = 20, .silence_timeout_ms = 2'000}, l.handlers()};
  REQUIRE(l.seen.wait(2));
  CHECK(l.seen.all() == strings{"open", listener::close(stream_end::silent)});
  CHECK(s.wait_for_pings(1, patience));
  CHECK_FALSE(c.send("after"));
}

TEST_CASE("pongs alone keep a connection") {
  echo_server s;
  listener l;
  websocket_connection c{s.url(), {.ping_interval_ms = 20, .silence_timeout_ms = 2'000}, l.handlers()};
  REQUIRE(l.seen.wait());
  CHECK(s.wait_for_pings(150, patience));  // longer than the silence that would end it
  CHECK(l.seen.all() == strings{"open"});
}

TEST_CASE("a message over its bound ends the connection") {
  echo_server s;
  listener l;
  websocket_connection c{s.url(), {.max_message_bytes = 1000}, l.handlers()};
  REQUIRE(l.seen.wait());
  CHECK(c.send("big 1000"));
  CHECK(c.send("big 1001"));
  REQUIRE(l.seen.wait(3));
  CHECK(l.seen.all().back() == listener::close(stream_end::too_large));
}

TEST_CASE("nobody there is unreachable, no WebSocket refused, and no answer unreachable at the deadline") {
  const landfall::test::reserved_port port;
  listener nobody;
  websocket_connection a{port.url("ws"), {}, nobody.handlers()};
  REQUIRE(nobody.seen.wait());
  CHECK(nobody.seen.all() == strings{listener::close(stream_end::unreachable)});

  raw_server plain{[](wire& w) {
    w.read_until("\r\n\r\n");
    w.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  }};
  listener refused;
  websocket_connection b{plain.url("ws"), {}, refused.handlers()};
  REQUIRE(refused.seen.wait());
  CHECK(refused.seen.all() == strings{listener::close(stream_end::refused)});

  raw_server mute{[](wire& w) { w.read_to_end(); }};
  listener late;
  websocket_connection c{mute.url("ws"), {.open_timeout_ms = 50}, late.handlers()};
  REQUIRE(late.seen.wait());
  CHECK(late.seen.all() == strings{listener::close(stream_end::unreachable)});

  listener scheme;
  websocket_connection d{"http://127.0.0.1:1", {}, scheme.handlers()};
  REQUIRE(scheme.seen.wait());
  CHECK(scheme.seen.all() == strings{listener::close(stream_end::unreachable)});
}

TEST_CASE("destroying a connection at any moment calls nothing after it") {
  echo_server s;
  for (int round = 0; round < 30; ++round) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    std::atomic<int> late{0};
    const auto count = [&late, alive] { late += *alive ? 0 : 1; };
    {
      listener l;
      websocket_connection c{
          s.url(), {}, {count, [count](const std::string&) { count(); }, [count](const stream_close&) { count(); }}};
      if (round % 3 == 0)
        (void)c.send("early");
      if (round % 3 == 1) {
        listener other;
        const websocket_connection second{s.url(), {}, other.handlers()};
        CHECK(other.seen.wait());
      }
    }
    *alive = false;
    CHECK(late == 0);
  }
}

TEST_CASE("a connection may be destroyed by its own handler") {
  echo_server s;
  mailbox<std::string> seen;
  std::mutex assigned;
  std::unique_ptr<websocket_connection> own;
  {
    const std::lock_guard lock{assigned};
    own = std::make_unique<websocket_connection>(s.url(), websocket_options{},
                                                 websocket_handlers{[&] {
                                                                      {
                                                                        const std::lock_guard inside{assigned};
                                                                        own.reset();
                                                                      }
                                                                      seen.put("open");
                                                                    },
                                                                    {},
                                                                    [&](const stream_close&) { seen.put("close"); }});
  }
  REQUIRE(seen.wait());
  CHECK(seen.all() == strings{"open"});
}
