#include "executor-service/api/order/order_handlers.hpp"

#include "common/json/writer.hpp"
#include "executor-service/api/http/reply.hpp"
#include "executor-service/api/idempotency/idempotency_key.hpp"
#include "executor-service/api/order/order_view_store.hpp"

namespace landfall::executor::api {

namespace {

std::string one_order(const order_view& order) {
  json::writer w;
  write_order(w, order);
  return w.take();
}

net::http_server_response order_not_found() {
  return to_response({404, "Order not found", {}});
}

void show(postgres::database& db, const call& c, const domain::order_id& id) {
  const auto order = order_view_store{db}.order(c.wallet, id);
  if (!order)
    return c.reply(database_failed(c.request.route, order.error()));
  if (!*order)
    return c.reply(order_not_found());
  c.reply(json_response(200, one_order(**order)));
}

}  // namespace

void list_orders(postgres::database& db, const call& c) {
  const auto query = parse_history_query(c.request.query);
  if (!query)
    return c.reply(to_response(query.error()));
  const auto page = order_view_store{db}.page(c.wallet, *query);
  if (!page)
    return c.reply(database_failed(c.request.route, page.error()));
  json::writer w;
  w.begin_object().key("orders").begin_array();
  for (const auto& order : page->orders)
    write_order(w, order);
  w.end_array().key("pagination").begin_object();
  w.member("total", page->total).member("limit", query->limit).member("offset", query->offset);
  w.end_object().end_object();
  c.reply(json_response(200, w.take()));
}

void show_order(postgres::database& db, const call& c) {
  const auto id = domain::order_id::parse(c.request.param("id"));
  if (!id)
    return c.reply(order_not_found());
  show(db, c, *id);
}

void show_order_by_key(postgres::database& db, const call& c) {
  const std::string key{c.request.param("key")};
  if (!is_idempotency_key(key))
    return c.reply(order_not_found());
  const auto id = key_store{db}.order_of_key(c.wallet, key);
  if (!id)
    return c.reply(database_failed(c.request.route, id.error()));
  if (!*id)
    return c.reply(order_not_found());
  show(db, c, **id);
}

}  // namespace landfall::executor::api
