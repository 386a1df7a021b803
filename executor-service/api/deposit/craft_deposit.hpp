#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "executor-service/api/database/database_pool.hpp"
#include "executor-service/api/deposit/mint_check.hpp"
#include "executor-service/api/deposit/price_source.hpp"
#include "executor-service/api/http/call.hpp"
#include "executor-service/keys/master_secret.hpp"

namespace landfall::executor::api {

struct craft_settings {
  std::string instance;
  /// How long a crafted deposit may be used; its blockhash lives shorter still.
  std::chrono::milliseconds deposit_life{120'000};
  /// The least worth of a deposit in whole USD.
  int minimum_order_usd = 10;
};

/// POST /deposit/craft. Thread-safe. While chain and prices are asked, no database actor is held.
class craft_handler : public std::enable_shared_from_this<craft_handler> {
public:
  craft_handler(craft_settings settings, std::shared_ptr<database_pool> database, std::shared_ptr<chain_gateway> chain,
                std::shared_ptr<price_source> prices, std::shared_ptr<const master_secret> master)
      : settings_(std::move(settings)),
        database_(std::move(database)),
        chain_(std::move(chain)),
        prices_(std::move(prices)),
        master_(std::move(master)) {}

  void craft_deposit(postgres::database& db, const call& c);

private:
  class crafting;

  const craft_settings settings_;
  const std::shared_ptr<database_pool> database_;
  const std::shared_ptr<chain_gateway> chain_;
  const std::shared_ptr<price_source> prices_;
  const std::shared_ptr<const master_secret> master_;
  mint_check mints_;
};

}  // namespace landfall::executor::api
