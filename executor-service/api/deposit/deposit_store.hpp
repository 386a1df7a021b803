#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/domain/order_state.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/postgres/database.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/message.hpp"
#include "executor-service/api/idempotency/key_store.hpp"

namespace landfall::executor::api {

struct stored_token {
  solana::pubkey mint;
  int decimals = 0;
  solana::pubkey token_program;
  std::string price_feed_id;
  bool enabled = false;
};

struct new_deposit_request {
  domain::deposit_request_id id;
  solana::pubkey wallet;
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  domain::token_amount amount;
  solana::bytes message;
  solana::blockhash blockhash;
  std::uint64_t last_valid_block_height = 0;
};

struct stored_deposit_request {
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  solana::pubkey output_token_program;
  domain::token_amount amount;
  solana::bytes message;
  solana::blockhash blockhash;
  std::uint64_t last_valid_block_height = 0;
};

/// The signed deposit of an order, and what it has to leave in the order account.
struct signed_deposit {
  domain::order_id order;
  domain::attempt_id attempt;
  solana::signature signature;
  solana::bytes transaction;
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey mint;
  solana::pubkey token_program;
  domain::token_amount amount;
};

/// Tokens, deposit requests and what becomes of a signed deposit. Borrowed for one task from the thread that owns the
/// connection; every call is a transaction.
class deposit_store {
public:
  deposit_store(postgres::database& db, std::string_view instance) : db_(db), instance_(instance) {}

  postgres::database_result<std::optional<stored_token>> token_of(const solana::pubkey& mint);

  /// With a key, its answer is stored in the same commit; `constraint` where the key is taken.
  postgres::database_result<domain::done> insert_request(const new_deposit_request& request,
                                                         std::chrono::milliseconds life,
                                                         const std::optional<keyed_request>& key,
                                                         const std::string& answer);
  postgres::database_result<std::optional<stored_deposit_request>> request(const domain::deposit_request_id& id,
                                                                           const solana::pubkey& wallet);

  postgres::database_result<domain::done> mark_broadcast(const domain::attempt_id& attempt);
  /// Marks the deposit as confirmed and opens its order, in one commit. Returns the state of the order afterwards.
  postgres::database_result<domain::order_state> open_order(const signed_deposit& deposit,
                                                            std::uint64_t confirmed_slot);
  postgres::database_result<domain::order_state> order_state(const domain::order_id& id);

private:
  postgres::database& db_;
  std::string instance_;
};

}  // namespace landfall::executor::api
