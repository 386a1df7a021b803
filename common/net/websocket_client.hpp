#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace landfall::net {

/// Why a stream of ours ended.
enum class stream_end {
  unreachable,  ///< never opened
  refused,      ///< opened with another answer than a stream
  closed,       ///< the other side ended it
  broken,       ///< the connection failed
  silent,       ///< nothing arrived for `silence_timeout_ms`
  too_large,    ///< a message or line over its bound
};

struct stream_close {
  stream_end why = stream_end::broken;
  std::string message{};  ///< for people; names no address, which may hold a key
};

struct websocket_options {
  std::map<std::string, std::string> headers{};
  std::uint32_t open_timeout_ms = 5'000;
  std::uint32_t ping_interval_ms = 10'000;    ///< 0: none
  std::uint32_t silence_timeout_ms = 30'000;  ///< without any message or pong; 0: none
  std::size_t max_message_bytes = 4 * 1024 * 1024;
  std::size_t max_unsent_messages = 1024;  ///< above it `send` refuses
};

/// Called one at a time, on threads of `net`, none after the destructor returned. `on_open` at most once, before any
/// message; `on_close` exactly once and last, unless the connection was destroyed before.
struct websocket_handlers {
  std::function<void()> on_open{};
  std::function<void(std::string message)> on_message{};  ///< text or binary alike
  std::function<void(stream_close)> on_close{};
};

/// One WebSocket connection, opened at construction ("ws://…" or "wss://…"). It ends once and is not reopened: make a
/// new one, after a `backoff`.
class websocket_connection {
public:
  websocket_connection(std::string url, websocket_options options, websocket_handlers handlers);
  /// Ends the connection without `on_close`. May be called from a handler; otherwise waits for a handler that is
  /// running just now, so hold no lock here that a handler takes.
  ~websocket_connection();
  websocket_connection(const websocket_connection&) = delete;
  websocket_connection& operator=(const websocket_connection&) = delete;

  /// False if it is not open (yet, or any more) or too much is unsent. True promises no arrival. Thread-safe.
  [[nodiscard]] bool send(std::string text);

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace landfall::net
