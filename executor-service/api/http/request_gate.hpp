#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/http_server.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/api/http/request_limiter.hpp"

namespace landfall::executor::api {

/// What every request passes before its handler: the limit of its client address, the API key, and the metrics
/// landfall_api_requests_total{route,status} and landfall_api_request_seconds{route}.
class request_gate {
public:
  /// Without `api_keys` everyone is admitted; `metrics` may be null.
  request_gate(std::vector<std::string> api_keys, request_limit per_address,
               std::shared_ptr<const runtime::clock> clock, std::shared_ptr<runtime::metrics> metrics);

  /// `route` is the metrics' label, such as "GET /orders/price/{id}": paths with ids in them would be without bound.
  /// The gate has to outlive the handler.
  [[nodiscard]] net::http_handler guard(std::string route, net::http_handler inner);

private:
  [[nodiscard]] bool has_api_key(const net::http_server_request& request) const;

  const std::vector<std::string> api_keys_;
  request_limiter per_address_;
  const std::shared_ptr<const runtime::clock> clock_;
  const std::shared_ptr<runtime::metrics> metrics_;
};

}  // namespace landfall::executor::api
