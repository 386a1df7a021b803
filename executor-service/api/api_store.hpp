#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/domain/order_state.hpp"
#include "common/domain/uuid.hpp"
#include "common/postgres/database.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/message.hpp"
#include "executor-service/api/order_view.hpp"
#include "executor-service/api/requests.hpp"

namespace landfall::executor::api {

struct stored_challenge {
  std::string id;
  solana::bytes challenge;
};

struct stored_vault {
  std::string id;
  solana::pubkey vault;
};

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

struct new_order {
  domain::order_id id;
  domain::attempt_id deposit_attempt;
  solana::pubkey output_account;
  create_request request;
  stored_deposit_request deposit;
  solana::signature signature;
};

/// An order as a create call goes on with it.
struct created_order {
  domain::order_id id;
  domain::order_state state = domain::order_state::pending_deposit;
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  solana::pubkey trigger_mint;
  solana::pubkey input_token_program;
  domain::token_amount input_amount;
  domain::trigger_condition condition = domain::trigger_condition::above;
  domain::decimal trigger_price_usd;
  std::optional<int> slippage_bps;
  domain::utc_time expires_at;
  domain::attempt_id deposit_attempt;
  solana::signature signature;
  solana::bytes signed_deposit;
};

using body_digest = std::array<std::uint8_t, 32>;

/// An Idempotency-Key and what it came with.
struct keyed_request {
  std::string key;
  /// "POST /orders/price"
  std::string request;
  body_digest digest{};
};

struct stored_key {
  std::string request;
  body_digest digest{};
  std::optional<int> status;
  std::optional<std::string> response;
};

struct stored_page {
  std::int64_t total = 0;
  std::vector<order_view> orders;
};

/// The API's rows. Borrowed for one piece of work from the thread that owns the connection; every call is a
/// transaction.
class api_store {
public:
  api_store(postgres::database& db, std::string_view instance) : db_(db), instance_(instance) {}

  /// Stores `challenge`, or stores nothing and gives the newest one, where the wallet has `max_young` that are younger
  /// than `young` and not answered: whoever asks for many crowds out nobody.
  postgres::database_result<solana::bytes> challenge_of(const solana::pubkey& wallet, proof_kind kind,
                                                        const solana::bytes& challenge, std::chrono::milliseconds life,
                                                        std::chrono::milliseconds young, int max_young);
  postgres::database_result<domain::done> delete_dead_challenges();
  postgres::database_result<std::vector<stored_challenge>> live_challenges(const solana::pubkey& wallet,
                                                                           proof_kind kind, int limit);
  /// False where someone else used it up, or it ran out.
  postgres::database_result<bool> consume_challenge(const std::string& id);

  postgres::database_result<std::optional<stored_vault>> vault_of(const solana::pubkey& wallet);
  /// Nothing where the wallet has one already.
  postgres::database_result<std::optional<stored_vault>> register_vault(const solana::pubkey& wallet,
                                                                        const solana::pubkey& vault);
  postgres::database_result<std::optional<stored_token>> token_of(const solana::pubkey& mint);

  /// With a key, its answer is stored in the same commit; `constraint` where the key is taken.
  postgres::database_result<domain::done> insert_deposit_request(const new_deposit_request& request,
                                                                 std::chrono::milliseconds life,
                                                                 const std::optional<keyed_request>& key,
                                                                 const std::string& answer);
  postgres::database_result<std::optional<stored_deposit_request>> deposit_request(const domain::deposit_request_id& id,
                                                                                   const solana::pubkey& wallet);

  /// The order, its signed deposit, its first two moves and its key, in one commit. `constraint` where the deposit
  /// request is used up, or the key taken.
  postgres::database_result<domain::done> create_order(const new_order& order, const std::optional<keyed_request>& key);
  postgres::database_result<std::optional<created_order>> order_of_deposit(const domain::deposit_request_id& id,
                                                                           const solana::pubkey& wallet);
  postgres::database_result<domain::done> note_broadcast(const domain::attempt_id& deposit);
  /// Notes the deposit as confirmed and opens the order, in one commit. Returns the state the order is in afterwards.
  postgres::database_result<domain::order_state> open_order(const created_order& order, std::uint64_t confirmed_slot);
  postgres::database_result<domain::order_state> state_of(const domain::order_id& id);

  postgres::database_result<std::optional<stored_key>> key_of(const solana::pubkey& wallet, const std::string& key);
  /// False where the key is bound already.
  postgres::database_result<bool> adopt_key(const solana::pubkey& wallet, const keyed_request& key,
                                            const domain::order_id& order);
  postgres::database_result<std::optional<domain::order_id>> order_of_key(const solana::pubkey& wallet,
                                                                          const std::string& key);

  postgres::database_result<stored_page> history(const solana::pubkey& wallet, const history_query& query);
  postgres::database_result<std::optional<order_view>> order(const solana::pubkey& wallet, const domain::order_id& id);

private:
  postgres::database& db_;
  std::string instance_;
};

}  // namespace landfall::executor::api
