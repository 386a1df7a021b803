#pragma once

#include <optional>
#include <string_view>

#include "common/domain/decimal.hpp"
#include "common/domain/time.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/api/http/reply.hpp"
#include "executor-service/api/order/order_context.hpp"

namespace landfall::executor::api {

/// A `single` price order.
struct create_request {
  domain::deposit_request_id deposit_request;
  /// Wire bytes; what they are is checked against the crafted deposit.
  solana::bytes signed_deposit;
  solana::pubkey wallet;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  solana::pubkey trigger_mint;
  domain::token_amount input_amount;
  domain::trigger_condition condition = domain::trigger_condition::above;
  domain::decimal trigger_price_usd;
  /// With the default applied; nothing means automatic.
  std::optional<int> slippage_bps;
  domain::utc_time expires_at;
};

/// `expires_at` may be past: a repeated request continues its order even then. Whoever creates an order checks it.
[[nodiscard]] validated<create_request> parse_create_request(std::string_view body);

}  // namespace landfall::executor::api
