#include "executor-service/api/api_store.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "common/postgres/column.hpp"
#include "executor-service/api/sql.hpp"

namespace landfall::executor::api {

using domain::done;
using postgres::column;
using postgres::database_result;
using postgres::nullable;
using postgres::stored;
using postgres::transaction;

namespace {

solana::pubkey address(const pqxx::field& field) {
  return column<solana::pubkey>(field);
}

domain::token_amount amount(const pqxx::field& field) {
  return column<domain::token_amount>(field);
}

std::optional<std::string> optional_text(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{field.as<std::string>()};
}

std::optional<int> optional_int(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{field.as<int>()};
}

domain::utc_time time(const pqxx::field& field) {
  return domain::from_unix_ms(field.as<long long>());
}

std::optional<domain::utc_time> optional_time(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{time(field)};
}

domain::order_state state(const pqxx::field& field) {
  return stored(domain::parse_order_state(field.as<std::string>()), field.name());
}

domain::trigger_condition condition(const pqxx::field& field) {
  return field.as<std::string>() == "above" ? domain::trigger_condition::above : domain::trigger_condition::below;
}

std::string digest_literal(const body_digest& digest) {
  return postgres::bytea_literal({digest.begin(), digest.end()});
}

order_view read_order(const pqxx::row& row) {
  order_view o;
  o.id = row["id"].as<std::string>();
  o.order_type = row["order_type"].as<std::string>();
  o.state = state(row["state"]);
  o.wallet = row["wallet"].as<std::string>();
  o.vault = row["vault"].as<std::string>();
  o.input_mint = row["input_mint"].as<std::string>();
  o.output_mint = row["output_mint"].as<std::string>();
  o.trigger_mint = row["trigger_mint"].as<std::string>();
  o.input_amount = amount(row["input_amount"]);
  o.input_used = nullable<domain::token_amount>(row["input_used"]);
  o.output_amount = nullable<domain::token_amount>(row["output_amount"]);
  o.condition = condition(row["trigger_condition"]);
  o.trigger_price_usd = row["trigger_price_usd"].as<std::string>();
  o.slippage_bps = optional_int(row["slippage_bps"]);
  o.expires_at = time(row["expires_ms"]);
  o.created_at = time(row["created_ms"]);
  o.updated_at = time(row["updated_ms"]);
  o.triggered_at = optional_time(row["triggered_ms"]);
  o.last_reason = optional_text(row["last_reason"]);
  o.last_detail = optional_text(row["last_detail"]);
  return o;
}

attempt_view read_attempt(const pqxx::row& row) {
  attempt_view a;
  a.id = row["id"].as<std::string>();
  a.kind = stored(parse_attempt_kind(row["kind"].as<std::string>()), "attempt kind");
  a.signature = optional_text(row["signature"]);
  a.signed_at = time(row["signed_ms"]);
  a.broadcast_at = optional_time(row["broadcast_ms"]);
  a.confirmed_at = optional_time(row["confirmed_ms"]);
  a.resolved_at = optional_time(row["resolved_ms"]);
  if (!row["outcome"].is_null())
    a.outcome = stored(parse_attempt_outcome(row["outcome"].as<std::string>()), "outcome");
  a.error = optional_text(row["error"]);
  a.order_account_balance = nullable<domain::token_amount>(row["order_account_balance"]);
  a.expected_input = nullable<domain::token_amount>(row["expected_input"]);
  a.minimum_output = nullable<domain::token_amount>(row["minimum_output"]);
  a.input_moved = nullable<domain::token_amount>(row["input_moved"]);
  a.output_moved = nullable<domain::token_amount>(row["output_moved"]);
  return a;
}

move_view read_move(const pqxx::row& row) {
  move_view m;
  m.at = time(row["at_ms"]);
  m.to = state(row["to_state"]);
  m.role = row["role"].as<std::string>();
  m.reason = optional_text(row["reason"]);
  m.detail = optional_text(row["detail"]);
  m.attempt = optional_text(row["attempt_id"]);
  m.evidence = optional_text(row["evidence_id"]);
  return m;
}

evidence_view read_evidence(const pqxx::row& row) {
  evidence_view e;
  e.id = row["id"].as<std::string>();
  e.source = row["source"].as<std::string>();
  e.price_usd = optional_text(row["price_usd"]);
  e.confidence_usd = optional_text(row["confidence_usd"]);
  e.publish_time = optional_time(row["publish_ms"]);
  e.received_at = time(row["received_ms"]);
  e.decided_at = time(row["decided_ms"]);
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
  for (const auto& row : t.run(sql::load_moves, wanted))
    if (auto* o = owner(row))
      o->moves.push_back(read_move(row));
  for (const auto& row : t.run(sql::load_evidence, wanted))
    if (auto* o = owner(row))
      o->evidence.push_back(read_evidence(row));
  for (const auto& id : ids)
    if (const auto at = found.find(id); at != found.end())
      orders.push_back(std::move(at->second));
  return orders;
}

void insert_key(transaction& t, const solana::pubkey& wallet, const keyed_request& key,
                const std::optional<std::string>& order, const std::optional<int>& status,
                const std::optional<std::string>& response) {
  t.run(sql::insert_idempotency_key, wallet.to_string(), key.key, key.request, digest_literal(key.digest), order,
        status ? std::optional{std::to_string(*status)} : std::nullopt, response);
}

}  // namespace

database_result<solana::bytes> api_store::challenge_of(const solana::pubkey& wallet, proof_kind kind,
                                                       const solana::bytes& challenge, std::chrono::milliseconds life,
                                                       std::chrono::milliseconds young, int max_young) {
  const auto address = wallet.to_string();
  const std::string kind_name{to_string(kind)};
  return db_.transact([&](transaction& t) {
    t.run(sql::lock_challenges, address, kind_name);
    const auto waiting =
        t.run(sql::young_challenges, address, kind_name, static_cast<long long>(young.count()), max_young);
    if (waiting.size() >= static_cast<std::size_t>(max_young))
      return postgres::bytea_value(waiting[0]["challenge"]);
    t.run(sql::insert_challenge, address, kind_name, postgres::bytea_literal(challenge),
          static_cast<long long>(life.count()));
    return challenge;
  });
}

database_result<done> api_store::delete_dead_challenges() {
  return db_.transact([&](transaction& t) {
    t.run(sql::delete_dead_challenges);
    return done{};
  });
}

database_result<std::vector<stored_challenge>> api_store::live_challenges(const solana::pubkey& wallet, proof_kind kind,
                                                                          int limit) {
  return db_.transact([&](transaction& t) {
    std::vector<stored_challenge> live;
    for (const auto& row : t.run(sql::live_challenges, wallet.to_string(), std::string{to_string(kind)}, limit))
      live.push_back({row["id"].as<std::string>(), postgres::bytea_value(row["challenge"])});
    return live;
  });
}

database_result<bool> api_store::consume_challenge(const std::string& id) {
  return db_.transact([&](transaction& t) { return t.run_optional(sql::consume_challenge, id).has_value(); });
}

database_result<std::optional<stored_vault>> api_store::vault_of(const solana::pubkey& wallet) {
  return db_.transact([&](transaction& t) -> std::optional<stored_vault> {
    const auto row = t.run_optional(sql::select_vault, wallet.to_string());
    if (!row)
      return std::nullopt;
    return stored_vault{(*row)["id"].as<std::string>(), address((*row)["vault"])};
  });
}

database_result<std::optional<stored_vault>> api_store::register_vault(const solana::pubkey& wallet,
                                                                       const solana::pubkey& vault) {
  return db_.transact([&](transaction& t) -> std::optional<stored_vault> {
    const auto row = t.run_optional(sql::insert_vault, wallet.to_string(), vault.to_string());
    if (!row)
      return std::nullopt;
    return stored_vault{(*row)["id"].as<std::string>(), address((*row)["vault"])};
  });
}

database_result<std::optional<stored_token>> api_store::token_of(const solana::pubkey& mint) {
  return db_.transact([&](transaction& t) -> std::optional<stored_token> {
    const auto row = t.run_optional(sql::select_token, mint.to_string());
    if (!row)
      return std::nullopt;
    stored_token token;
    token.mint = address((*row)["mint"]);
    token.decimals = (*row)["decimals"].as<int>();
    token.token_program = address((*row)["token_program"]);
    token.price_feed_id = (*row)["price_feed_id"].as<std::string>();
    token.enabled = (*row)["enabled"].as<bool>();
    return token;
  });
}

database_result<done> api_store::insert_deposit_request(const new_deposit_request& request,
                                                        std::chrono::milliseconds life,
                                                        const std::optional<keyed_request>& key,
                                                        const std::string& answer) {
  return db_.transact([&](transaction& t) {
    t.run(sql::insert_deposit_request, request.id.to_string(), request.wallet.to_string(), request.vault.to_string(),
          request.order_account.to_string(), request.input_mint.to_string(), request.output_mint.to_string(),
          request.amount.to_string(), "single", postgres::bytea_literal(request.message), request.blockhash.to_string(),
          request.last_valid_block_height, static_cast<long long>(life.count()));
    if (key)
      insert_key(t, request.wallet, *key, std::nullopt, 200, answer);
    return done{};
  });
}

database_result<std::optional<stored_deposit_request>> api_store::deposit_request(const domain::deposit_request_id& id,
                                                                                  const solana::pubkey& wallet) {
  return db_.transact([&](transaction& t) -> std::optional<stored_deposit_request> {
    const auto found = t.run_optional(sql::select_deposit_request, id.to_string(), wallet.to_string());
    if (!found)
      return std::nullopt;
    const auto& row = *found;
    stored_deposit_request request;
    request.vault = address(row["vault"]);
    request.order_account = address(row["order_account"]);
    request.input_mint = address(row["input_mint"]);
    request.output_mint = address(row["output_mint"]);
    request.output_token_program = address(row["output_token_program"]);
    request.amount = amount(row["amount"]);
    request.message = postgres::bytea_value(row["message"]);
    request.blockhash = column<solana::blockhash>(row["blockhash"]);
    request.last_valid_block_height = row["last_valid_block_height"].as<std::uint64_t>();
    return request;
  });
}

database_result<done> api_store::create_order(const new_order& order, const std::optional<keyed_request>& key) {
  const auto& asked = order.request;
  const auto id = order.id.to_string();
  return db_.transact_retrying(3, [&](transaction& t) {
    t.run(sql::insert_order, id, asked.wallet.to_string(), order.deposit.vault.to_string(),
          asked.deposit_request.to_string(), order.deposit.order_account.to_string(), order.output_account.to_string(),
          asked.input_mint.to_string(), asked.output_mint.to_string(), asked.trigger_mint.to_string(),
          asked.input_amount.to_string(), std::string{to_string(asked.condition)}, asked.trigger_price_usd.to_string(),
          asked.slippage_bps, domain::unix_ms(asked.expires_at), instance_);
    t.run(sql::insert_deposit_attempt, order.deposit_attempt.to_string(), id, order.deposit.order_account.to_string(),
          order.signature.to_string(), postgres::bytea_literal(asked.signed_deposit),
          order.deposit.blockhash.to_string(), order.deposit.last_valid_block_height, instance_,
          asked.input_amount.to_string());
    t.run(sql::move_to_depositing, id, order.deposit_attempt.to_string(), instance_);
    if (key)
      insert_key(t, asked.wallet, *key, id, std::nullopt, std::nullopt);
    return done{};
  });
}

database_result<std::optional<created_order>> api_store::order_of_deposit(const domain::deposit_request_id& id,
                                                                          const solana::pubkey& wallet) {
  return db_.transact([&](transaction& t) -> std::optional<created_order> {
    const auto found = t.run_optional(sql::select_order_of_deposit, id.to_string(), wallet.to_string());
    if (!found)
      return std::nullopt;
    const auto& row = *found;
    created_order order;
    order.id = stored(domain::order_id::parse(row["id"].as<std::string>()), "order id");
    order.state = state(row["state"]);
    order.vault = address(row["vault"]);
    order.order_account = address(row["order_account"]);
    order.input_mint = address(row["input_mint"]);
    order.output_mint = address(row["output_mint"]);
    order.trigger_mint = address(row["trigger_mint"]);
    order.input_token_program = address(row["input_token_program"]);
    order.input_amount = amount(row["input_amount"]);
    order.condition = condition(row["trigger_condition"]);
    order.trigger_price_usd = stored(domain::decimal::parse(row["trigger_price_usd"].as<std::string>()), "price");
    order.slippage_bps = optional_int(row["slippage_bps"]);
    order.expires_at = time(row["expires_ms"]);
    order.deposit_attempt = stored(domain::attempt_id::parse(row["attempt_id"].as<std::string>()), "attempt id");
    order.signature = column<solana::signature>(row["signature"]);
    order.signed_deposit = postgres::bytea_value(row["transaction"]);
    return order;
  });
}

database_result<done> api_store::note_broadcast(const domain::attempt_id& deposit) {
  return db_.transact_retrying(3, [&](transaction& t) {
    t.run(sql::note_deposit_broadcast, deposit.to_string());
    return done{};
  });
}

database_result<domain::order_state> api_store::open_order(const created_order& order, std::uint64_t confirmed_slot) {
  const auto id = order.id.to_string();
  return db_.transact_retrying(3, [&](transaction& t) {
    t.run(sql::confirm_deposit, order.deposit_attempt.to_string(), confirmed_slot);
    t.run(sql::open_order, id, order.deposit_attempt.to_string(), instance_);
    return state(stored(t.run_optional(sql::select_state, id), "order")["state"]);
  });
}

database_result<domain::order_state> api_store::state_of(const domain::order_id& id) {
  return db_.transact([&](transaction& t) {
    return state(stored(t.run_optional(sql::select_state, id.to_string()), "order")["state"]);
  });
}

database_result<std::optional<stored_key>> api_store::key_of(const solana::pubkey& wallet, const std::string& key) {
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
    found.status = optional_int((*row)["status"]);
    found.response = optional_text((*row)["response"]);
    return found;
  });
}

database_result<bool> api_store::adopt_key(const solana::pubkey& wallet, const keyed_request& key,
                                           const domain::order_id& order) {
  return db_.transact([&](transaction& t) {
    return t
        .run_optional(sql::adopt_idempotency_key, wallet.to_string(), key.key, key.request, digest_literal(key.digest),
                      order.to_string())
        .has_value();
  });
}

database_result<std::optional<domain::order_id>> api_store::order_of_key(const solana::pubkey& wallet,
                                                                         const std::string& key) {
  return db_.transact([&](transaction& t) -> std::optional<domain::order_id> {
    const auto row = t.run_optional(sql::order_of_key, wallet.to_string(), key);
    if (!row)
      return std::nullopt;
    return stored(domain::order_id::parse((*row)["order_id"].as<std::string>()), "order id");
  });
}

database_result<stored_page> api_store::history(const solana::pubkey& wallet, const history_query& query) {
  return db_.transact([&](transaction& t) {
    t.run(sql::read_snapshot);
    const auto rows =
        t.run(sql::history_page, wallet.to_string(),
              query.group ? std::optional{std::string{to_string(*query.group)}} : std::nullopt,
              query.mint ? std::optional{query.mint->to_string()} : std::nullopt, std::string{to_string(query.sort)},
              query.direction == sort_direction::ascending, query.limit, query.offset);
    stored_page page;
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

database_result<std::optional<order_view>> api_store::order(const solana::pubkey& wallet, const domain::order_id& id) {
  return db_.transact([&](transaction& t) -> std::optional<order_view> {
    t.run(sql::read_snapshot);
    auto orders = load(t, wallet, {id.to_string()});
    if (orders.empty())
      return std::nullopt;
    return std::move(orders.front());
  });
}

}  // namespace landfall::executor::api
