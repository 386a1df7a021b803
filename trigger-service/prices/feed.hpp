#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/net/backoff.hpp"
#include "common/net/host_limiter.hpp"
#include "common/runtime/clock.hpp"
#include "trigger-service/prices/price_metrics.hpp"
#include "trigger-service/prices/price_stream.hpp"

namespace landfall::trigger {

/// The feeds to watch from now on; all of them, not what changed.
struct watch_feeds {
  std::vector<std::string> feed_ids;
};
/// From the stream numbered `connection`; the stream's own threads send these.
struct stream_opened {
  std::uint64_t connection = 0;
};
struct stream_message {
  std::uint64_t connection = 0;
  hermes_message what;
};
struct stream_closed {
  std::uint64_t connection = 0;
  std::string why;
};
/// The feed's own timer: checks for silence.
struct feed_tick {};

/// Prices as they came, not judged yet.
struct prices_seen {
  std::vector<price_update> prices;
};
using price_sink_actor = caf::typed_actor<caf::reacts_to<prices_seen>>;

using feed_actor =
    caf::typed_actor<caf::reacts_to<watch_feeds>, caf::reacts_to<stream_opened>, caf::reacts_to<stream_message>,
                     caf::reacts_to<stream_closed>, caf::reacts_to<feed_tick>>;

struct feed_config {
  /// Without a price for this long the stream is replaced, even if its connection is alive.
  std::chrono::milliseconds silence_timeout{10'000};
  /// A stream that lasted this long makes the next wait a short one again.
  std::chrono::milliseconds stable_after{10'000};
  std::chrono::milliseconds tick{250};
  net::backoff_policy reconnect{std::chrono::milliseconds{250}, std::chrono::milliseconds{30'000},
                                net::jitter::decorrelated};
  /// Feeds above it are not watched, and an error is logged.
  std::size_t max_feeds = 512;
  /// Messages of the stream waiting to be handled; above it new ones are dropped, and counted.
  std::size_t max_unhandled = 10'000;
  std::uint64_t seed = 1;
  std::shared_ptr<const runtime::clock> clock;
  std::shared_ptr<const price_metrics> metrics;
  price_stream_factory open_stream;
  /// Of the stream's host; without one streams are opened at once.
  std::shared_ptr<net::host_limiter> limiter = {};

  /// Empty, or what is wrong, as a sentence.
  [[nodiscard]] std::string validate() const;
};

/// One price source. Keeps one stream open, over WebSocket first; when that fails, over server-sent events, then
/// WebSocket again.
[[nodiscard]] feed_actor spawn_feed(caf::actor_system& system, feed_config config, price_sink_actor sink);

}  // namespace landfall::trigger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::watch_feeds)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::stream_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::stream_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::stream_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::feed_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::prices_seen)
