#include "trigger-service/prices/price_metrics.hpp"

namespace landfall::trigger {

price_metrics::price_metrics(runtime::metrics* registry) {
  if (registry == nullptr)
    return;
  received = registry->counter("landfall_trigger_prices_received_total", "Prices that a feed delivered.");
  malformed = registry->counter("landfall_trigger_prices_malformed_total", "Feed messages that cannot be read.");
  dropped = registry->counter("landfall_trigger_prices_dropped_total",
                              "Feed messages dropped because too many wait, or without a market for them.");
  feed_connected = registry->gauge("landfall_trigger_feed_connected", "Whether the price stream is open.");
  feed_reconnects =
      registry->counter("landfall_trigger_feed_reconnects_total", "Price streams that ended or went silent.");
  feed_connects_delayed = registry->counter("landfall_trigger_feed_connects_delayed_total",
                                            "Price streams opened later because of the source's rate limit.");
}

}  // namespace landfall::trigger
