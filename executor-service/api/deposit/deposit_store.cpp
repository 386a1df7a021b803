#include "executor-service/api/deposit/deposit_store.hpp"

#include "common/postgres/column.hpp"
#include "executor-service/api/idempotency/key_store.hpp"
#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using domain::done;
using postgres::column;
using postgres::column_as;
using postgres::database_result;
using postgres::stored;
using postgres::transaction;

database_result<std::optional<stored_token>> deposit_store::token_of(const solana::pubkey& mint) {
  return db_.transact([&](transaction& t) -> std::optional<stored_token> {
    const auto row = t.run_optional(sql::select_token, mint.to_string());
    if (!row)
      return std::nullopt;
    stored_token token;
    token.mint = column<solana::pubkey>((*row)["mint"]);
    token.decimals = (*row)["decimals"].as<int>();
    token.token_program = column<solana::pubkey>((*row)["token_program"]);
    token.price_feed_id = (*row)["price_feed_id"].as<std::string>();
    token.enabled = (*row)["enabled"].as<bool>();
    return token;
  });
}

database_result<done> deposit_store::insert_request(const new_deposit_request& request, std::chrono::milliseconds life,
                                                    const std::optional<keyed_request>& key,
                                                    const std::string& answer) {
  return db_.transact([&](transaction& t) {
    t.run(sql::insert_deposit_request, request.id.to_string(), request.wallet.to_string(), request.vault.to_string(),
          request.order_account.to_string(), request.input_mint.to_string(), request.output_mint.to_string(),
          request.amount.to_string(), "single", postgres::bytea_literal(request.message), request.blockhash.to_string(),
          request.last_valid_block_height, static_cast<long long>(life.count()));
    if (key)
      insert_key(t, request.wallet, *key, std::nullopt, 200, answer);
    return done{};
  });
}

database_result<std::optional<stored_deposit_request>> deposit_store::request(const domain::deposit_request_id& id,
                                                                              const solana::pubkey& wallet) {
  return db_.transact([&](transaction& t) -> std::optional<stored_deposit_request> {
    const auto found = t.run_optional(sql::select_deposit_request, id.to_string(), wallet.to_string());
    if (!found)
      return std::nullopt;
    const auto& row = *found;
    stored_deposit_request request;
    request.vault = column<solana::pubkey>(row["vault"]);
    request.order_account = column<solana::pubkey>(row["order_account"]);
    request.input_mint = column<solana::pubkey>(row["input_mint"]);
    request.output_mint = column<solana::pubkey>(row["output_mint"]);
    request.output_token_program = column<solana::pubkey>(row["output_token_program"]);
    request.amount = column<domain::token_amount>(row["amount"]);
    request.message = postgres::bytea_value(row["message"]);
    request.blockhash = column<solana::blockhash>(row["blockhash"]);
    request.last_valid_block_height = row["last_valid_block_height"].as<std::uint64_t>();
    return request;
  });
}

database_result<done> deposit_store::mark_broadcast(const domain::attempt_id& deposit) {
  return db_.transact_retrying(3, [&](transaction& t) {
    t.run(sql::mark_deposit_broadcast, deposit.to_string());
    return done{};
  });
}

database_result<domain::order_state> deposit_store::open_order(const signed_deposit& deposit,
                                                               std::uint64_t confirmed_slot) {
  const auto id = deposit.order.to_string();
  return db_.transact_retrying(3, [&](transaction& t) {
    t.run(sql::confirm_deposit, deposit.attempt.to_string(), confirmed_slot);
    t.run(sql::open_order, id, deposit.attempt.to_string(), instance_);
    return column_as(stored(t.run_optional(sql::select_state, id), "order")["state"], domain::parse_order_state);
  });
}

database_result<domain::order_state> deposit_store::order_state(const domain::order_id& id) {
  return db_.transact([&](transaction& t) {
    return column_as(stored(t.run_optional(sql::select_state, id.to_string()), "order")["state"],
                     domain::parse_order_state);
  });
}

}  // namespace landfall::executor::api
