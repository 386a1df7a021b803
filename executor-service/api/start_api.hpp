#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/settings.hpp"
#include "executor-service/api/api_server.hpp"
#include "executor-service/chain/protocol.hpp"
#include "executor-service/service.hpp"

namespace landfall::executor::api {

/// Who may call the API how often, and what deposits have to be worth.
struct api_settings {
  std::string postgres_url;
  std::vector<std::string> api_keys;
  int min_order_usd = 10;
  int confirm_wait_ms = 15'000;
  int requests_per_minute = 600;
  std::string hermes_http_url;
  std::string hermes_api_key;
  int hermes_requests_per_window = 10'000;
  int hermes_window_ms = 10'000;
  /// Follows from other settings.
  int deposit_poll_ms = 300;

  void declare(runtime::settings& settings);
  /// Addresses that were left empty follow from the port base. Deposits are polled no more slowly than statuses.
  void complete(int port_base, int status_poll_ms);

  [[nodiscard]] config server(const service_context& context) const;
};

/// The role `api`, with its routes on `server`, which is not open yet. `settings.server(context)` has to pass
/// `validate`.
[[nodiscard]] std::unique_ptr<api_server> start_api(caf::actor_system& system, const api_settings& settings,
                                                    chain_actor chain, std::shared_ptr<const master_secret> master,
                                                    net::http_server& server, const service_context& context);

}  // namespace landfall::executor::api
