#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/settings.hpp"
#include "executor-service/order/build/start_build.hpp"
#include "executor-service/order/dispatcher.hpp"
#include "executor-service/service.hpp"

namespace landfall::executor {

/// How orders are claimed, worked on, and given up.
struct order_settings {
  std::string postgres_url;
  int poll_ms = 500;
  int lease_ms = 30'000;
  int max_in_flight = 512;
  int reserved_share_percent = 25;
  int rebroadcast_ms = 1'000;
  int evidence_max_age_ms = 300'000;
  int max_swap_attempts = 10;
  int expiry_grace_ms = 15'000;
  build_settings build;

  void declare(runtime::settings& settings);
  /// Addresses that were left empty follow from the port base.
  [[nodiscard]] std::optional<runtime::setting_error> complete(int port_base);
};

/// The role `executor`, running. Empty where the process does not have the role.
struct running_executor {
  dispatcher_actor dispatcher;
  /// In the order in which they are to be stopped, after the dispatcher.
  std::vector<caf::strong_actor_ptr> others;

  /// Claims nothing more and waits, at most `bound`, until what is in flight gave its leases back. Returns what is left
  /// to be stopped, in order. Once.
  [[nodiscard]] std::vector<caf::strong_actor_ptr> drain(caf::actor_system& system, std::chrono::milliseconds bound);
};

/// Everything that carries out orders. `rpc_endpoints`: how many endpoints `chain` asks.
[[nodiscard]] running_executor start_executor(caf::actor_system& system, const order_settings& settings,
                                              const std::shared_ptr<const signer_keys>& keys, chain_actor chain,
                                              std::size_t rpc_endpoints, const service_context& context);

}  // namespace landfall::executor
