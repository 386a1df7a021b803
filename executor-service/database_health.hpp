#pragma once

#include <memory>
#include <string>

#include "executor-service/service.hpp"

namespace landfall::executor {

/// Is the database there, and is it the one this program was made for? Asked beside all work, for readiness only:
/// declares and sets the health checks `postgres` and `migrations`.
class database_health {
public:
  database_health(const service_context& context, const std::string& url);

  /// Probes once a second until the process is asked to stop.
  void probe_until_stopped();

private:
  void probe();

  postgres::database database_;
  std::shared_ptr<runtime::health> health_;
  bool was_up_ = true;
};

}  // namespace landfall::executor
