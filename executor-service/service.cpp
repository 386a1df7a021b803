#include "executor-service/service.hpp"

#include <random>
#include <utility>

#include "executor-service/chain/limit_metrics.hpp"

namespace landfall::executor {

service_context make_context(std::string instance) {
  service_context context{std::move(instance), std::make_shared<runtime::metrics>(),
                          std::make_shared<runtime::health>(), std::make_shared<const runtime::system_clock_source>(),
                          nullptr};
  context.limiters = std::make_shared<net::host_limiters>(limit_metrics(*context.metrics), std::random_device{}());
  return context;
}

}  // namespace landfall::executor
