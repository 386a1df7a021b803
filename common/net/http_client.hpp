#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/domain/result.hpp"
#include "common/net/error.hpp"

namespace landfall::net {

struct http_request {
  std::string method = "GET";
  std::string path_and_query = "/";  ///< encoded already, appended to the base URL
  std::map<std::string, std::string> headers{};
  std::string body{};
  std::uint32_t timeout_ms = 10'000;                 ///< from the call to the last byte of the answer
  std::size_t max_response_bytes = 4 * 1024 * 1024;  ///< of the body
  /// A kept connection may turn out dead just as it is used again; the request is then sent once more over another,
  /// though the other side may have acted on the first. True opens a connection for this request alone, so that it is
  /// sent at most once.
  bool send_at_most_once = false;
};

struct http_response {
  int status = 0;
  std::map<std::string, std::string> headers{};  ///< names in lower case
  std::string body{};
};

using http_result = domain::result<http_response, net_error>;

struct http_client_options {
  std::size_t max_in_flight = 1024;  ///< above it requests fail at once with `unreachable`
  bool verify_tls = true;
};

/// One per base URL ("http://host:port/prefix"); keeps connections alive. Thread-safe. Does not follow redirects.
class http_client {
public:
  explicit http_client(std::string base_url, http_client_options options = {});
  /// Outstanding requests end with `cancelled` before this returns, and no `done` runs after it (one that destroys the
  /// client itself excepted). Hold no lock here that a `done` takes.
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// `done` is called exactly once, never before this returns, on a thread of the pool. Any status is an answer, not an
  /// error. What `done` throws stops the process.
  void request(http_request request, std::function<void(http_result)> done);

  [[nodiscard]] const std::string& base_url() const noexcept;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace landfall::net
