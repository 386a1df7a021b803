#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/domain/uuid.hpp"
#include "common/postgres/database.hpp"
#include "executor-service/api/order/history_query.hpp"
#include "executor-service/api/order/order_view.hpp"

namespace landfall::executor::api {

struct order_page {
  std::int64_t total = 0;
  std::vector<order_view> orders;
};

/// Orders of a wallet as the API shows them. Borrowed for one task from the thread that owns the connection; every call
/// is a transaction.
class order_view_store {
public:
  explicit order_view_store(postgres::database& db) : db_(db) {}

  postgres::database_result<order_page> page(const solana::pubkey& wallet, const history_query& query);
  postgres::database_result<std::optional<order_view>> order(const solana::pubkey& wallet, const domain::order_id& id);

private:
  postgres::database& db_;
};

}  // namespace landfall::executor::api
