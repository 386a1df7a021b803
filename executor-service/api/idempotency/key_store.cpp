#include "executor-service/api/idempotency/key_store.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/postgres/column.hpp"
#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using postgres::column;
using postgres::database_result;
using postgres::nullable_plain;
using postgres::transaction;

namespace {

std::string digest_literal(const body_digest& digest) {
  return postgres::bytea_literal({digest.begin(), digest.end()});
}

}  // namespace

void insert_key(transaction& t, const solana::pubkey& wallet, const keyed_request& key,
                const std::optional<std::string>& order, const std::optional<int>& status,
                const std::optional<std::string>& response) {
  t.run(sql::insert_idempotency_key, wallet.to_string(), key.key, key.request, digest_literal(key.digest), order,
        status ? std::optional{std::to_string(*status)} : std::nullopt, response);
}

database_result<std::optional<stored_key>> key_store::key_of(const solana::pubkey& wallet, const std::string& key) {
  return db_.transact([&](transaction& t) -> std::optional<stored_key> {
    const auto row = t.run_optional(sql::select_idempotency_key, wallet.to_string(), key);
    if (!row)
      return std::nullopt;
    stored_key found;
    found.request = (*row)["request"].as<std::string>();
    const auto digest = postgres::bytea_value((*row)["body_sha256"]);
    if (digest.size() != found.digest.size())
      throw std::runtime_error{"stored body digest has the wrong length"};
    std::copy(digest.begin(), digest.end(), found.digest.begin());
    found.status = nullable_plain<int>((*row)["status"]);
    found.response = nullable_plain<std::string>((*row)["response"]);
    return found;
  });
}

database_result<bool> key_store::adopt_key(const solana::pubkey& wallet, const keyed_request& key,
                                           const domain::order_id& order) {
  return db_.transact([&](transaction& t) {
    return t
        .run_optional(sql::adopt_idempotency_key, wallet.to_string(), key.key, key.request, digest_literal(key.digest),
                      order.to_string())
        .has_value();
  });
}

database_result<std::optional<domain::order_id>> key_store::order_of_key(const solana::pubkey& wallet,
                                                                         const std::string& key) {
  return db_.transact([&](transaction& t) -> std::optional<domain::order_id> {
    const auto row = t.run_optional(sql::order_of_key, wallet.to_string(), key);
    if (!row)
      return std::nullopt;
    return column<domain::order_id>((*row)["order_id"]);
  });
}

}  // namespace landfall::executor::api
