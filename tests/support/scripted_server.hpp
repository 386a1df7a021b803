#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "common/json/reader.hpp"
#include "common/net/http_server.hpp"
#include "tests/support/reserved_port.hpp"

namespace landfall::executor {

/// A server that answers each request with what it was told to, and remembers what it was asked.
class scripted_server {
public:
  explicit scripted_server(const std::vector<std::pair<std::string, std::string>>& routes) {
    for (const auto& [method, path] : routes)
      server_.route(method, path, [this](net::http_server_request r, net::http_reply reply) { on(r, reply); });
    if (!server_.open())
      domain::broken_invariant("the scripted server cannot listen");
  }

  /// What the next answers are. Whoever was kept waiting in silence is sent away: at the end of the program, where this
  /// may be destroyed after what the library answers with, nothing is left unanswered.
  void answer(std::string body, int status = 200, std::map<std::string, std::string> headers = {}) {
    const std::lock_guard lock{mutex_};
    response_ = {status, std::move(body), "application/json", std::move(headers)};
    silent_ = false;
    for (const auto& reply : held_)
      reply({503, {}});
    held_.clear();
  }
  void stay_silent() {
    const std::lock_guard lock{mutex_};
    silent_ = true;
  }
  /// A JSON-RPC result, with the id of the call.
  void result(const std::string& json) {
    answer(R"({"jsonrpc":"2.0","id":$ID,"result":)" + json + "}");
  }

  [[nodiscard]] net::http_server_request last() {
    const std::lock_guard lock{mutex_};
    return last_;
  }
  [[nodiscard]] std::string url() const {
    return port_.url();
  }

private:
  void on(const net::http_server_request& request, const net::http_reply& reply) {
    const std::lock_guard lock{mutex_};
    last_ = request;
    if (silent_) {
      held_.push_back(reply);
      return;
    }
    auto r = response_;
    if (const auto at = r.body.find("$ID"); at != std::string::npos) {
      const auto asked = json::parse(request.body);
      r.body.replace(at, 3, std::to_string(json::as_u64(json::find(*asked, "id")).value_or(0)));
    }
    reply(std::move(r));
  }

  std::mutex mutex_;
  bool silent_ = false;
  net::http_server_response response_;
  net::http_server_request last_;
  std::vector<net::http_reply> held_;
  landfall::test::reserved_port port_;
  net::http_server server_{"127.0.0.1", port_.number()};
};

}  // namespace landfall::executor
