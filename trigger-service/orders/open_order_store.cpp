#include "trigger-service/orders/open_order_store.hpp"

#include <utility>

#include "common/postgres/column.hpp"
#include "common/postgres/migrate.hpp"
#include "trigger-service/sql.hpp"

namespace landfall::trigger {

namespace {

domain::order_id order_id_of(const pqxx::row& row) {
  return postgres::stored(domain::order_id::parse(row["id"].as<std::string>()), "order id");
}

domain::utc_time time_of(const pqxx::field& field) {
  return domain::from_unix_ms(field.as<long long>());
}

watched_order order_of(const pqxx::row& row) {
  watched_order order;
  order.id = order_id_of(row);
  order.trigger_mint = row["trigger_mint"].as<std::string>();
  order.expires_at = time_of(row["expires_at_ms"]);
  order.version_us = row["version_us"].as<std::int64_t>();
  const auto condition = row["trigger_condition"].as<std::string>();
  const auto price = row["trigger_price_usd"].as<std::string>();
  if (const auto known = domain::parse_trigger_condition(condition))
    order.condition = *known;
  else
    order.unreadable = "its trigger condition is \"" + condition + "\"";
  if (const auto exact = domain::decimal::parse(price))
    order.trigger_price_usd = *exact;
  else
    order.unreadable = "its trigger price is \"" + price + "\", which is no decimal";
  return order;
}

std::vector<watched_order> orders_of(const pqxx::result& rows) {
  std::vector<watched_order> orders;
  orders.reserve(rows.size());
  for (const auto& row : rows)
    orders.push_back(order_of(row));
  return orders;
}

}  // namespace

open_order_store::open_order_store(postgres::database::options opts) : db_(std::move(opts)) {}

postgres::database_result<bool> open_order_store::migrations_current() {
  return postgres::migrations_current(db_);
}

postgres::database_result<std::vector<watched_token>> open_order_store::tokens() {
  return db_.transact([](postgres::transaction& t) {
    std::vector<watched_token> tokens;
    for (const auto& row : t.run(sql::load_tokens))
      tokens.push_back({row["mint"].as<std::string>(), row["price_feed_id"].as<std::string>()});
    return tokens;
  });
}

postgres::database_result<changed_orders> open_order_store::changed(const change_cursor& from, std::size_t limit) {
  return db_.transact([&](postgres::transaction& t) {
    const auto rows =
        t.run(sql::load_changed_orders, from.updated_at, from.id.to_string(), from.overlap.count(), limit);
    changed_orders out{orders_of(rows), from};
    if (!rows.empty()) {
      const auto last = rows[rows.size() - 1];
      out.next = {last["updated_at"].as<std::string>(), order_id_of(last), domain::milliseconds{0}};
    }
    return out;
  });
}

postgres::database_result<std::vector<watched_order>> open_order_store::open(domain::order_id after,
                                                                             std::size_t limit) {
  return db_.transact(
      [&](postgres::transaction& t) { return orders_of(t.run(sql::load_open_orders, after.to_string(), limit)); });
}

postgres::database_result<std::vector<expired_order>> open_order_store::expired(std::size_t limit) {
  return db_.transact([&](postgres::transaction& t) {
    std::vector<expired_order> out;
    for (const auto& row : t.run(sql::load_expired_orders, limit))
      out.push_back({order_id_of(row), time_of(row["expires_at_ms"]), time_of(row["now_ms"])});
    return out;
  });
}

}  // namespace landfall::trigger
