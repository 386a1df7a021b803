#include "executor-service/api/deposit/craft_deposit.hpp"

#include <array>

#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/deposit/craft_request.hpp"
#include "executor-service/api/deposit/deposit_transaction.hpp"
#include "executor-service/api/http/reply.hpp"
#include "executor-service/api/idempotency/idempotency_key.hpp"
#include "executor-service/api/vault/vault_store.hpp"
#include "executor-service/keys/vault_key.hpp"

namespace landfall::executor::api {

namespace {

/// Cents, rounded down: what is not worth 10 USD never reads "10.00".
std::string usd_text(domain::decimal value) {
  constexpr domain::int128 scaled_cent = 10'000'000'000'000'000;
  const auto cents = static_cast<long long>(value.scaled() / scaled_cent);
  const auto rest = std::to_string(cents % 100);
  return std::to_string(cents / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

/// A deposit into a vault whose key we do not have would be lost.
std::optional<net::http_server_response> vault_refused(const master_secret& master, const solana::pubkey& wallet,
                                                       const std::optional<stored_vault>& vault) {
  if (!vault)
    return to_response({403, "No vault registered for this wallet. Call GET /vault/register first.", {}});
  if (vault->vault == vault_keypair(master.bytes(), wallet).public_key())
    return std::nullopt;
  runtime::log_error("vault_of_another_secret", {{"wallet", wallet.to_string()}, {"vault", vault->vault.to_string()}});
  return to_response({500, "The vault of this wallet cannot be used right now", {}});
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

/// One craft call, step by step: its rows, the mints, the worth, what the message needs of the chain, the stored
/// request. The first and the last step run on a database actor, the others wherever an answer arrives. Each answers
/// the call or starts the next.
class craft_handler::crafting : public std::enable_shared_from_this<crafting> {
public:
  crafting(std::shared_ptr<craft_handler> with, call c) : with_(std::move(with)), call_(std::move(c)) {}

  void read_rows(postgres::database& db);

private:
  struct listed_token {
    const char* field;
    std::optional<stored_token> row;
  };

  void check_token(std::size_t i);
  void check_worth();
  void read_rent();
  void read_blockhash();
  void store(postgres::database& db);
  [[nodiscard]] std::optional<net::http_server_response> mint_refused(const listed_token& token,
                                                                      const mint_check::answer& mint) const;
  [[nodiscard]] std::optional<net::http_server_response> worth_refused(const price_result& price) const;
  void chain_unavailable() const {
    call_.reply(unavailable("Solana does not answer right now. Nothing was stored."));
  }
  [[nodiscard]] const stored_token& input() const {
    return *tokens_[0].row;
  }

  const std::shared_ptr<craft_handler> with_;
  const call call_;
  std::optional<keyed_request> key_;
  craft_request asked_;
  solana::pubkey vault_;
  std::array<listed_token, 2> tokens_{{{"inputMint", {}}, {"outputMint", {}}}};
  std::uint64_t rent_ = 0;
  latest_blockhash_view recent_;
};

void craft_handler::crafting::read_rows(postgres::database& db) {
  auto lookup = find_key(db, call_);
  if (lookup.answer)
    return call_.reply(*lookup.answer);
  key_ = std::move(lookup.key);
  const auto asked = parse_craft_request(call_.request.body);
  if (!asked)
    return call_.reply(to_response(asked.error()));
  asked_ = *asked;
  if (asked_.wallet != call_.wallet)
    return call_.reply(to_response({403, "userAddress does not match the authenticated wallet", {}}));
  const auto vault = vault_store{db}.vault_of(call_.wallet);
  if (!vault)
    return call_.reply(database_failed(call_.request.route, vault.error()));
  if (const auto refused = vault_refused(*with_->master_, call_.wallet, *vault))
    return call_.reply(*refused);
  vault_ = (*vault)->vault;
  deposit_store store{db, with_->settings_.instance};
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    auto found = store.token_of(i == 0 ? asked_.input_mint : asked_.output_mint);
    if (!found)
      return call_.reply(database_failed(call_.request.route, found.error()));
    tokens_[i].row = std::move(*found);
  }
  check_token(0);
}

void craft_handler::crafting::check_token(std::size_t i) {
  if (i == tokens_.size())
    return check_worth();
  const auto& token = tokens_[i];
  if (!token.row || !token.row->enabled)
    return call_.reply(to_response(invalid_field(token.field, "Token is not supported")));
  with_->mints_.check(*with_->chain_, *token.row, [me = shared_from_this(), i](const mint_check::answer& mint) {
    if (auto refused = me->mint_refused(me->tokens_[i], mint))
      return me->call_.reply(std::move(*refused));
    me->check_token(i + 1);
  });
}

std::optional<net::http_server_response> craft_handler::crafting::mint_refused(const listed_token& token,
                                                                               const mint_check::answer& mint) const {
  if (mint.ok)
    return std::nullopt;
  if (!mint.unknown)
    return to_response(invalid_field(token.field, mint.why));
  runtime::log_warn("mint_not_checked", {{"mint", token.row->mint.to_string()}, {"why", mint.why}});
  return unavailable("Solana does not answer right now. Nothing was stored.");
}

void craft_handler::crafting::check_worth() {
  with_->prices_->price_usd(input().price_feed_id, [me = shared_from_this()](const price_result& price) {
    if (auto refused = me->worth_refused(price))
      return me->call_.reply(std::move(*refused));
    me->read_rent();
  });
}

std::optional<net::http_server_response> craft_handler::crafting::worth_refused(const price_result& price) const {
  if (!price) {
    runtime::log_warn("price_unavailable", {{"mint", input().mint.to_string()}, {"why", price.error()}});
    return unavailable("The price of the input token is not available right now. Nothing was stored.");
  }
  const auto minimum = std::to_string(with_->settings_.minimum_order_usd);
  const auto worth = domain::worth_usd(asked_.amount, input().decimals, *price);
  // What does not fit is more than enough.
  if (!worth || *worth >= domain::decimal::parse(minimum).value_or(domain::decimal{}))
    return std::nullopt;
  return to_response(
      {400, "Order must be at least " + minimum + " USD (current value: " + usd_text(*worth) + " USD)", {}});
}

void craft_handler::crafting::read_rent() {
  with_->chain_->token_account_rent([me = shared_from_this()](const chain_result<std::uint64_t>& rent) {
    if (!rent)
      return me->chain_unavailable();
    me->rent_ = *rent;
    me->read_blockhash();
  });
}

void craft_handler::crafting::read_blockhash() {
  with_->chain_->latest_blockhash([me = shared_from_this()](const chain_result<latest_blockhash_view>& recent) {
    if (!recent)
      return me->chain_unavailable();
    me->recent_ = *recent;
    me->with_->database_->resume([me](postgres::database& db) { me->store(db); });
  });
}

void craft_handler::crafting::store(postgres::database& db) {
  new_deposit_request request;
  request.id = domain::deposit_request_id::random();
  request.wallet = call_.wallet;
  request.vault = vault_;
  request.input_mint = asked_.input_mint;
  request.output_mint = asked_.output_mint;
  request.amount = asked_.amount;
  request.order_account = order_account_of(call_.wallet, request.id, input().token_program);
  request.blockhash = recent_.hash;
  request.last_valid_block_height = recent_.last_valid_block_height;
  auto message = deposit_message({request.id, call_.wallet, request.vault, request.input_mint, input().token_program,
                                  input().decimals, request.amount, rent_, request.blockhash});
  if (!message)
    return call_.reply(to_response(invalid_field("amount", "Too large")));
  request.message = solana::serialize(*message);
  const auto wire = solana::serialize(solana::make_transaction(std::move(message).value()));
  if (!wire)
    return call_.reply(to_response({400, "A deposit of this token does not fit a transaction.", {}}));

  auto answer = craft_json(request, solana::base64_encode(*wire), input().decimals);
  const auto stored =
      deposit_store{db, with_->settings_.instance}.insert_request(request, with_->settings_.deposit_life, key_, answer);
  if (!stored) {
    // The same key may have been used at the same moment; then this request was not stored.
    if (key_ && stored.error().kind == postgres::error_kind::constraint)
      if (const auto again = find_key(db, call_); again.answer)
        return call_.reply(*again.answer);
    return call_.reply(database_failed(call_.request.route, stored.error()));
  }
  runtime::log_info("deposit_crafted", {{"deposit_request_id", request.id.to_string()},
                                        {"wallet", call_.wallet.to_string()},
                                        {"order_account", request.order_account.to_string()}});
  call_.reply(json_response(200, std::move(answer)));
}

void craft_handler::craft_deposit(postgres::database& db, const call& c) {
  std::make_shared<crafting>(shared_from_this(), c)->read_rows(db);
}

}  // namespace landfall::executor::api
