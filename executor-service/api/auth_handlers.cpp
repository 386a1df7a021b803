#include <sodium.h>

#include <algorithm>
#include <array>

#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/memo.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/handlers.hpp"
#include "executor-service/core/vault_key.hpp"

namespace landfall::executor::api {

namespace {

/// Anyone may ask for a challenge of any wallet, so the newest alone would let a stranger crowd out its owner's. A
/// wallet that signs in at several places at once gets a challenge for each; beyond that, for a part of their life (a
/// minute), the newest is handed out again, so that all that live are tried.
constexpr int max_live_challenges = 64;
constexpr int max_young_challenges = 8;
constexpr int young_part_of_life = 5;
static_assert(max_young_challenges * (young_part_of_life + 1) <= max_live_challenges);
constexpr long long sweep_every_ms = 60'000;

std::string challenge_text(const solana::pubkey& wallet, domain::utc_time expires) {
  std::array<std::uint8_t, 16> nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  std::array<char, 33> hex{};
  sodium_bin2hex(hex.data(), hex.size(), nonce.data(), nonce.size());
  return "Sign this message to authenticate with the Landfall Trigger Order API. Wallet: " + wallet.to_string() +
         ". Expires: " + domain::to_iso8601(expires) + ". Nonce: " + hex.data();
}

/// What has to be signed: the text itself, or a memo of it that is never sent, as its zero blockhash is valid nowhere.
solana::bytes challenge_bytes(const challenge_request& asked, domain::utc_time expires) {
  const auto text = challenge_text(asked.wallet, expires);
  if (asked.kind == proof_kind::message)
    return {text.begin(), text.end()};
  const std::array signers{asked.wallet};
  const std::array instructions{solana::memo::write(text, signers)};
  const auto message =
      solana::compile_message(asked.wallet, instructions, solana::blockhash{}, {}, solana::message_version::legacy);
  if (!message)
    domain::broken_invariant("a memo of fixed size makes no message");
  return solana::serialize(*message);
}

/// On the wire, with room for the signatures.
solana::bytes unsigned_transaction(const solana::bytes& message_bytes) {
  auto message = solana::parse_message(message_bytes);
  if (!message)
    domain::broken_invariant("a stored challenge is no message");
  auto wire = solana::serialize(solana::make_transaction(std::move(message).value()));
  if (!wire)
    domain::broken_invariant("a memo of fixed size does not fit a packet");
  return std::move(wire).value();
}

void sweep_challenges(context& ctx, api_store& store) {
  const auto now = domain::unix_ms(ctx.now());
  auto last = ctx.challenges_swept_ms.load();
  if (now - last < sweep_every_ms || !ctx.challenges_swept_ms.compare_exchange_strong(last, now))
    return;
  if (const auto swept = store.delete_dead_challenges(); !swept)
    runtime::log_warn("challenge_sweep_failed", {{"why", swept.error().message}});
}

/// Whether the wallet signed just this challenge.
bool answers(const verify_request& proof, const stored_challenge& asked) {
  if (proof.kind == proof_kind::message)
    return solana::verify(proof.wallet, asked.challenge, proof.signature);
  const auto signed_tx = solana::parse_transaction(proof.signed_transaction);
  return signed_tx && solana::message_bytes(*signed_tx) == asked.challenge && solana::verify_signatures(*signed_tx);
}

std::string vault_json(const solana::pubkey& wallet, const stored_vault& vault, bool with_user_id) {
  json::writer w;
  w.begin_object()
      .member("userPubkey", wallet.to_string())
      .member("vaultPubkey", vault.vault.to_string())
      .member("privyVaultId", vault.id);
  if (with_user_id)
    w.key("privyUserId").null();
  w.end_object();
  return w.take();
}

}  // namespace

void issue_challenge(context& ctx, postgres::database& db, const call& c) {
  const auto asked = parse_challenge_request(c.request.body);
  if (!asked)
    return c.reply(to_response(asked.error()));
  api_store store{db, ctx.settings.instance};
  sweep_challenges(ctx, store);

  const auto life = ctx.settings.challenge_life;
  const auto fresh = challenge_bytes(*asked, ctx.now() + life);
  const auto given =
      store.challenge_of(asked->wallet, asked->kind, fresh, life, life / young_part_of_life, max_young_challenges);
  if (!given)
    return c.reply(database_failed(c.request.route, given.error()));
  json::writer w;
  w.begin_object().member("type", to_string(asked->kind));
  if (asked->kind == proof_kind::transaction)
    w.member("transaction", solana::base64_encode(unsigned_transaction(*given)));
  else
    w.member("challenge", std::string{given->begin(), given->end()});
  w.end_object();
  c.reply(json_response(200, w.take()));
}

void verify_challenge(context& ctx, postgres::database& db, const call& c) {
  const auto proof = parse_verify_request(c.request.body);
  if (!proof)
    return c.reply(to_response(proof.error()));
  api_store store{db, ctx.settings.instance};
  const auto live = store.live_challenges(proof->wallet, proof->kind, max_live_challenges);
  if (!live)
    return c.reply(database_failed(c.request.route, live.error()));
  const refusal none{400, "Challenge not found or expired. Please request a new challenge.", {}};
  if (live->empty())
    return c.reply(to_response(none));
  const auto match =
      std::find_if(live->begin(), live->end(), [&](const auto& asked) { return answers(*proof, asked); });
  if (match == live->end())
    return c.reply(to_response({401, "Invalid signature", {}}));
  const auto consumed = store.consume_challenge(match->id);
  if (!consumed)
    return c.reply(database_failed(c.request.route, consumed.error()));
  if (!*consumed)
    return c.reply(to_response(none));
  json::writer w;
  w.begin_object()
      .member("token", issue_token(ctx.session_key, proof->wallet, ctx.now(), ctx.settings.session_life))
      .end_object();
  c.reply(json_response(200, w.take()));
}

void show_vault(context& ctx, postgres::database& db, const call& c) {
  const auto vault = api_store{db, ctx.settings.instance}.vault_of(c.wallet);
  if (!vault)
    return c.reply(database_failed(c.request.route, vault.error()));
  if (!*vault)
    return c.reply(to_response({404, "Vault not found. Use /vault/register to create one.", {}}));
  c.reply(json_response(200, vault_json(c.wallet, **vault, true)));
}

void register_vault(context& ctx, postgres::database& db, const call& c) {
  api_store store{db, ctx.settings.instance};
  const auto created = store.register_vault(c.wallet, vault_keypair(ctx.with.master->bytes(), c.wallet).public_key());
  if (!created)
    return c.reply(database_failed(c.request.route, created.error()));
  if (*created) {
    runtime::log_info("vault_registered", {{"wallet", c.wallet.to_string()}, {"vault", (*created)->vault.to_string()}});
    return c.reply(json_response(201, vault_json(c.wallet, **created, false)));
  }
  const auto present = store.vault_of(c.wallet);
  if (!present || !*present)
    return c.reply(database_failed(c.request.route, present ? postgres::database_error{} : present.error()));
  c.reply(to_response({409,
                       "Vault already exists",
                       {{"userPubkey", c.wallet.to_string()},
                        {"vaultPubkey", (*present)->vault.to_string()},
                        {"privyVaultId", (*present)->id}}}));
}

}  // namespace landfall::executor::api
