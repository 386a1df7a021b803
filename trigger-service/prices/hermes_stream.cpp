#include "trigger-service/prices/hermes_stream.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "common/net/sse_client.hpp"
#include "common/net/websocket_client.hpp"

namespace landfall::trigger {

namespace {

std::map<std::string, std::string> headers_of(const hermes_options& options) {
  if (options.api_key.empty())
    return {};
  return {{"Authorization", "Bearer " + options.api_key}};
}

class websocket_stream final : public price_stream {
public:
  websocket_stream(const hermes_options& options, const std::vector<std::string>& feed_ids,
                   price_stream_handlers handlers) {
    net::websocket_options ws;
    ws.headers = headers_of(options);
    ws.open_timeout_ms = options.open_timeout_ms;
    ws.silence_timeout_ms = options.silence_timeout_ms;
    ws.max_message_bytes = max_hermes_message_bytes;
    net::websocket_handlers on;
    on.on_open = [this, opened = std::move(handlers.on_open), subscription = hermes_subscription(feed_ids)] {
      // The connection may open before the constructor below has returned.
      const std::lock_guard lock{mutex_};
      opened_ = true;
      subscription_ = subscription;
      subscribe();
      opened();
    };
    on.on_message = [on_message = std::move(handlers.on_message), now = options.now](const std::string& text) {
      on_message(parse_hermes_frame(text, now()));
    };
    on.on_close = [closed = std::move(handlers.on_close)](const net::stream_close& close) { closed(close.message); };
    auto connection = std::make_unique<net::websocket_connection>(options.websocket_url, std::move(ws), std::move(on));
    const std::lock_guard lock{mutex_};
    connection_ = std::move(connection);
    subscribe();
  }

private:
  /// Nothing is sent before both the connection is open and its handle is here. A subscription that is lost leaves the
  /// stream silent, which its user notices.
  void subscribe() {
    if (opened_ && connection_ && !std::exchange(subscribed_, true))
      static_cast<void>(connection_->send(subscription_));
  }

  std::mutex mutex_;
  bool opened_ = false;
  bool subscribed_ = false;
  std::string subscription_;
  // Last: its destructor waits for a running handler, which uses what stands above.
  std::unique_ptr<net::websocket_connection> connection_;
};

class event_stream final : public price_stream {
public:
  event_stream(const hermes_options& options, const std::vector<std::string>& feed_ids, price_stream_handlers handlers)
      : connection_(options.http_url + hermes_stream_path(feed_ids), options_of(options),
                    handlers_of(options, std::move(handlers))) {}

private:
  static net::sse_options options_of(const hermes_options& options) {
    net::sse_options sse;
    sse.headers = headers_of(options);
    sse.open_timeout_ms = options.open_timeout_ms;
    sse.silence_timeout_ms = options.silence_timeout_ms;
    sse.max_event_bytes = max_hermes_message_bytes;
    return sse;
  }

  static net::sse_handlers handlers_of(const hermes_options& options, price_stream_handlers handlers) {
    net::sse_handlers on;
    on.on_open = std::move(handlers.on_open);
    on.on_event = [on_message = std::move(handlers.on_message), now = options.now](const net::sse_event& event) {
      if (event.name == "error")
        on_message(hermes_message{{}, event.data, 0});
      else
        on_message(parse_hermes_event(event.data, now()));
    };
    on.on_close = [closed = std::move(handlers.on_close)](const net::stream_close& close) { closed(close.message); };
    return on;
  }

  net::sse_connection connection_;
};

}  // namespace

price_stream_factory hermes_streams(hermes_options options) {
  return [options = std::move(options)](stream_kind kind, const std::vector<std::string>& feed_ids,
                                        price_stream_handlers handlers) -> std::unique_ptr<price_stream> {
    if (kind == stream_kind::websocket)
      return std::make_unique<websocket_stream>(options, feed_ids, std::move(handlers));
    return std::make_unique<event_stream>(options, feed_ids, std::move(handlers));
  };
}

}  // namespace landfall::trigger
