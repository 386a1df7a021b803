#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/runtime/clock.hpp"
#include "executor-service/api/deposit/craft_request.hpp"
#include "executor-service/api/deposit/mint_check.hpp"
#include "executor-service/api/deposit/price_source.hpp"
#include "executor-service/api/http/call.hpp"
#include "executor-service/core/master_secret.hpp"

namespace landfall::executor::api {

struct craft_settings {
  std::string instance;
  /// How long a crafted deposit may be used; its blockhash lives shorter still.
  std::chrono::milliseconds deposit_life{120'000};
  /// The least worth of a deposit in whole USD.
  int minimum_order_usd = 10;
};

/// POST /deposit/craft. Thread-safe.
class craft_handler {
public:
  craft_handler(craft_settings settings, std::shared_ptr<chain_gateway> chain, std::shared_ptr<price_source> prices,
                std::shared_ptr<const master_secret> master)
      : settings_(std::move(settings)),
        chain_(std::move(chain)),
        prices_(std::move(prices)),
        master_(std::move(master)) {}

  void craft_deposit(postgres::database& db, const call& c);

private:
  struct token_pair {
    stored_token input;
    stored_token output;
  };
  std::optional<net::http_server_response> token_refused(const char* field, const stored_token& token);
  std::optional<net::http_server_response> worth_refused(const stored_token& token, domain::token_amount amount);
  domain::result<token_pair, net::http_server_response> tokens_of(deposit_store& store, const call& c,
                                                                  const craft_request& asked);

  craft_settings settings_;
  std::shared_ptr<chain_gateway> chain_;
  std::shared_ptr<price_source> prices_;
  std::shared_ptr<const master_secret> master_;
  mint_check mints_;
};

}  // namespace landfall::executor::api
