#pragma once

#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/solana/keypair.hpp"
#include "common/solana/message.hpp"

namespace landfall::executor {

/// A message that the fee payer and the vault of `wallet` are to sign.
struct sign_request {
  solana::message message;
  solana::pubkey wallet;
  /// A market maker that pays the message's fee and signs after us; then the fee payer signs only if the message names
  /// it. Nothing: no maker.
  std::optional<solana::pubkey> maker = {};
};

/// The signed transaction, ready to be stored; not sent yet.
struct sign_reply {
  /// The transaction's id. Nothing: it is a maker's signature, which comes last in time.
  std::optional<solana::signature> signature;
  std::vector<std::uint8_t> transaction;
  /// Why nothing was signed; empty if it was.
  std::string refused;
};

using signer_actor = caf::typed_actor<
    /// Signs for the fee payer and one vault; refuses a message that asks for anyone else's signature.
    caf::replies_to<sign_request>::with<sign_reply>>;

/// The secrets of the executor. Neither leaves the signer.
struct signer_keys {
  solana::keypair fee_payer;
  /// 32 bytes in guarded memory, from which every vault's key is derived.
  std::shared_ptr<const class master_secret> master;
};

signer_actor spawn_signer(caf::actor_system& system, std::shared_ptr<const signer_keys> keys);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::sign_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::sign_reply)
