#include "trigger-service/prices/price_settings.hpp"

#include "common/net/host_limiter.hpp"
#include "trigger-service/prices/hermes_stream.hpp"

namespace landfall::trigger {

using domain::milliseconds;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t all_bps = 10'000;

}  // namespace

void price_settings::declare(runtime::settings& s) {
  s.add("hermes-ws-url", hermes_ws_url, "price stream over WebSocket; default: ws://127.0.0.1:<port base + 13>/ws");
  s.add("hermes-http-url", hermes_http_url, "price stream over HTTP; default: http://127.0.0.1:<port base + 13>");
  s.add("hermes-api-key", hermes_api_key, "bearer token for the price stream; empty: none").secret();
  s.add("hermes-connects-per-window", hermes_connects_per_window,
        "streams that the price source lets us open within hermes-window-ms; more wait")
      .range(1, 1'000'000);
  s.add("hermes-window-ms", hermes_window_ms, "the sliding window of hermes-connects-per-window")
      .unit("ms")
      .range(10, 600'000);
  s.add("max-price-age-ms", max_price_age_ms, "older prices are rejected").unit("ms").range(1, hour_ms);
  s.add("max-price-ahead-ms", max_price_ahead_ms, "prices published later than now by more are rejected")
      .unit("ms")
      .range(0, hour_ms);
  s.add("max-confidence-bps", max_confidence_bps, "prices less certain than this share of them are rejected")
      .unit("bps")
      .range(1, all_bps);
  s.add("max-jump-bps", max_jump_bps, "prices further from the last one need a second that agrees")
      .unit("bps")
      .range(1, all_bps);
  s.add("second-look-ms", second_look_ms, "after this a repeated price confirms a jump").unit("ms").range(1, hour_ms);
  s.add("feed-silence-ms", feed_silence_ms, "a stream without prices for this long is replaced")
      .unit("ms")
      .range(100, hour_ms);
}

void price_settings::complete(int port_base) {
  const auto host = "127.0.0.1:" + std::to_string(port_base + 13);
  if (hermes_ws_url.empty())
    hermes_ws_url = "ws://" + host + "/ws";
  if (hermes_http_url.empty())
    hermes_http_url = "http://" + host;
}

gate_config price_settings::gates() const {
  gate_config gates;
  gates.max_age = milliseconds{max_price_age_ms};
  gates.max_ahead = milliseconds{max_price_ahead_ms};
  gates.max_confidence_bps = max_confidence_bps;
  gates.max_jump_bps = max_jump_bps;
  gates.second_look_after = milliseconds{second_look_ms};
  return gates;
}

feed_config price_settings::feed(service_context& context) const {
  hermes_options hermes;
  hermes.websocket_url = hermes_ws_url;
  hermes.http_url = hermes_http_url;
  hermes.api_key = hermes_api_key;
  hermes.now = [clock = context.clock] { return clock->now(); };
  feed_config config;
  config.silence_timeout = milliseconds{feed_silence_ms};
  config.seed = random_seed();
  config.clock = context.clock;
  config.metrics = std::make_shared<price_metrics>(&context.metrics);
  config.open_stream = hermes_streams(std::move(hermes));
  config.limiter = std::make_shared<net::host_limiter>(
      net::host_and_port(hermes_http_url).value_or("price source"),
      net::rate_limit{static_cast<std::uint32_t>(hermes_connects_per_window), milliseconds{hermes_window_ms}});
  return config;
}

}  // namespace landfall::trigger
