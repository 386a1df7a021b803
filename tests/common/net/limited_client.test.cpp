#include "common/net/limited_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "common/net/http_server.hpp"
#include "tests/support/answer_of.hpp"
#include "tests/support/reserved_port.hpp"

namespace landfall::net {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A server with a sliding window of its own, which answers 429 above it and keeps count.
class limited_server {
public:
  limited_server(std::size_t takes, milliseconds window, std::string retry_after)
      : takes_(takes), window_(window), retry_after_(std::move(retry_after)) {
    server_.route("GET", "/{what}", [this](const http_server_request& r, const http_reply& reply) { on(r, reply); });
    REQUIRE(server_.open());
  }

  std::string url() const {
    return port_.url();
  }
  std::size_t most_in_window() {
    const std::lock_guard lock{mutex_};
    return most_;
  }
  std::size_t refused() {
    const std::lock_guard lock{mutex_};
    return refused_;
  }
  /// What was asked, in the order it arrived.
  std::vector<std::string> asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  /// Answers nothing until `release`.
  void hold() {
    const std::lock_guard lock{mutex_};
    holds_ = true;
  }
  void release() {
    const std::lock_guard lock{mutex_};
    holds_ = false;
    for (const auto& reply : held_)
      reply({200, "{}"});
    held_.clear();
  }
  /// All that comes until `thaw` comes in one window, however long it takes.
  void freeze() {
    const std::lock_guard lock{mutex_};
    frozen_ = steady_clock::now();
  }
  void thaw() {
    const std::lock_guard lock{mutex_};
    frozen_.reset();
  }

private:
  void on(const http_server_request& request, const http_reply& reply) {
    const std::lock_guard lock{mutex_};
    const auto now = frozen_.value_or(steady_clock::now());
    while (!arrivals_.empty() && arrivals_.front() + window_ <= now)
      arrivals_.pop_front();
    asked_.push_back(request.path_params.at("what"));
    most_ = std::max(most_, arrivals_.size() + 1);
    if (holds_ && arrivals_.size() < takes_) {
      arrivals_.push_back(now);
      held_.push_back(reply);
      return;
    }
    if (arrivals_.size() >= takes_) {
      ++refused_;
      reply({429, "slow down", "text/plain", {{"Retry-After", retry_after_}}});
      return;
    }
    arrivals_.push_back(now);
    reply({200, "{}"});
  }

  const std::size_t takes_;
  const milliseconds window_;
  const std::string retry_after_;
  std::mutex mutex_;
  std::optional<steady_clock::time_point> frozen_;
  std::deque<steady_clock::time_point> arrivals_;
  std::size_t most_ = 0;
  std::size_t refused_ = 0;
  std::vector<std::string> asked_;
  bool holds_ = false;
  std::vector<http_reply> held_;
  landfall::test::reserved_port port_;
  http_server server_{"127.0.0.1", port_.number()};
};

/// Answers that come on other threads.
class answers {
public:
  std::function<void(http_result)> one(std::string name) {
    ++due_;
    return [this, name = std::move(name)](http_result r) {
      const std::lock_guard lock{mutex_};
      if (!r && r.error().what == net_error::kind::rate_limited)
        ++shaped;
      if (r && r->status == 200)
        ++good[name];
      ++come_;
      changed_.notify_all();
    };
  }
  void all() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return come_ == due_; });
  }
  std::map<std::string, std::size_t> good;
  std::size_t shaped = 0;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t due_ = 0;
  std::size_t come_ = 0;
};

http_request get(const std::string& what) {
  http_request r;
  r.path_and_query = "/" + what;
  return r;
}

}  // namespace

TEST_CASE("two clients of one host share its limit: the server's own window never sees more") {
  limited_server server{10, milliseconds{150}, "1"};
  host_limiters limiters;
  const rate_limit limit{10, milliseconds{150}};
  answers come;
  {
    limited_client first{server.url(), {}, limiters.of(server.url(), limit)};
    limited_client second{server.url() + "/", {}, limiters.of(server.url(), limit)};
    for (int i = 0; i < 60; ++i)
      (i % 2 == 0 ? first : second).request(static_cast<purpose>(i % 4), get("x"), come.one("x"));
    come.all();
  }
  CHECK(server.most_in_window() <= 10);
  CHECK(server.refused() == 0);
  CHECK(come.good["x"] + come.shaped == 60);
  CHECK(come.good["x"] > 20);
}

TEST_CASE("confirmations overtake a crowd of quotes, and all of them are answered") {
  limited_server server{10, milliseconds{150}, "1"};
  const auto limiter = std::make_shared<host_limiter>("host", rate_limit{10, milliseconds{150}});
  limited_client client{server.url(), {}, limiter};
  answers come;
  // However long it takes to line up: the first wait for their answers.
  server.hold();
  for (int i = 0; i < 150; ++i)
    client.request(purpose::quote, get("quote"), come.one("quote"));
  for (int i = 0; i < 10; ++i)
    client.request(purpose::confirmation, get("confirmation"), come.one("confirmation"));
  server.release();
  come.all();
  CHECK(come.good["confirmation"] == 10);
  const auto asked = server.asked();
  const auto last = std::find(asked.rbegin(), asked.rend(), "confirmation");
  REQUIRE(last != asked.rend());
  // Of those who were there before them, only a window went first.
  const auto before = std::distance(last, asked.rend());
  CHECK(before <= 40);
  CHECK(come.good["quote"] + come.shaped == 150);
  CHECK(server.refused() == 0);
}

TEST_CASE("a server that refuses is left alone for as long as it says, and then not asked for more than it took") {
  limited_server server{10, milliseconds{400}, "1"};
  std::atomic<int> refusals{0};
  limiter_reports reports;
  reports.refused_by_server = [&](int status) { refusals += status == 429 ? 1 : 0; };
  const auto limiter = std::make_shared<host_limiter>("host", rate_limit{1'000, milliseconds{400}}, reports);
  limited_client client{server.url(), {}, limiter};
  answers first;
  server.freeze();
  for (int i = 0; i < 20; ++i)
    client.request(purpose::confirmation, get("a"), first.one("a"));
  first.all();
  server.thaw();
  const auto refused = server.refused();
  CHECK(refused > 0);
  CHECK(refusals == static_cast<int>(refused));
  CHECK(limiter->limit() < 20);
  answers second;
  for (int i = 0; i < 10; ++i)
    client.request(purpose::confirmation, get("b"), second.one("b"));
  second.all();
  CHECK(second.good["b"] == 10);
  CHECK(server.refused() == refused);
}

TEST_CASE("what may not be sent ends in a clear error, and so does what waits when its client goes away") {
  limited_server server{1, milliseconds{600'000}, "1"};
  server.hold();
  const auto limiter = std::make_shared<host_limiter>("host", rate_limit{1, milliseconds{600'000}});
  std::atomic<int> cancelled{0};
  std::atomic<int> others{0};
  const auto count = [&](const http_result& r) {
    ++(!r && r.error().what == net_error::kind::cancelled ? cancelled : others);
  };
  {
    limited_client client{server.url(), {}, limiter};
    for (int i = 0; i < 5; ++i)
      client.request(purpose::confirmation, get("x"), count);
  }
  CHECK(cancelled == 5);
  CHECK(others == 0);
  // The slot of the first is taken for a window.
  limited_client client{server.url(), {}, limiter};
  const auto answer = tests::answer_of(client, &limited_client::request, purpose::quote, get("x"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().what == net_error::kind::rate_limited);
  CHECK(answer.error().message.starts_with("rate limited: quote is free again in "));
  CHECK(answer.error().retry_after > milliseconds{500'000});
  CHECK(limiter->try_once(purpose::stream) > milliseconds{500'000});
  CHECK_FALSE(client.has_spare());
}

}  // namespace landfall::net
