#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/net/http_message.hpp"

namespace landfall::net {

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
