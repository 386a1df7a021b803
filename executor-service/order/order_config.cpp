#include "executor-service/order/order_config.hpp"

namespace landfall::executor {

domain::result<domain::done, std::string> order_config::validate() const {
  if (resolution.endpoints_configured == 0)
    return domain::failure{std::string{"an order needs at least one RPC endpoint"}};
  if (rebroadcast.count() <= 0 || pause.count() <= 0 || request_timeout.count() <= 0)
    return domain::failure{std::string{"an order's timers have to be longer than nothing"}};
  return domain::done{};
}

}  // namespace landfall::executor
