#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/settings.hpp"
#include "common/solana/programs.hpp"
#include "executor-service/order/build/builder_actor.hpp"
#include "executor-service/service.hpp"

namespace landfall::executor {

/// Where swaps come from, what they may do and cost, and how many are built at once.
struct build_settings {
  std::string router_url;
  std::string router_api_key;
  std::vector<std::string> maker_urls;
  int maker_quote_timeout_ms = 250;
  std::vector<std::string> router_programs{"JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4",
                                           solana::programs::token.to_string(),
                                           solana::programs::associated_token.to_string()};
  int max_builds = 32;
  int automatic_slippage_bps = 100;
  std::uint64_t min_fee_payer_lamports = 20'000'000;
  int router_requests_per_window = 10'000;
  int router_window_ms = 1'000;

  void declare(runtime::settings& settings);
  /// The router's address, if left empty, follows from the port base.
  [[nodiscard]] std::optional<runtime::setting_error> complete(int port_base);

  [[nodiscard]] build_policy policy() const;
};

/// Starts what `with.chain` and `with.clock` still lack for building: signer, router, makers and the fee payer's alarm.
/// Declares the health check `fee_payer`. Returns the actors in the order in which they are to be stopped.
[[nodiscard]] std::vector<caf::strong_actor_ptr> start_build(caf::actor_system& system, const build_settings& settings,
                                                             const std::shared_ptr<const signer_keys>& keys,
                                                             const service_context& context, build_dependencies& with);

}  // namespace landfall::executor
