#pragma once

#include <memory>
#include <string>

#include "common/net/host_limiter.hpp"
#include "common/postgres/database.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/metrics.hpp"

namespace landfall::executor {

/// What every role of this process shares. It outlives the actors.
struct service_context {
  /// Names this process in audit rows, transitions, attempts and database connections.
  std::string instance;
  std::shared_ptr<runtime::metrics> metrics;
  std::shared_ptr<runtime::health> health;
  std::shared_ptr<const runtime::clock> clock;
  /// One limiter a host, whoever in this process asks.
  std::shared_ptr<net::host_limiters> limiters;

  [[nodiscard]] postgres::database::options database(const std::string& url) const {
    postgres::database::options options;
    options.conninfo = url;
    options.application_name = instance;
    // Twice this and the pause in between are less than a lease: a connection that hangs once does not cost the leases.
    options.statement_timeout_ms = 5'000;
    return options;
  }
};

/// A context whose hosts' limiters report to its metrics. No health check is declared yet.
[[nodiscard]] service_context make_context(std::string instance);

/// The local database of the development network, as `user`.
[[nodiscard]] inline std::string local_database(int port_base, const std::string& user) {
  return "host=127.0.0.1 port=" + std::to_string(port_base + 2) + " dbname=landfall user=" + user;
}

/// A local service of the development network.
[[nodiscard]] inline std::string local_url(int port) {
  return "http://127.0.0.1:" + std::to_string(port);
}

}  // namespace landfall::executor
