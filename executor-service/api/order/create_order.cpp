#include "executor-service/api/order/create_order.hpp"

#include <caf/send.hpp>

#include "common/fault/database_fault.hpp"
#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/deposit/deposit_transaction.hpp"
#include "executor-service/api/http/reply.hpp"
#include "executor-service/api/idempotency/idempotency_key.hpp"
#include "executor-service/api/order/created_order_store.hpp"

namespace landfall::executor::api {

namespace {

constexpr const char* no_such_deposit = "Deposit transaction not found in cache. Please craft a new deposit first.";
constexpr const char* fate_unknown =
    "Whether the order was created is not known right now. Send the same request again to find out.";

bool same_terms(const created_order& order, const create_request& asked) {
  return order.deposit.mint == asked.input_mint && order.output_mint == asked.output_mint &&
         order.trigger_mint == asked.trigger_mint && order.deposit.amount == asked.input_amount &&
         order.condition == asked.condition && order.trigger_price_usd == asked.trigger_price_usd &&
         order.slippage_bps == asked.slippage_bps && order.expires_at == asked.expires_at;
}

/// Why a new order cannot be made of this deposit, in the sequence in which a client can correct it.
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
      .member("id", order.deposit.order.to_string())
      .member("txSignature", order.deposit.signature.to_string())
      .member("depositConfirmed", confirmed);
  if (!message.empty())
    w.member("message", message);
  w.end_object();
  return w.take();
}

std::string outcome_message(const deposit_outcome& deposit, bool repeated) {
  if (!deposit.err.empty())
    return "The deposit transaction failed on chain: " + excerpt_of(deposit.err);
  if (!repeated)
    return {};
  return deposit.confirmed ? "The order exists already; its deposit was confirmed by this request."
                           : "The order exists already; its deposit is not confirmed yet.";
}

}  // namespace

/// One create call. Each step answers the call or leads to the next.
struct create_handler::creation {
  const create_handler& with;
  postgres::database& db;
  const call& c;
  create_request asked{};
  std::optional<keyed_request> key{};

  [[nodiscard]] created_order_store orders() const {
    return {db, with.instance_};
  }
  [[nodiscard]] deposit_store deposits() const {
    return {db, with.instance_};
  }

  void start();
  void create(const stored_deposit_request& deposit);
  void after_create(const domain::order_id& id, const postgres::database_result<domain::done>& created);
  void continue_order(const created_order& order);
  void send_and_wait(const created_order& order, bool repeated);
};

void create_handler::creation::start() {
  auto lookup = find_key(db, c);
  if (lookup.answer)
    return c.reply(*lookup.answer);
  key = std::move(lookup.key);
  const auto parsed = parse_create_request(c.request.body);
  if (!parsed)
    return c.reply(to_response(parsed.error()));
  asked = *parsed;
  if (asked.wallet != c.wallet)
    return c.reply(to_response({403, "userPubkey does not match the authenticated wallet", {}}));

  const auto present = orders().order_of_deposit(asked.deposit_request, c.wallet);
  if (!present)
    return c.reply(database_failed(c.request.route, present.error()));
  if (*present)
    return continue_order(**present);

  const auto deposit = deposits().request(asked.deposit_request, c.wallet);
  if (!deposit)
    return c.reply(database_failed(c.request.route, deposit.error()));
  if (!*deposit)
    return c.reply(to_response({400, no_such_deposit, {}}));
  create(**deposit);
}

void create_handler::creation::create(const stored_deposit_request& deposit) {
  if (const auto refused = terms_refused(asked, deposit, with.clock_->now()))
    return c.reply(to_response(*refused));
  const auto signature = deposit_signature(asked, deposit);
  if (!signature)
    return c.reply(to_response(signature.error()));

  new_order order;
  order.id = domain::order_id::random();
  order.deposit_attempt = domain::attempt_id::random();
  order.output_account = output_account_of(deposit.vault, order.id, deposit.output_token_program);
  order.request = asked;
  order.deposit = deposit;
  order.signature = *signature;
  // Whether the deposit can still be used is decided by the database, under the lock on its row.
  const auto created = fault::around(
      {fault::effect::deposit_stored}, [&] { return orders().create_order(order, key); }, fault::database_fault);
  after_create(order.id, created);
}

/// Continues with the order that was just created, or that another call made of the same deposit at the same moment.
/// What is not in the database is not sent.
void create_handler::creation::after_create(const domain::order_id& id,
                                            const postgres::database_result<domain::done>& created) {
  const auto present = orders().order_of_deposit(asked.deposit_request, c.wallet);
  if (!present)
    return c.reply(to_response({500, fate_unknown, {}}));
  if (*present && (*present)->deposit.order == id) {
    runtime::log_info("order_created", {{"order_id", id.to_string()},
                                        {"signature", (*present)->deposit.signature.to_string()},
                                        {"wallet", c.wallet.to_string()}});
    return send_and_wait(**present, false);
  }
  if (*present)
    return continue_order(**present);
  if (created || created.error().kind == postgres::error_kind::in_doubt)
    return c.reply(to_response({500, fate_unknown, {}}));
  // The key went to another request meanwhile, or the deposit ran out.
  if (created.error().kind == postgres::error_kind::constraint) {
    if (key)
      if (const auto again = find_key(db, c); again.answer)
        return c.reply(*again.answer);
    if (created.error().is(domain::rule_error::deposit_request_refused))
      return c.reply(to_response({400, no_such_deposit, {}}));
    if (created.error().sqlstate == "23505")
      return c.reply(to_response({400, "Duplicate deposit", {}}));
  }
  c.reply(database_failed(c.request.route, created.error()));
}

/// Continues with the order that this deposit made already.
void create_handler::creation::continue_order(const created_order& order) {
  if (!same_terms(order, asked))
    return c.reply(to_response(
        {400,
         "Duplicate deposit: it belongs to order " + order.deposit.order.to_string() + ", which has other terms",
         {}}));
  if (key) {
    const auto adopted = key_store{db}.adopt_key(c.wallet, *key, order.deposit.order);
    if (!adopted)
      return c.reply(database_failed(c.request.route, adopted.error()));
    // Bound meanwhile, perhaps to another request.
    if (!*adopted)
      if (const auto again = find_key(db, c); again.answer)
        return c.reply(*again.answer);
  }
  switch (order.state) {
    case domain::order_state::deposit_failed:
      return c.reply(json_response(
          200, order_response(order, false, "The order exists already; its deposit failed. Craft a new deposit.")));
    case domain::order_state::pending_deposit:
    case domain::order_state::depositing:
      return send_and_wait(order, true);
    default:
      return c.reply(
          json_response(200, order_response(order, true, "The order exists already; its deposit is confirmed.")));
  }
}

/// Sends the stored deposit and answers once it is confirmed, or the wait is over.
void create_handler::creation::send_and_wait(const created_order& order, bool repeated) {
  const auto& deposit = order.deposit;
  fault::around_send({fault::effect::deposit_sent},
                     [&] { with.chain_->broadcast(deposit.transaction, deposit.signature, repeated); });
  const auto marked = fault::around(
      {fault::effect::deposit_send_noted}, [&] { return deposits().mark_broadcast(deposit.attempt); },
      fault::database_fault);
  if (!marked)
    runtime::log_warn("broadcast_not_noted",
                      {{"order_id", deposit.order.to_string()}, {"why", marked.error().message}});
  caf::anon_send(with.deposits_,
                 await_deposit{deposit, repeated, [reply = c.reply, order, repeated](const deposit_outcome& outcome) {
                                 reply(json_response(200, order_response(order, outcome.confirmed,
                                                                         outcome_message(outcome, repeated))));
                               }});
}

void create_handler::create_price_order(postgres::database& db, const call& c) const {
  creation{*this, db, c}.start();
}

}  // namespace landfall::executor::api
