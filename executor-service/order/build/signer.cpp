#include "executor-service/order/build/signer.hpp"

#include <caf/all.hpp>

#include "common/solana/transaction.hpp"
#include "executor-service/keys/master_secret.hpp"
#include "executor-service/keys/vault_key.hpp"

namespace landfall::executor {

namespace {

sign_reply refuse(std::string why) {
  sign_reply reply;
  reply.refused = std::move(why);
  return reply;
}

sign_reply signed_bytes(const solana::transaction& tx) {
  auto bytes = solana::serialize(tx);
  if (!bytes)
    return refuse("the transaction is larger than a packet");
  sign_reply reply;
  if (!tx.id().is_zero())
    reply.signature = tx.id();
  reply.transaction = std::move(bytes).value();
  return reply;
}

/// Every slot but the first, which is the maker's and stays empty.
sign_reply sign_for_maker(const signer_keys& keys, const solana::keypair& vault, solana::transaction tx,
                          const solana::pubkey& maker) {
  const auto& signers = tx.body.static_keys;
  const auto fee_payer = keys.fee_payer.public_key();
  if (tx.signatures.size() < 2 || signers.front() != maker || maker == fee_payer || maker == vault.public_key())
    return refuse("the maker does not come first, or is ourselves");
  for (std::size_t at = 1; at < tx.signatures.size(); ++at) {
    if (signers[at] != fee_payer && signers[at] != vault.public_key())
      return refuse("the message asks for a signature that is neither the fee payer's nor the vault's");
    if (!solana::sign(tx, signers[at] == fee_payer ? keys.fee_payer : vault))
      return refuse("the message cannot be signed");
  }
  return signed_bytes(tx);
}

sign_reply sign_with(const signer_keys& keys, const sign_request& request) {
  const auto vault = vault_keypair(keys.master->bytes(), request.wallet);
  auto tx = solana::make_transaction(request.message);
  if (request.maker)
    return sign_for_maker(keys, vault, std::move(tx), *request.maker);
  if (tx.signatures.size() != 2)
    return refuse("the message asks for other signatures than those of the fee payer and the vault");
  if (!solana::sign(tx, keys.fee_payer) || !solana::sign(tx, vault))
    return refuse("the message asks for a signature that is neither the fee payer's nor the vault's");
  if (!solana::verify_signatures(tx) || request.message.static_keys.front() != keys.fee_payer.public_key())
    return refuse("the fee payer does not come first");
  return signed_bytes(tx);
}

}  // namespace

signer_actor spawn_signer(caf::actor_system& system, std::shared_ptr<const signer_keys> keys) {
  return system.spawn([keys](signer_actor::pointer) -> signer_actor::behavior_type {
    return {[keys](const sign_request& request) { return sign_with(*keys, request); }};
  });
}

}  // namespace landfall::executor
