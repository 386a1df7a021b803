#include "executor-service/api/vault/vault_store.hpp"

#include "common/postgres/column.hpp"
#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using postgres::column;
using postgres::database_result;
using postgres::transaction;

database_result<std::optional<stored_vault>> vault_store::vault_of(const solana::pubkey& wallet) {
  return db_.transact([&](transaction& t) -> std::optional<stored_vault> {
    const auto row = t.run_optional(sql::select_vault, wallet.to_string());
    if (!row)
      return std::nullopt;
    return stored_vault{(*row)["id"].as<std::string>(), column<solana::pubkey>((*row)["vault"])};
  });
}

database_result<std::optional<stored_vault>> vault_store::register_vault(const solana::pubkey& wallet,
                                                                         const solana::pubkey& vault) {
  return db_.transact([&](transaction& t) -> std::optional<stored_vault> {
    const auto row = t.run_optional(sql::insert_vault, wallet.to_string(), vault.to_string());
    if (!row)
      return std::nullopt;
    return stored_vault{(*row)["id"].as<std::string>(), column<solana::pubkey>((*row)["vault"])};
  });
}

}  // namespace landfall::executor::api
