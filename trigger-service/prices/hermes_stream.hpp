#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "trigger-service/prices/price_stream.hpp"

namespace landfall::trigger {

struct hermes_options {
  /// "ws://host:port/ws" or wss.
  std::string websocket_url;
  /// "http://host:port" or https, without the path.
  std::string http_url;
  /// Sent as bearer token; empty: none.
  std::string api_key;
  std::uint32_t open_timeout_ms = 5'000;
  /// Without a byte from the server, keep-alives included.
  std::uint32_t silence_timeout_ms = 15'000;
  /// Stamps each message as it arrives.
  std::function<domain::utc_time()> now;
};

[[nodiscard]] price_stream_factory hermes_streams(hermes_options options);

}  // namespace landfall::trigger
