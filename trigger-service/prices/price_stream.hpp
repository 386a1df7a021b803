#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "trigger-service/prices/hermes.hpp"

namespace landfall::trigger {

enum class stream_kind : std::uint8_t { websocket, server_sent_events };

[[nodiscard]] constexpr std::string_view to_string(stream_kind kind) {
  return kind == stream_kind::websocket ? "websocket" : "server_sent_events";
}
[[nodiscard]] constexpr stream_kind other(stream_kind kind) {
  return kind == stream_kind::websocket ? stream_kind::server_sent_events : stream_kind::websocket;
}

/// Called one at a time on threads of the stream's, none after it was destroyed. `on_close` at most once, and last.
struct price_stream_handlers {
  std::function<void()> on_open;
  std::function<void(hermes_message)> on_message;
  std::function<void(std::string why)> on_close;
};

/// One connection to a price source. It is opened by its creation, ends once, and its destruction closes it.
class price_stream {
public:
  virtual ~price_stream() = default;
};

using price_stream_factory = std::function<std::unique_ptr<price_stream>(
    stream_kind kind, const std::vector<std::string>& feed_ids, price_stream_handlers handlers)>;

}  // namespace landfall::trigger
