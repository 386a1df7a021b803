#include "executor-service/api/order/order_view_store.hpp"

#include <unordered_map>
#include "common/postgres/column.hpp"

#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using postgres::column;
using postgres::column_as;
using postgres::database_result;
using postgres::nullable;
using postgres::nullable_as;
using postgres::nullable_plain;
using postgres::nullable_time;
using postgres::time_of;
using postgres::transaction;

namespace {

order_view read_order(const pqxx::row& row) {
  order_view o;
  o.id = row["id"].as<std::string>();
  o.order_type = row["order_type"].as<std::string>();
  o.state = column_as(row["state"], domain::parse_order_state);
  o.wallet = row["wallet"].as<std::string>();
  o.vault = row["vault"].as<std::string>();
  o.input_mint = row["input_mint"].as<std::string>();
  o.output_mint = row["output_mint"].as<std::string>();
  o.trigger_mint = row["trigger_mint"].as<std::string>();
  o.input_amount = column<domain::token_amount>(row["input_amount"]);
  o.input_used = nullable<domain::token_amount>(row["input_used"]);
  o.output_amount = nullable<domain::token_amount>(row["output_amount"]);
  o.condition = column_as(row["trigger_condition"], domain::parse_trigger_condition);
  o.trigger_price_usd = row["trigger_price_usd"].as<std::string>();
  o.slippage_bps = nullable_plain<int>(row["slippage_bps"]);
  o.expires_at = time_of(row["expires_ms"]);
  o.created_at = time_of(row["created_ms"]);
  o.updated_at = time_of(row["updated_ms"]);
  o.triggered_at = nullable_time(row["triggered_ms"]);
  o.last_reason = nullable_plain<std::string>(row["last_reason"]);
  o.last_detail = nullable_plain<std::string>(row["last_detail"]);
  return o;
}

attempt_view read_attempt(const pqxx::row& row) {
  attempt_view a;
  a.id = row["id"].as<std::string>();
  a.kind = column_as(row["kind"], parse_attempt_kind);
  a.signature = nullable_plain<std::string>(row["signature"]);
  a.signed_at = time_of(row["signed_ms"]);
  a.broadcast_at = nullable_time(row["broadcast_ms"]);
  a.confirmed_at = nullable_time(row["confirmed_ms"]);
  a.resolved_at = nullable_time(row["resolved_ms"]);
  a.outcome = nullable_as(row["outcome"], parse_attempt_outcome);
  a.error = nullable_plain<std::string>(row["error"]);
  a.order_account_balance = nullable<domain::token_amount>(row["order_account_balance"]);
  a.expected_input = nullable<domain::token_amount>(row["expected_input"]);
  a.minimum_output = nullable<domain::token_amount>(row["minimum_output"]);
  a.input_moved = nullable<domain::token_amount>(row["input_moved"]);
  a.output_moved = nullable<domain::token_amount>(row["output_moved"]);
  return a;
}

transition_view read_transition(const pqxx::row& row) {
  transition_view m;
  m.at = time_of(row["at_ms"]);
  m.to = column_as(row["to_state"], domain::parse_order_state);
  m.role = row["role"].as<std::string>();
  m.reason = nullable_plain<std::string>(row["reason"]);
  m.detail = nullable_plain<std::string>(row["detail"]);
  m.attempt = nullable_plain<std::string>(row["attempt_id"]);
  m.evidence = nullable_plain<std::string>(row["evidence_id"]);
  return m;
}

evidence_view read_evidence(const pqxx::row& row) {
  evidence_view e;
  e.id = row["id"].as<std::string>();
  e.source = row["source"].as<std::string>();
  e.price_usd = nullable_plain<std::string>(row["price_usd"]);
  e.confidence_usd = nullable_plain<std::string>(row["confidence_usd"]);
  e.publish_time = nullable_time(row["publish_ms"]);
  e.received_at = time_of(row["received_ms"]);
  e.decided_at = time_of(row["decided_ms"]);
  e.gates = row["gates"].as<std::string>();
  e.instance = row["instance"].as<std::string>();
  return e;
}

/// The orders of `wallet` among `ids`, in the order of `ids`, with all that belongs to them.
std::vector<order_view> load(transaction& t, const solana::pubkey& wallet, const std::vector<std::string>& ids) {
  std::vector<order_view> orders;
  if (ids.empty())
    return orders;
  const auto wanted = postgres::array_literal(ids);
  std::unordered_map<std::string, order_view> found;
  for (const auto& row : t.run(sql::load_orders, wanted, wallet.to_string()))
    found.emplace(row["id"].as<std::string>(), read_order(row));
  const auto owner = [&](const pqxx::row& row) -> order_view* {
    const auto at = found.find(row["order_id"].as<std::string>());
    return at == found.end() ? nullptr : &at->second;
  };
  for (const auto& row : t.run(sql::load_attempts, wanted))
    if (auto* o = owner(row))
      o->attempts.push_back(read_attempt(row));
  for (const auto& row : t.run(sql::load_transitions, wanted))
    if (auto* o = owner(row))
      o->transitions.push_back(read_transition(row));
  for (const auto& row : t.run(sql::load_evidence, wanted))
    if (auto* o = owner(row))
      o->evidence.push_back(read_evidence(row));
  for (const auto& id : ids)
    if (const auto at = found.find(id); at != found.end())
      orders.push_back(std::move(at->second));
  return orders;
}

}  // namespace

database_result<order_page> order_view_store::page(const solana::pubkey& wallet, const history_query& query) {
  return db_.transact([&](transaction& t) {
    t.run(sql::read_snapshot);
    const auto rows =
        t.run(sql::history_page, wallet.to_string(),
              query.group ? std::optional{std::string{to_string(*query.group)}} : std::nullopt,
              query.mint ? std::optional{query.mint->to_string()} : std::nullopt, std::string{to_string(query.sort)},
              query.direction == sort_direction::ascending, query.limit, query.offset);
    order_page page;
    std::vector<std::string> ids;
    for (const auto& row : rows) {
      page.total = row["total"].as<std::int64_t>();
      if (!row["id"].is_null())
        ids.push_back(row["id"].as<std::string>());
    }
    page.orders = load(t, wallet, ids);
    return page;
  });
}

database_result<std::optional<order_view>> order_view_store::order(const solana::pubkey& wallet,
                                                                   const domain::order_id& id) {
  return db_.transact([&](transaction& t) -> std::optional<order_view> {
    t.run(sql::read_snapshot);
    auto orders = load(t, wallet, {id.to_string()});
    if (orders.empty())
      return std::nullopt;
    return std::move(orders.front());
  });
}

}  // namespace landfall::executor::api
