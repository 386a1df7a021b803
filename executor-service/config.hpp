#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/runtime/settings.hpp"
#include "executor-service/api/start_api.hpp"
#include "executor-service/chain/start_chain.hpp"
#include "executor-service/order/start_executor.hpp"
#include "executor-service/verify/start_verifier.hpp"

namespace landfall::executor {

/// Every setting of the executor-service: the process' own, and those of each room. Addresses that are left empty
/// follow from `port_base`, where the development network listens.
struct service_config {
  int port_base = 18000;
  std::string listen_address = "127.0.0.1";
  std::vector<std::string> roles{"api", "executor", "verifier"};
  std::string instance;
  std::string log_level = "info";
  std::string log_format = "json";
  std::string fee_payer_key;
  std::string master_secret;
  chain_settings chain;
  order_settings order;
  api::api_settings api;
  verify::verify_settings verify;

  void declare(runtime::settings& settings);
  /// Fills in what follows from the port base. What is wrong, or nothing.
  [[nodiscard]] std::optional<runtime::setting_error> complete();

  /// After `complete`: what a role of this process cannot be started with, as a sentence.
  [[nodiscard]] std::optional<std::string> validate(const service_context& context) const;

  [[nodiscard]] bool has_role(const std::string& role) const;
  /// With commas.
  [[nodiscard]] std::string role_list() const;
  /// The database by which readiness is decided: one that a role of this process needs.
  [[nodiscard]] const std::string& readiness_database() const;
};

}  // namespace landfall::executor
