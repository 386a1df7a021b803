#pragma once

#include <cstdint>
#include <string>

#include "common/runtime/settings.hpp"
#include "trigger-service/prices/core/quality_gate.hpp"
#include "trigger-service/prices/feed.hpp"
#include "trigger-service/service.hpp"

namespace landfall::trigger {

/// Where prices come from, and which of them count.
struct price_settings {
  std::string hermes_ws_url;
  std::string hermes_http_url;
  std::string hermes_api_key;
  int hermes_connects_per_window = 100;
  int hermes_window_ms = 10'000;
  std::int64_t max_price_age_ms = 10'000;
  std::int64_t max_price_ahead_ms = 2'000;
  std::int64_t max_confidence_bps = 100;
  std::int64_t max_jump_bps = 1'000;
  std::int64_t second_look_ms = 2'000;
  std::int64_t feed_silence_ms = 10'000;

  void declare(runtime::settings& settings);
  /// Addresses that were left empty follow from the port base.
  void complete(int port_base);

  [[nodiscard]] gate_config gates() const;
  [[nodiscard]] feed_config feed(service_context& context) const;
};

}  // namespace landfall::trigger
