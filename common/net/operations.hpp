#pragma once

#include <functional>
#include <string>

#include "common/net/http_server.hpp"

namespace landfall::net {

/// What an operations port shows of its process; each is called for every request, on a server thread.
struct operations {
  std::function<bool()> ready;
  /// JSON: every readiness check with its reason.
  std::function<std::string()> readiness;
  /// Prometheus text format.
  std::function<std::string()> metrics;
};

/// Routes `/healthz` (200 while the process answers), `/readyz` (200 or 503, with the checks) and `/metrics`. Before
/// the server is opened.
void serve_operations(http_server& server, operations what);

}  // namespace landfall::net
