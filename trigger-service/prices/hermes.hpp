#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trigger-service/prices/core/price_update.hpp"

namespace landfall::trigger {

/// One message of a Hermes stream. Shapes: Pyth Hermes, `/ws` and `/v2/updates/price/stream`.
struct hermes_message {
  std::vector<price_update> prices;
  /// The server's own complaint, or what makes the message unreadable.
  std::optional<std::string> error;
  /// Prices in it that could not be read: wrong shape, no exact decimal, no time. The others are still good.
  std::size_t malformed = 0;
};

/// Longer messages are refused unread.
inline constexpr std::size_t max_hermes_message_bytes = 1024 * 1024;

/// A text frame of the WebSocket: price_update, or the response to a subscription. Never throws, whatever the text.
[[nodiscard]] hermes_message parse_hermes_frame(std::string_view text, domain::utc_time received_at);
/// The data of a server-sent event, with `parsed` prices.
[[nodiscard]] hermes_message parse_hermes_event(std::string_view text, domain::utc_time received_at);

/// {"type":"subscribe",…}: unknown ids are left out by the server instead of refusing all.
[[nodiscard]] std::string hermes_subscription(const std::vector<std::string>& feed_ids);
/// "/v2/updates/price/stream?ids[]=…", encoded.
[[nodiscard]] std::string hermes_stream_path(const std::vector<std::string>& feed_ids);

}  // namespace landfall::trigger
