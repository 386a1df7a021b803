#include "executor-service/api/auth/auth_handlers.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/base64.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/memo.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/api/auth/auth_store.hpp"
#include "executor-service/api/http/reply.hpp"

namespace landfall::executor::api {

namespace {

/// Anyone may ask for a challenge of any wallet, so the newest alone would let a stranger crowd out its owner's. A
/// wallet that signs in with several clients at once gets a challenge for each; beyond that, for a part of their life
/// (a minute), the newest is returned again, so that all that live are tried.
constexpr int max_live_challenges = 64;
constexpr int max_young_challenges = 8;
constexpr int young_part_of_life = 5;
static_assert(max_young_challenges * (young_part_of_life + 1) <= max_live_challenges);
constexpr long long delete_every_ms = 60'000;

std::string challenge_text(const solana::pubkey& wallet, domain::utc_time expires) {
  std::array<std::uint8_t, 16> nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  std::array<char, 33> hex{};
  sodium_bin2hex(hex.data(), hex.size(), nonce.data(), nonce.size());
  return "Sign this message to authenticate with the Landfall Trigger Order API. Wallet: " + wallet.to_string() +
         ". Expires: " + domain::to_iso8601(expires) + ". Nonce: " + hex.data();
}

/// What has to be signed: the text itself, or a memo of it that is never sent, as its zero blockhash is valid nowhere.
/// Refused for an address that no transaction can be signed with, such as a program's.
validated<solana::bytes> challenge_bytes(const challenge_request& asked, domain::utc_time expires) {
  const auto text = challenge_text(asked.wallet, expires);
  if (asked.kind == proof_kind::message)
    return solana::bytes{text.begin(), text.end()};
  const std::array signers{asked.wallet};
  const std::array instructions{solana::memo::write(text, signers)};
  const auto message =
      solana::compile_message(asked.wallet, instructions, solana::blockhash{}, {}, solana::message_version::legacy);
  if (!message)
    return domain::failure{invalid_field(
        "walletPubkey", "This address cannot sign a transaction: " + std::string{to_string(message.error())})};
  return solana::serialize(*message);
}

/// On the wire, with space for the signatures; nothing if the stored bytes are no message.
std::optional<solana::bytes> unsigned_transaction(const solana::bytes& message_bytes) {
  auto message = solana::parse_message(message_bytes);
  if (!message)
    return std::nullopt;
  auto wire = solana::serialize(solana::make_transaction(std::move(message).value()));
  return wire ? std::optional{std::move(wire).value()} : std::nullopt;
}

/// Whether the wallet signed just this challenge.
bool answers(const verify_request& proof, const stored_challenge& asked) {
  if (proof.kind == proof_kind::message)
    return solana::verify(proof.wallet, asked.challenge, proof.signature);
  const auto signed_tx = solana::parse_transaction(proof.signed_transaction);
  return signed_tx && solana::message_bytes(*signed_tx) == asked.challenge && solana::verify_signatures(*signed_tx);
}

}  // namespace

void auth_handlers::delete_dead_challenges(postgres::database& db) {
  const auto now = domain::unix_ms(clock_->now());
  auto last = deleted_at_ms_.load();
  if (now - last < delete_every_ms || !deleted_at_ms_.compare_exchange_strong(last, now))
    return;
  if (const auto deleted = auth_store{db}.delete_dead_challenges(); !deleted)
    runtime::log_warn("challenge_sweep_failed", {{"why", deleted.error().message}});
}

void auth_handlers::issue_challenge(postgres::database& db, const call& c) {
  const auto asked = parse_challenge_request(c.request.body);
  if (!asked)
    return c.reply(to_response(asked.error()));
  delete_dead_challenges(db);

  const auto life = settings_.challenge_life;
  const auto fresh = challenge_bytes(*asked, clock_->now() + life);
  if (!fresh)
    return c.reply(to_response(fresh.error()));
  const auto given = auth_store{db}.challenge_of(asked->wallet, asked->kind, *fresh, life, life / young_part_of_life,
                                                 max_young_challenges);
  if (!given)
    return c.reply(database_failed(c.request.route, given.error()));
  json::writer w;
  w.begin_object().member("type", to_string(asked->kind));
  if (asked->kind == proof_kind::transaction) {
    const auto transaction = unsigned_transaction(*given);
    if (!transaction)
      return c.reply(to_response({500, "The stored challenge cannot be read. Please request a new one.", {}}));
    w.member("transaction", solana::base64_encode(*transaction));
  } else
    w.member("challenge", std::string{given->begin(), given->end()});
  w.end_object();
  c.reply(json_response(200, w.take()));
}

void auth_handlers::verify_challenge(postgres::database& db, const call& c) {
  const auto proof = parse_verify_request(c.request.body);
  if (!proof)
    return c.reply(to_response(proof.error()));
  auth_store store{db};
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
      .member("token", issue_token(session_key_, proof->wallet, clock_->now(), settings_.session_life))
      .end_object();
  c.reply(json_response(200, w.take()));
}

}  // namespace landfall::executor::api
