#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"
#include "trigger-service/orders/core/watched_order.hpp"

namespace landfall::trigger {

/// A token whose price is watched.
struct watched_token {
  std::string mint;
  /// 64 hex digits, lower case.
  std::string price_feed_id;
  friend bool operator==(const watched_token&, const watched_token&) = default;
};

struct expired_order {
  domain::order_id id;
  domain::utc_time expires_at;
  /// The database's clock when it was read.
  domain::utc_time now;
};

/// Where a reading of changed orders goes on. `updated_at` is the database's text, to the microsecond.
struct change_cursor {
  std::string updated_at = "-infinity";
  domain::order_id id;
  /// How much earlier than `updated_at` to begin; zero within one pass.
  domain::milliseconds overlap{0};
};

struct changed_orders {
  std::vector<watched_order> orders;
  /// Behind the last row, or as it was where there was none.
  change_cursor next;
};

/// Where open orders are read from.
class order_source {
public:
  virtual ~order_source() = default;
  [[nodiscard]] virtual postgres::database_result<bool> migrations_current() = 0;
  [[nodiscard]] virtual postgres::database_result<std::vector<watched_token>> tokens() = 0;
  [[nodiscard]] virtual postgres::database_result<changed_orders> changed(const change_cursor& from,
                                                                          std::size_t limit) = 0;
  /// All open orders with an id above `after`, by id.
  [[nodiscard]] virtual postgres::database_result<std::vector<watched_order>> open(domain::order_id after,
                                                                                   std::size_t limit) = 0;
  [[nodiscard]] virtual postgres::database_result<std::vector<expired_order>> expired(std::size_t limit) = 0;
};

/// Reads PostgreSQL as role landfall_trigger. Blocking; one thread.
class open_order_store final : public order_source {
public:
  explicit open_order_store(postgres::database::options opts);

  [[nodiscard]] postgres::database_result<bool> migrations_current() override;
  [[nodiscard]] postgres::database_result<std::vector<watched_token>> tokens() override;
  [[nodiscard]] postgres::database_result<changed_orders> changed(const change_cursor& from,
                                                                  std::size_t limit) override;
  [[nodiscard]] postgres::database_result<std::vector<watched_order>> open(domain::order_id after,
                                                                           std::size_t limit) override;
  [[nodiscard]] postgres::database_result<std::vector<expired_order>> expired(std::size_t limit) override;

private:
  postgres::database db_;
};

}  // namespace landfall::trigger
