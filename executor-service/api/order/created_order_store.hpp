#pragma once

#include <optional>
#include <string>

#include "executor-service/api/deposit/deposit_store.hpp"
#include "executor-service/api/order/create_request.hpp"

namespace landfall::executor::api {

struct new_order {
  domain::order_id id;
  domain::attempt_id deposit_attempt;
  solana::pubkey output_account;
  create_request request;
  stored_deposit_request deposit;
  solana::signature signature;
};

/// An order as a create call continues with it.
struct created_order {
  domain::order_state state = domain::order_state::pending_deposit;
  solana::pubkey output_mint;
  solana::pubkey trigger_mint;
  domain::trigger_condition condition = domain::trigger_condition::above;
  domain::decimal trigger_price_usd;
  std::optional<int> slippage_bps;
  domain::utc_time expires_at;
  /// With the order's id, input mint and input amount.
  signed_deposit deposit;
};

/// Orders that create calls make. Borrowed for one task from the thread that owns the connection; every call is a
/// transaction.
class created_order_store {
public:
  created_order_store(postgres::database& db, std::string_view instance) : db_(db), instance_(instance) {}

  /// The order, its signed deposit, its first two transitions and its key, in one commit. `constraint` where the
  /// deposit request is used up, or the key taken.
  postgres::database_result<domain::done> create_order(const new_order& order, const std::optional<keyed_request>& key);
  postgres::database_result<std::optional<created_order>> order_of_deposit(const domain::deposit_request_id& id,
                                                                           const solana::pubkey& wallet);

private:
  postgres::database& db_;
  std::string instance_;
};

}  // namespace landfall::executor::api
