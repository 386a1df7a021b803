#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace landfall::net {

/// The arguments of a handler of `http_server`.
struct http_server_request {
  std::string method{};                              ///< "GET"
  std::string path{};                                ///< decoded
  std::string route{};                               ///< the pattern that matched, a bounded label for metrics
  std::map<std::string, std::string> path_params{};  ///< decoded
  std::map<std::string, std::string> query{};        ///< decoded; of a repeated name the last
  std::map<std::string, std::string> headers{};      ///< names in lower case
  std::string body{};
  std::string remote_address{};

  /// Empty if absent.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
  [[nodiscard]] std::string_view param(std::string_view name) const;
};

struct http_server_response {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers{};
};

/// {"error":"…"}, the shape of every refusal of the server itself.
[[nodiscard]] http_server_response error_response(int status, std::string_view message);

/// Answers one request, from any thread, now or later. The first call counts, later ones do nothing; a request whose
/// every copy of this is dropped unanswered gets 500.
using http_reply = std::function<void(http_server_response)>;

/// Runs on a thread of the pool: never block in it. What it throws becomes 500 and a call of `on_error`.
using http_handler = std::function<void(http_server_request, http_reply)>;

}  // namespace landfall::net
