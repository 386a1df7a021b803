#pragma once

#include <array>
#include <atomic>
#include <string>

#include "common/domain/time.hpp"
#include "common/runtime/metrics.hpp"
#include "trigger-service/prices/core/quality_gate.hpp"

namespace landfall::trigger {

/// What markets, loader and writer count on the way from a price to a durable decision. Thread-safe; without a registry
/// nothing is counted.
class decision_metrics {
public:
  explicit decision_metrics(runtime::metrics* registry);

  [[nodiscard]] runtime::gauge_handle book_orders(const std::string& mint) const;
  [[nodiscard]] runtime::gauge_handle last_publish_time(const std::string& mint) const;
  [[nodiscard]] runtime::counter_handle decisions(std::string_view to, std::string_view outcome) const;
  [[nodiscard]] runtime::counter_handle write_failures(std::string_view kind) const;

  [[nodiscard]] const runtime::counter_handle& rejected(gate which) const {
    return prices_rejected[static_cast<std::size_t>(which)];
  }

  /// When any market last accepted a price.
  void mark_accepted(domain::utc_time at) const {
    accepted_ms_.store(domain::unix_ms(at));
  }
  [[nodiscard]] domain::utc_time last_accepted() const {
    return domain::from_unix_ms(accepted_ms_.load());
  }

  runtime::counter_handle prices_accepted;
  runtime::counter_handle prices_held;
  std::array<runtime::counter_handle, all_gates.size()> prices_rejected;
  runtime::counter_handle orders_unreadable;
  runtime::gauge_handle database_up;
  runtime::gauge_handle pending_decisions;
  runtime::histogram_handle decision_latency;

private:
  runtime::metrics* registry_;
  mutable std::atomic<long long> accepted_ms_{0};
};

}  // namespace landfall::trigger
