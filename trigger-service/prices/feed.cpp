#include "trigger-service/prices/feed.hpp"

#include <atomic>
#include <caf/all.hpp>
#include <optional>
#include <random>
#include <utility>

#include "common/runtime/log.hpp"

namespace landfall::trigger {

namespace {

using runtime::log_error;
using runtime::log_info;
using runtime::log_warn;

struct feed_state {
  static inline const char* name = "feed";

  feed_config config;
  price_sink_actor sink;
  std::vector<std::string> feed_ids;
  std::unique_ptr<price_stream> stream;
  /// The number of the stream in use: messages of any other are stale.
  std::uint64_t connection = 0;
  stream_kind kind = stream_kind::websocket;
  domain::utc_time opened_at;
  /// When the stream was opened or last gave a price.
  domain::utc_time last_price_at;
  domain::utc_time retry_at;
  net::backoff reconnect;
  std::mt19937_64 random;
  /// Shared with the stream's threads.
  std::shared_ptr<std::atomic<std::size_t>> unhandled = std::make_shared<std::atomic<std::size_t>>(0);
};

using self_pointer = feed_actor::stateful_pointer<feed_state>;

price_stream_handlers handlers_for(self_pointer self) {
  const auto& state = self->state;
  const auto handle = caf::actor_cast<feed_actor>(self);
  const auto connection = state.connection;
  price_stream_handlers on;
  on.on_open = [=] { caf::anon_send(handle, stream_opened{connection}); };
  on.on_message = [=, unhandled = state.unhandled, most = state.config.max_unhandled,
                   dropped = state.config.metrics->dropped](hermes_message message) {
    if (unhandled->fetch_add(1) >= most) {
      unhandled->fetch_sub(1);
      dropped.inc();
      return;
    }
    caf::anon_send(handle, stream_message{connection, std::move(message)});
  };
  on.on_close = [=](const std::string& why) { caf::anon_send(handle, stream_closed{connection, why}); };
  return on;
}

void close(feed_state& state) {
  state.stream.reset();
  ++state.connection;
  state.config.metrics->feed_connected.set(0);
}

void open(self_pointer self) {
  auto& state = self->state;
  close(state);
  if (state.feed_ids.empty())
    return;
  const auto now = state.config.clock->now();
  if (state.config.limiter)
    if (const auto wait = state.config.limiter->try_once(net::purpose::stream)) {
      // The tick opens it.
      state.retry_at = now + *wait;
      state.config.metrics->feed_connects_delayed.inc();
      log_info("feed_connect_delayed", {{"retry_ms", wait->count()}});
      return;
    }
  state.opened_at = state.last_price_at = now;
  state.stream = state.config.open_stream(state.kind, state.feed_ids, handlers_for(self));
}

/// Gives up the stream; the next one takes the other way.
void fail(feed_state& state, std::string_view why) {
  const auto now = state.config.clock->now();
  if (now - state.opened_at >= state.config.stable_after)
    state.reconnect.reset();
  const auto wait = state.reconnect.next(state.random());
  log_warn("feed_lost", {{"stream", to_string(state.kind)}, {"why", why}, {"retry_ms", wait.count()}});
  close(state);
  state.config.metrics->feed_reconnects.inc();
  state.kind = other(state.kind);
  state.retry_at = now + wait;
}

void watch(self_pointer self, std::vector<std::string> feed_ids) {
  auto& state = self->state;
  if (feed_ids.size() > state.config.max_feeds) {
    log_error("too_many_feeds", {{"feeds", feed_ids.size()}, {"watched", state.config.max_feeds}});
    feed_ids.resize(state.config.max_feeds);
  }
  if (feed_ids == state.feed_ids)
    return;
  state.feed_ids = std::move(feed_ids);
  log_info("feeds_watched", {{"feeds", state.feed_ids.size()}});
  open(self);
}

void on_message(self_pointer self, const hermes_message& message) {
  auto& state = self->state;
  const auto& metrics = *state.config.metrics;
  metrics.received.inc(static_cast<double>(message.prices.size()));
  metrics.malformed.inc(static_cast<double>(message.malformed));
  if (message.error)
    log_warn("feed_complaint", {{"stream", to_string(state.kind)}, {"why", *message.error}});
  if (message.prices.empty())
    return;
  state.last_price_at = state.config.clock->now();
  self->send(state.sink, prices_seen{message.prices});
}

void check_silence(self_pointer self) {
  auto& state = self->state;
  const auto now = state.config.clock->now();
  if (state.stream && now - state.last_price_at >= state.config.silence_timeout)
    fail(state, "no price for too long");
  else if (!state.stream && !state.feed_ids.empty() && now >= state.retry_at)
    open(self);
  self->delayed_send(self, state.config.tick, feed_tick{});
}

feed_actor::behavior_type behaviour(self_pointer self, feed_config config, price_sink_actor sink) {
  auto& state = self->state;
  state.reconnect = net::backoff{config.reconnect};
  state.random.seed(config.seed);
  state.config = std::move(config);
  state.sink = std::move(sink);
  self->delayed_send(self, state.config.tick, feed_tick{});
  return {
      [self](const watch_feeds& message) { watch(self, message.feed_ids); },
      [self](const stream_opened& message) {
        if (message.connection != self->state.connection)
          return;
        self->state.config.metrics->feed_connected.set(1);
        log_info("feed_open", {{"stream", to_string(self->state.kind)}});
      },
      [self](const stream_message& message) {
        self->state.unhandled->fetch_sub(1);
        if (message.connection == self->state.connection)
          on_message(self, message.what);
      },
      [self](const stream_closed& message) {
        if (message.connection == self->state.connection)
          fail(self->state, message.why);
      },
      [self](feed_tick) { check_silence(self); },
  };
}

}  // namespace

std::string feed_config::validate() const {
  if (silence_timeout.count() <= 0 || tick.count() <= 0)
    return "the silence timeout of the feed must be positive";
  if (max_feeds == 0 || max_unhandled == 0)
    return "a feed needs capacity for prices";
  if (!clock || !metrics || !open_stream)
    return "clock, metrics and stream are needed";
  return {};
}

feed_actor spawn_feed(caf::actor_system& system, feed_config config, price_sink_actor sink) {
  return system.spawn(behaviour, std::move(config), std::move(sink));
}

}  // namespace landfall::trigger
