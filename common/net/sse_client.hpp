#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/net/sse_parser.hpp"
#include "common/net/websocket_client.hpp"

namespace landfall::net {

struct sse_options {
  std::map<std::string, std::string> headers{};
  std::uint32_t open_timeout_ms = 5'000;      ///< until the headers of the answer
  std::uint32_t silence_timeout_ms = 30'000;  ///< without any byte, comments count; 0: none
  std::size_t max_event_bytes = 1024 * 1024;
};

/// Called one at a time, on threads of the pool, none after the destructor returned. `on_open` at most once, before any
/// event; `on_close` exactly once and last, unless the connection was destroyed before.
struct sse_handlers {
  std::function<void()> on_open{};
  std::function<void(sse_event)> on_event{};
  std::function<void(stream_close)> on_close{};
};

/// One event stream, opened at construction by a GET of `url`, encoded already (brackets are %5B and %5D). It ends once
/// and is not reopened: make a new one, after a `backoff`.
class sse_connection {
public:
  sse_connection(std::string url, sse_options options, sse_handlers handlers);
  /// As `websocket_connection`: without `on_close`, may be called from a handler.
  ~sse_connection();
  sse_connection(const sse_connection&) = delete;
  sse_connection& operator=(const sse_connection&) = delete;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace landfall::net
