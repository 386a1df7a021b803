#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/net/rate_limiter.hpp"
#include "common/runtime/settings.hpp"
#include "common/solana/programs.hpp"

namespace landfall::executor {

/// Every setting of the executor-service. Addresses that are left empty follow from `port_base`, where the development
/// network listens.
struct service_config {
  int port_base = 18000;
  std::string listen_address = "127.0.0.1";
  std::vector<std::string> roles{"api", "executor", "verifier"};
  std::string instance;
  std::string log_level = "info";
  std::string log_format = "json";

  std::string postgres_url;
  std::string api_postgres_url;
  std::string verifier_postgres_url;
  std::vector<std::string> rpc_urls;
  std::string router_url;
  std::string router_api_key;
  std::vector<std::string> maker_urls;
  int maker_quote_timeout_ms = 250;
  std::vector<std::string> router_programs{"JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4",
                                           solana::programs::token.to_string(),
                                           solana::programs::associated_token.to_string()};
  std::string hermes_http_url;
  std::string hermes_api_key;
  std::string fee_payer_key;
  std::string master_secret;

  int poll_ms = 500;
  int lease_ms = 30'000;
  int max_in_flight = 512;
  int max_builds = 32;
  int reserved_share_percent = 25;
  int status_poll_ms = 400;
  int rebroadcast_ms = 1'000;
  int evidence_max_age_ms = 300'000;
  int max_swap_attempts = 10;
  int expiry_grace_ms = 15'000;
  int automatic_slippage_bps = 100;
  std::uint64_t min_fee_payer_lamports = 20'000'000;
  std::uint64_t fee_floor_micro_lamports = 1'000;
  std::uint64_t fee_cap_micro_lamports = 2'000'000;
  std::vector<std::string> api_keys;
  int min_order_usd = 10;
  int confirm_wait_ms = 15'000;
  int requests_per_minute = 600;
  std::vector<std::string> rpc_requests_per_window{"10000"};
  int rpc_window_ms = 1'000;
  int router_requests_per_window = 10'000;
  int router_window_ms = 1'000;
  int hermes_requests_per_window = 10'000;
  int hermes_window_ms = 10'000;

  /// What each of `rpc_urls` lets us ask.
  [[nodiscard]] std::vector<net::rate_limit> rpc_limits() const;
  [[nodiscard]] bool has_role(const std::string& role) const;
  void declare(runtime::settings& settings);
  /// Fills in what follows from the port base. Returns what is wrong as {setting, sentence}, or empty.
  [[nodiscard]] std::pair<std::string, std::string> complete();
};

}  // namespace landfall::executor
