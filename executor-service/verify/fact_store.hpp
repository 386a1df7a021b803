#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"
#include "executor-service/verify/core/deposit_check.hpp"
#include "executor-service/verify/core/facts.hpp"
#include "executor-service/verify/core/sums.hpp"

namespace landfall::executor::verify {

/// How far the passes over all orders have come: the last order of the page before, nothing at the beginning.
struct order_cursor {
  std::optional<domain::order_id> unsettled;
  std::optional<domain::order_id> all;
};

/// Orders to check next, each once.
struct order_batch {
  std::vector<domain::order_id> ids;
  order_cursor next;
};

/// Deposits to check next, each once.
struct deposit_batch {
  std::vector<unclaimed_deposit> deposits;
  std::optional<domain::deposit_request_id> next;
};

/// Reads what is stored, under any role that may read. Writes nothing.
class fact_store {
public:
  explicit fact_store(postgres::database& db) : db_(db) {}

  /// At most `limit`, a quarter each: with open findings, just landed, on their way, and all.
  postgres::database_result<order_batch> next_orders(const order_cursor& after, int limit);
  /// A page of all orders, newest first; `after` is the last of the page before.
  postgres::database_result<std::vector<domain::order_id>> orders(std::optional<domain::order_id> after, int limit);
  postgres::database_result<std::vector<order_facts>> load(const std::vector<domain::order_id>& ids);

  /// Deposits that no order was made of, at most `limit`: half of them the newest, half the page after `after`.
  postgres::database_result<deposit_batch> next_deposits(std::optional<domain::deposit_request_id> after, int limit);
  /// A page of them, newest first; `after` is the last of the page before.
  postgres::database_result<std::vector<unclaimed_deposit>> unclaimed_deposits(
      std::optional<domain::deposit_request_id> after, int limit);

  postgres::database_result<std::vector<booked_account>> booked_accounts(std::size_t limit);
  /// Subjects of open findings about sums.
  postgres::database_result<std::vector<std::string>> open_sums();

private:
  postgres::database& db_;
};

/// A numeric column without fraction.
[[nodiscard]] domain::int128 whole_number(const pqxx::field& field);

}  // namespace landfall::executor::verify
