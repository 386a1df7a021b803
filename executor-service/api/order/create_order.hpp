#pragma once

#include <memory>
#include <string>

#include "common/runtime/clock.hpp"
#include "executor-service/api/deposit/deposit_watch.hpp"
#include "executor-service/api/http/call.hpp"

namespace landfall::executor::api {

/// POST /orders/price. Thread-safe. A call that waits for its deposit holds no database actor.
class create_handler {
public:
  create_handler(std::string instance, std::shared_ptr<chain_gateway> chain, deposit_watch_actor deposits,
                 std::shared_ptr<const runtime::clock> clock)
      : instance_(std::move(instance)),
        chain_(std::move(chain)),
        deposits_(std::move(deposits)),
        clock_(std::move(clock)) {}

  void create_price_order(postgres::database& db, const call& c) const;

private:
  struct creation;

  const std::string instance_;
  const std::shared_ptr<chain_gateway> chain_;
  const deposit_watch_actor deposits_;
  const std::shared_ptr<const runtime::clock> clock_;
};

}  // namespace landfall::executor::api
