#pragma once

#include <optional>
#include <string>

#include "common/postgres/database.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor::api {

struct stored_vault {
  std::string id;
  solana::pubkey vault;
};

/// Vaults of wallets. Borrowed for one task from the thread that owns the connection; every call is a transaction.
class vault_store {
public:
  explicit vault_store(postgres::database& db) : db_(db) {}

  postgres::database_result<std::optional<stored_vault>> vault_of(const solana::pubkey& wallet);
  /// Nothing where the wallet has one already.
  postgres::database_result<std::optional<stored_vault>> register_vault(const solana::pubkey& wallet,
                                                                        const solana::pubkey& vault);

private:
  postgres::database& db_;
};

}  // namespace landfall::executor::api
