#include "executor-service/api/order/created_order_store.hpp"

#include "common/postgres/column.hpp"
#include "executor-service/api/idempotency/key_store.hpp"
#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using domain::done;
using postgres::column;
using postgres::column_as;
using postgres::database_result;
using postgres::nullable_plain;
using postgres::time_of;
using postgres::transaction;

database_result<done> created_order_store::create_order(const new_order& order,
                                                        const std::optional<keyed_request>& key) {
  const auto& asked = order.request;
  const auto id = order.id.to_string();
  return db_.transact_retrying(3, [&](transaction& t) {
    t.run(sql::insert_order, id, asked.wallet.to_string(), order.deposit.vault.to_string(),
          asked.deposit_request.to_string(), order.deposit.order_account.to_string(), order.output_account.to_string(),
          asked.input_mint.to_string(), asked.output_mint.to_string(), asked.trigger_mint.to_string(),
          asked.input_amount.to_string(), std::string{to_string(asked.condition)}, asked.trigger_price_usd.to_string(),
          asked.slippage_bps, domain::unix_ms(asked.expires_at), instance_);
    t.run(sql::insert_deposit_attempt, order.deposit_attempt.to_string(), id, order.deposit.order_account.to_string(),
          order.signature.to_string(), postgres::bytea_literal(asked.signed_deposit),
          order.deposit.blockhash.to_string(), order.deposit.last_valid_block_height, instance_,
          asked.input_amount.to_string());
    t.run(sql::mark_depositing, id, order.deposit_attempt.to_string(), instance_);
    if (key)
      insert_key(t, asked.wallet, *key, id, std::nullopt, std::nullopt);
    return done{};
  });
}

database_result<std::optional<created_order>> created_order_store::order_of_deposit(
    const domain::deposit_request_id& id, const solana::pubkey& wallet) {
  return db_.transact([&](transaction& t) -> std::optional<created_order> {
    const auto found = t.run_optional(sql::select_order_of_deposit, id.to_string(), wallet.to_string());
    if (!found)
      return std::nullopt;
    const auto& row = *found;
    created_order order;
    order.state = column_as(row["state"], domain::parse_order_state);
    order.output_mint = column<solana::pubkey>(row["output_mint"]);
    order.trigger_mint = column<solana::pubkey>(row["trigger_mint"]);
    order.condition = column_as(row["trigger_condition"], domain::parse_trigger_condition);
    order.trigger_price_usd = column<domain::decimal>(row["trigger_price_usd"]);
    order.slippage_bps = nullable_plain<int>(row["slippage_bps"]);
    order.expires_at = time_of(row["expires_ms"]);
    order.deposit = {column<domain::order_id>(row["id"]),
                     column<domain::attempt_id>(row["attempt_id"]),
                     column<solana::signature>(row["signature"]),
                     postgres::bytea_value(row["transaction"]),
                     column<solana::pubkey>(row["vault"]),
                     column<solana::pubkey>(row["order_account"]),
                     column<solana::pubkey>(row["input_mint"]),
                     column<solana::pubkey>(row["input_token_program"]),
                     column<domain::token_amount>(row["input_amount"])};
    return order;
  });
}

}  // namespace landfall::executor::api
