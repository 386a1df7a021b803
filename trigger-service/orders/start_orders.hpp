#pragma once

#include <caf/actor_system.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "common/postgres/database.hpp"
#include "common/runtime/settings.hpp"
#include "trigger-service/prices/price_settings.hpp"
#include "trigger-service/service.hpp"

namespace landfall::trigger {

/// How open orders are read, decided on, and written.
struct order_settings {
  std::string postgres_url;
  std::int64_t max_decision_age_ms = 10'000;
  std::int64_t feed_fresh_ms = 15'000;
  std::int64_t poll_ms = 1'000;
  std::int64_t reconcile_ms = 30'000;
  std::int64_t batch_ms = 5;
  std::int64_t batch_size = 256;

  void declare(runtime::settings& settings);
  /// The database that was left empty follows from the port base.
  void complete(int port_base);
};

/// What settings make no sense together, as a sentence; empty if all is well.
[[nodiscard]] std::string validate_orders(const order_settings& orders, const price_settings& prices,
                                          service_context& context);

/// The actors that watch prices and decide. An actor that ends by itself asks the process to stop.
class running_orders {
public:
  running_orders(caf::actor_system& system, const order_settings& orders, const price_settings& prices,
                 service_context& context);
  ~running_orders();
  running_orders(const running_orders&) = delete;
  running_orders& operator=(const running_orders&) = delete;

  struct stop_report {
    /// Actors that did not end in time.
    std::size_t killed = 0;
    /// An actor ended by itself before the stop.
    bool failed = false;
  };
  /// Stops watching, then writes what is decided already. Once.
  [[nodiscard]] stop_report stop();

private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace landfall::trigger
