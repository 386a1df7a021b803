#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "common/domain/uuid.hpp"
#include "common/postgres/database.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor::api {

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

/// Idempotency keys of wallets. Borrowed for one task from the thread that owns the connection; every call is a
/// transaction.
class key_store {
public:
  explicit key_store(postgres::database& db) : db_(db) {}

  postgres::database_result<std::optional<stored_key>> key_of(const solana::pubkey& wallet, const std::string& key);
  /// False where the key is bound already.
  postgres::database_result<bool> adopt_key(const solana::pubkey& wallet, const keyed_request& key,
                                            const domain::order_id& order);
  postgres::database_result<std::optional<domain::order_id>> order_of_key(const solana::pubkey& wallet,
                                                                          const std::string& key);

private:
  postgres::database& db_;
};

/// Binds the key within the transaction that does what was asked under it: to `order`, or to the answer.
void insert_key(postgres::transaction& t, const solana::pubkey& wallet, const keyed_request& key,
                const std::optional<std::string>& order, const std::optional<int>& status,
                const std::optional<std::string>& response);

}  // namespace landfall::executor::api
