#include "executor-service/order/order_config.hpp"

namespace landfall::executor {

domain::result<domain::done, std::string> order_config::validate() const {
  if (resolution.endpoints_configured == 0)
    return domain::failure{std::string{"an order needs at least one RPC endpoint"}};
  if (rebroadcast.count() <= 0 || pause.count() <= 0 || request_timeout.count() <= 0)
    return domain::failure{std::string{"an order's timers have to be longer than nothing"}};
  if (automatic_slippage_bps < 0 || automatic_slippage_bps > 10'000)
    return domain::failure{std::string{"the automatic slippage has to be 0 to 10000 basis points"}};
  return domain::done{};
}

}  // namespace landfall::executor
