#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/rate_limiter.hpp"
#include "common/runtime/settings.hpp"
#include "executor-service/chain/chain_actor.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"
#include "executor-service/service.hpp"

namespace landfall::executor {

/// The RPC endpoints, what each of them lets us ask, and the priority fees.
struct chain_settings {
  std::vector<std::string> rpc_urls;
  int status_poll_ms = 400;
  std::uint64_t fee_floor_micro_lamports = 1'000;
  std::uint64_t fee_cap_micro_lamports = 2'000'000;
  std::vector<std::string> rpc_requests_per_window{"10000"};
  int rpc_window_ms = 1'000;

  void declare(runtime::settings& settings);
  /// Endpoints that were left empty follow from the port base.
  [[nodiscard]] std::optional<runtime::setting_error> complete(int port_base);

  /// A client for each of `rpc_urls`. `purpose` of all their calls; nothing: each method has a purpose of its own.
  [[nodiscard]] std::vector<std::shared_ptr<rpc_api>> endpoints(net::host_limiters& limiters,
                                                                std::optional<net::purpose> purpose = {}) const;
};

/// The actor through which the whole process asks `endpoints`. Declares the health check `rpc`.
[[nodiscard]] chain_actor start_chain(caf::actor_system& system, const chain_settings& settings,
                                      std::vector<std::shared_ptr<rpc_api>> endpoints, const service_context& context);

}  // namespace landfall::executor
