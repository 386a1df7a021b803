#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/net/http_handler.hpp"

namespace landfall::net {

struct http_server_options {
  std::size_t max_body_bytes = 64 * 1024;                 ///< above it 413, declared or chunked
  std::size_t max_in_flight = 1024;                       ///< above it 503 with Retry-After
  std::uint32_t body_timeout_ms = 10'000;                 ///< for the whole body to arrive, then 408
  std::uint32_t reply_timeout_ms = 60'000;                ///< for the handler to answer, then 504
  std::function<void(std::string_view what)> on_error{};  ///< what went wrong inside, for the log
  /// After each answer, for metrics: `route` is the pattern, or empty if none matched.
  std::function<void(std::string_view method, std::string_view route, int status, std::chrono::microseconds took)>
      on_request{};
};

/// An HTTP/1.1 server. Unknown path: 404 {"error":"Not found"}; known path with another method: 405 with Allow.
///
/// The library underneath reads headers without a bound or deadline: expose it through a proxy only.
class http_server {
public:
  /// `address` such as "127.0.0.1" or "0.0.0.0"; `port` 1 to 65535 (0 cannot be had).
  http_server(std::string address, int port, http_server_options options = {});
  /// Closes with a bound of zero if still open.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// Before `open`. `pattern` such as "/orders/price/{id}": a segment in braces matches any one non-empty segment, and
  /// loses against a literal one.
  void route(std::string method, std::string_view pattern, http_handler handler);

  /// The error is a sentence: the port is taken, the address is not ours.
  [[nodiscard]] domain::result<domain::done, std::string> open();

  /// New requests get 503; waits up to `drain` for outstanding answers, gives 503 in place of those still missing, and
  /// closes. No handler and no `on_request` runs after it. Safe to call twice; never from a handler. Returns how many
  /// were cut off.
  std::size_t close(std::chrono::milliseconds drain);

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace landfall::net
