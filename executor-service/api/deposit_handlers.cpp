#include <sodium.h>

#include <array>

#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/deposit_transaction.hpp"
#include "executor-service/api/handlers.hpp"
#include "executor-service/core/vault_key.hpp"

namespace landfall::executor::api {

namespace {

/// The tokens of a deposit, or why they cannot be traded here.
struct token_pair {
  stored_token input;
  stored_token output;
};

/// Cents, rounded down: what is not worth 10 USD never reads "10.00".
std::string usd_text(domain::decimal value) {
  constexpr domain::int128 scaled_cent = 10'000'000'000'000'000;
  const auto cents = static_cast<long long>(value.scaled() / scaled_cent);
  const auto rest = std::to_string(cents % 100);
  return std::to_string(cents / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

/// A deposit into a vault whose key we do not have would be lost.
std::optional<net::http_server_response> vault_refused(context& ctx, const solana::pubkey& wallet,
                                                       const std::optional<stored_vault>& vault) {
  if (!vault)
    return to_response({403, "No vault registered for this wallet. Call GET /vault/register first.", {}});
  if (vault->vault == vault_keypair(ctx.with.master->bytes(), wallet).public_key())
    return std::nullopt;
  runtime::log_error("vault_of_another_secret", {{"wallet", wallet.to_string()}, {"vault", vault->vault.to_string()}});
  return to_response({500, "The vault of this wallet cannot be used right now", {}});
}

std::optional<net::http_server_response> token_refused(context& ctx, const char* field, const stored_token& token) {
  const auto verdict = ctx.mints.check(*ctx.with.chain, token);
  if (verdict.ok)
    return std::nullopt;
  if (!verdict.unknown)
    return to_response(invalid_field(field, verdict.why));
  runtime::log_warn("mint_not_checked", {{"mint", token.mint.to_string()}, {"why", verdict.why}});
  return unavailable("Solana does not answer right now. Nothing was stored.");
}

std::optional<net::http_server_response> worth_refused(context& ctx, const stored_token& token,
                                                       domain::token_amount amount) {
  const auto price = ctx.with.prices->price_usd(token.price_feed_id);
  if (!price) {
    runtime::log_warn("price_unavailable", {{"mint", token.mint.to_string()}, {"why", price.error()}});
    return unavailable("The price of the input token is not available right now. Nothing was stored.");
  }
  const auto minimum = std::to_string(ctx.settings.minimum_order_usd);
  const auto worth = domain::worth_usd(amount, token.decimals, *price);
  // What does not fit is more than enough.
  if (!worth || *worth >= domain::decimal::parse(minimum).value_or(domain::decimal{}))
    return std::nullopt;
  return to_response(
      {400, "Order must be at least " + minimum + " USD (current value: " + usd_text(*worth) + " USD)", {}});
}

domain::result<token_pair, net::http_server_response> tokens_of(context& ctx, api_store& store, const call& c,
                                                                const craft_request& asked) {
  token_pair pair;
  for (const auto& [field, mint, token] : {std::tuple{"inputMint", asked.input_mint, &pair.input},
                                           std::tuple{"outputMint", asked.output_mint, &pair.output}}) {
    const auto found = store.token_of(mint);
    if (!found)
      return domain::failure{database_failed(c.request.route, found.error())};
    if (!*found || !(*found)->enabled)
      return domain::failure{to_response(invalid_field(field, "Token is not supported"))};
    if (auto refused = token_refused(ctx, field, **found))
      return domain::failure{std::move(*refused)};
    *token = **found;
  }
  return pair;
}

std::string craft_json(const new_deposit_request& request, const std::string& transaction, int decimals) {
  json::writer w;
  w.begin_object()
      .member("transaction", transaction)
      .member("requestId", request.id.to_string())
      .member("receiverAddress", request.vault.to_string())
      .member("mint", request.input_mint.to_string())
      .member("amount", request.amount.to_string())
      .member("tokenDecimals", decimals)
      .member("inputTokenAccount", request.order_account.to_string())
      .end_object();
  return w.take();
}

}  // namespace

opened_key open_key(api_store& store, const call& c) {
  const std::string text{c.request.header("idempotency-key")};
  if (text.empty())
    return {};
  if (!is_idempotency_key(text))
    return {{}, to_response({400, "Idempotency-Key must have 1 to 255 printable ASCII characters", {}})};
  keyed_request key{text, c.request.method + " " + c.request.route, {}};
  crypto_hash_sha256(key.digest.data(), reinterpret_cast<const unsigned char*>(c.request.body.data()),
                     c.request.body.size());
  const auto stored = store.key_of(c.wallet, text);
  if (!stored)
    return {{}, database_failed(c.request.route, stored.error())};
  if (!*stored)
    return {std::move(key), {}};
  const auto& known = **stored;
  if (known.request != key.request || known.digest != key.digest)
    return {{}, to_response({409, "Idempotency-Key was already used with a different request", {}})};
  if (known.status && known.response)
    return {{}, json_response(*known.status, *known.response)};
  return {std::move(key), {}};
}

void craft_deposit(context& ctx, postgres::database& db, const call& c) {
  api_store store{db, ctx.settings.instance};
  const auto opened = open_key(store, c);
  if (opened.answer)
    return c.reply(*opened.answer);
  const auto asked = parse_craft_request(c.request.body);
  if (!asked)
    return c.reply(to_response(asked.error()));
  if (asked->wallet != c.wallet)
    return c.reply(to_response({403, "userAddress does not match the authenticated wallet", {}}));
  const auto vault = store.vault_of(c.wallet);
  if (!vault)
    return c.reply(database_failed(c.request.route, vault.error()));
  if (const auto refused = vault_refused(ctx, c.wallet, *vault))
    return c.reply(*refused);
  const auto tokens = tokens_of(ctx, store, c, *asked);
  if (!tokens)
    return c.reply(tokens.error());
  if (const auto refused = worth_refused(ctx, tokens->input, asked->amount))
    return c.reply(*refused);

  const auto rent = ctx.with.chain->token_account_rent();
  const auto recent = ctx.with.chain->latest_blockhash();
  if (!rent || !recent)
    return c.reply(unavailable("Solana does not answer right now. Nothing was stored."));

  new_deposit_request request;
  request.id = domain::deposit_request_id::random();
  request.wallet = c.wallet;
  request.vault = (*vault)->vault;
  request.input_mint = asked->input_mint;
  request.output_mint = asked->output_mint;
  request.amount = asked->amount;
  request.order_account = order_account_of(c.wallet, request.id, tokens->input.token_program);
  request.blockhash = recent->hash;
  request.last_valid_block_height = recent->last_valid_block_height;
  auto message = deposit_message({request.id, c.wallet, request.vault, request.input_mint, tokens->input.token_program,
                                  tokens->input.decimals, request.amount, *rent, request.blockhash});
  if (!message)
    return c.reply(to_response(invalid_field("amount", "Too large")));
  request.message = solana::serialize(*message);
  const auto wire = solana::serialize(solana::make_transaction(std::move(message).value()));
  if (!wire)
    domain::broken_invariant("a deposit does not fit a packet");

  auto answer = craft_json(request, solana::base64_encode(*wire), tokens->input.decimals);
  const auto kept = store.insert_deposit_request(request, ctx.settings.deposit_life, opened.key, answer);
  if (!kept) {
    // The same key may have been used at the same moment; then this request was not stored.
    if (opened.key && kept.error().kind == postgres::error_kind::constraint)
      if (const auto again = open_key(store, c); again.answer)
        return c.reply(*again.answer);
    return c.reply(database_failed(c.request.route, kept.error()));
  }
  runtime::log_info("deposit_crafted", {{"deposit_request_id", request.id.to_string()},
                                        {"wallet", c.wallet.to_string()},
                                        {"order_account", request.order_account.to_string()}});
  c.reply(json_response(200, std::move(answer)));
}

}  // namespace landfall::executor::api
