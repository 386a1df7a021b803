#include "executor-service/api/vault/vault_handlers.hpp"

#include "common/json/writer.hpp"
#include "common/runtime/log.hpp"
#include "executor-service/api/http/reply.hpp"
#include "executor-service/api/vault/vault_store.hpp"
#include "executor-service/keys/vault_key.hpp"

namespace landfall::executor::api {

namespace {

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

void vault_handlers::show_vault(postgres::database& db, const call& c) const {
  const auto vault = vault_store{db}.vault_of(c.wallet);
  if (!vault)
    return c.reply(database_failed(c.request.route, vault.error()));
  if (!*vault)
    return c.reply(to_response({404, "Vault not found. Use /vault/register to create one.", {}}));
  c.reply(json_response(200, vault_json(c.wallet, **vault, true)));
}

void vault_handlers::register_vault(postgres::database& db, const call& c) const {
  vault_store store{db};
  const auto created = store.register_vault(c.wallet, vault_keypair(master_->bytes(), c.wallet).public_key());
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
