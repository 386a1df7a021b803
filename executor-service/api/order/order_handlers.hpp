#pragma once

#include "executor-service/api/http/call.hpp"

namespace landfall::executor::api {

/// GET /orders/history.
void list_orders(postgres::database& db, const call& c);
/// GET /orders/history/{id} and /orders/price/{id}.
void show_order(postgres::database& db, const call& c);
/// GET /orders/price/by-key/{key}.
void show_order_by_key(postgres::database& db, const call& c);

}  // namespace landfall::executor::api
