#include <algorithm>

#include "common/fault/database_fault.hpp"
#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/deposit_transaction.hpp"
#include "executor-service/api/handlers.hpp"

namespace landfall::executor::api {

namespace {

constexpr const char* no_such_deposit = "Deposit transaction not found in cache. Please craft a new deposit first.";
constexpr const char* fate_unknown =
    "Whether the order was created is not known right now. Send the same request again to find out.";

bool same_terms(const created_order& order, const create_request& asked) {
  return order.input_mint == asked.input_mint && order.output_mint == asked.output_mint &&
         order.trigger_mint == asked.trigger_mint && order.input_amount == asked.input_amount &&
         order.condition == asked.condition && order.trigger_price_usd == asked.trigger_price_usd &&
         order.slippage_bps == asked.slippage_bps && order.expires_at == asked.expires_at;
}

/// Why a new order cannot be made of this deposit, in the order a client can mend it.
std::optional<refusal> terms_refused(const create_request& asked, const stored_deposit_request& deposit,
                                     domain::utc_time now) {
  refusal refused{400, "Request validation failed", {}};
  if (asked.input_mint != deposit.input_mint)
    refused.details.emplace_back("inputMint", "Does not match the crafted deposit");
  if (asked.output_mint != deposit.output_mint)
    refused.details.emplace_back("outputMint", "Does not match the crafted deposit");
  if (asked.input_amount != deposit.amount)
    refused.details.emplace_back("inputAmount", "Does not match the crafted deposit");
  if (asked.expires_at <= now)
    refused.details.emplace_back("expiresAt", "Must be in the future");
  if (refused.details.empty())
    return std::nullopt;
  return refused;
}

/// The id of the signed deposit, which has to be the crafted message byte for byte under the wallet's signature.
validated<solana::signature> deposit_signature(const create_request& asked, const stored_deposit_request& deposit) {
  const auto tx = solana::parse_transaction(asked.signed_deposit);
  if (!tx)
    return domain::failure{refusal{400, "Invalid signed deposit transaction", {}}};
  if (solana::message_bytes(*tx) != deposit.message)
    return domain::failure{refusal{400, "Signed deposit transaction does not match the crafted deposit", {}}};
  if (!solana::verify_signatures(*tx))
    return domain::failure{refusal{400, "Deposit transaction is not signed by the wallet", {}}};
  return tx->id();
}

std::string order_response(const created_order& order, bool confirmed, std::string_view message) {
  json::writer w;
  w.begin_object()
      .member("id", order.id.to_string())
      .member("txSignature", order.signature.to_string())
      .member("depositConfirmed", confirmed);
  if (!message.empty())
    w.member("message", message);
  w.end_object();
  return w.take();
}

std::string sight_message(const deposit_sight& seen, bool repeated) {
  if (!seen.err.empty())
    return "The deposit transaction failed on chain: " + excerpt_of(seen.err);
  if (!repeated)
    return {};
  return seen.confirmed ? "The order exists already; its deposit was confirmed by this request."
                        : "The order exists already; its deposit is not confirmed yet.";
}

/// Sends the stored deposit and answers once it is seen, or the wait is over.
void send_and_wait(context& ctx, api_store& store, const call& c, created_order order, bool repeated) {
  fault::around_send({fault::effect::deposit_sent},
                     [&] { ctx.with.chain->broadcast(order.signed_deposit, order.signature, repeated); });
  const auto noted = fault::around(
      {fault::effect::deposit_send_noted}, [&] { return store.note_broadcast(order.deposit_attempt); },
      fault::database_fault);
  if (!noted)
    runtime::log_warn("broadcast_not_noted", {{"order_id", order.id.to_string()}, {"why", noted.error().message}});
  auto shown = order;
  ctx.deposits.wait_for(
      std::move(order), repeated, [reply = c.reply, shown = std::move(shown), repeated](const deposit_sight& seen) {
        reply(json_response(200, order_response(shown, seen.confirmed, sight_message(seen, repeated))));
      });
}

/// Goes on with the order that a deposit made already.
void continue_order(context& ctx, api_store& store, const call& c, const create_request& asked,
                    const std::optional<keyed_request>& key, created_order order) {
  if (!same_terms(order, asked))
    return c.reply(to_response(
        {400, "Duplicate deposit: it belongs to order " + order.id.to_string() + ", which has other terms", {}}));
  if (key) {
    const auto adopted = store.adopt_key(c.wallet, *key, order.id);
    if (!adopted)
      return c.reply(database_failed(c.request.route, adopted.error()));
    // Bound meanwhile, perhaps to another request.
    if (!*adopted)
      if (const auto again = open_key(store, c); again.answer)
        return c.reply(*again.answer);
  }
  switch (order.state) {
    case domain::order_state::deposit_failed:
      return c.reply(json_response(
          200, order_response(order, false, "The order exists already; its deposit failed. Craft a new deposit.")));
    case domain::order_state::pending_deposit:
    case domain::order_state::depositing:
      return send_and_wait(ctx, store, c, std::move(order), true);
    default:
      return c.reply(
          json_response(200, order_response(order, true, "The order exists already; its deposit is confirmed.")));
  }
}

/// The order that just went in, or that someone else made of the same deposit at the same moment. What is not there in
/// the database is not sent.
void after_create(context& ctx, api_store& store, const call& c, const create_request& asked,
                  const std::optional<keyed_request>& key, const domain::order_id& id,
                  const postgres::database_result<domain::done>& created) {
  const auto present = store.order_of_deposit(asked.deposit_request, c.wallet);
  if (!present)
    return c.reply(to_response({500, fate_unknown, {}}));
  if (*present && (*present)->id == id) {
    const auto& order = **present;
    runtime::log_info("order_created", {{"order_id", order.id.to_string()},
                                        {"signature", order.signature.to_string()},
                                        {"wallet", c.wallet.to_string()}});
    return send_and_wait(ctx, store, c, order, false);
  }
  if (*present)
    return continue_order(ctx, store, c, asked, key, **present);
  if (created || created.error().kind == postgres::error_kind::in_doubt)
    return c.reply(to_response({500, fate_unknown, {}}));
  // The key went to another request meanwhile, or the deposit ran out.
  if (created.error().kind == postgres::error_kind::constraint) {
    if (key)
      if (const auto again = open_key(store, c); again.answer)
        return c.reply(*again.answer);
    if (created.error().is(domain::rule_error::deposit_request_refused))
      return c.reply(to_response({400, no_such_deposit, {}}));
    if (created.error().sqlstate == "23505")
      return c.reply(to_response({400, "Duplicate deposit", {}}));
  }
  c.reply(database_failed(c.request.route, created.error()));
}

std::string one_order(const order_view& order) {
  json::writer w;
  write_order(w, order);
  return w.take();
}

net::http_server_response order_not_found() {
  return to_response({404, "Order not found", {}});
}

void show(api_store& store, const call& c, const domain::order_id& id) {
  const auto order = store.order(c.wallet, id);
  if (!order)
    return c.reply(database_failed(c.request.route, order.error()));
  if (!*order)
    return c.reply(order_not_found());
  c.reply(json_response(200, one_order(**order)));
}

}  // namespace

void create_price_order(context& ctx, postgres::database& db, const call& c) {
  api_store store{db, ctx.settings.instance};
  const auto opened = open_key(store, c);
  if (opened.answer)
    return c.reply(*opened.answer);
  const auto asked = parse_create_request(c.request.body);
  if (!asked)
    return c.reply(to_response(asked.error()));
  if (asked->wallet != c.wallet)
    return c.reply(to_response({403, "userPubkey does not match the authenticated wallet", {}}));

  const auto present = store.order_of_deposit(asked->deposit_request, c.wallet);
  if (!present)
    return c.reply(database_failed(c.request.route, present.error()));
  if (*present)
    return continue_order(ctx, store, c, *asked, opened.key, **present);

  const auto deposit = store.deposit_request(asked->deposit_request, c.wallet);
  if (!deposit)
    return c.reply(database_failed(c.request.route, deposit.error()));
  if (!*deposit)
    return c.reply(to_response({400, no_such_deposit, {}}));
  if (const auto refused = terms_refused(*asked, **deposit, ctx.now()))
    return c.reply(to_response(*refused));
  const auto signature = deposit_signature(*asked, **deposit);
  if (!signature)
    return c.reply(to_response(signature.error()));

  new_order order;
  order.id = domain::order_id::random();
  order.deposit_attempt = domain::attempt_id::random();
  order.output_account = output_account_of((*deposit)->vault, order.id, (*deposit)->output_token_program);
  order.request = *asked;
  order.deposit = **deposit;
  order.signature = *signature;
  // Whether the deposit can still be used is decided by the database, under the lock on its row.
  const auto created = fault::around(
      {fault::effect::deposit_stored}, [&] { return store.create_order(order, opened.key); }, fault::database_fault);
  after_create(ctx, store, c, *asked, opened.key, order.id, created);
}

void list_orders(context& ctx, postgres::database& db, const call& c) {
  const auto query = parse_history_query(c.request.query);
  if (!query)
    return c.reply(to_response(query.error()));
  const auto page = api_store{db, ctx.settings.instance}.history(c.wallet, *query);
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

void show_order(context& ctx, postgres::database& db, const call& c) {
  const auto id = domain::order_id::parse(c.request.param("id"));
  if (!id)
    return c.reply(order_not_found());
  api_store store{db, ctx.settings.instance};
  show(store, c, *id);
}

void show_order_by_key(context& ctx, postgres::database& db, const call& c) {
  const std::string key{c.request.param("key")};
  if (!is_idempotency_key(key))
    return c.reply(order_not_found());
  api_store store{db, ctx.settings.instance};
  const auto id = store.order_of_key(c.wallet, key);
  if (!id)
    return c.reply(database_failed(c.request.route, id.error()));
  if (!*id)
    return c.reply(order_not_found());
  show(store, c, **id);
}

}  // namespace landfall::executor::api
