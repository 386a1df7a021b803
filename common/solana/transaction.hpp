#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/message.hpp"
#include "common/solana/pubkey.hpp"
#include "common/solana/wire_error.hpp"

namespace landfall::solana {

/// A message and one signature slot for each of its required signers, in the order of its keys. Empty slots are zero.
struct transaction {
  std::vector<signature> signatures;
  message body;

  /// The first signature, the fee payer's; zero as long as the fee payer has not signed.
  [[nodiscard]] signature id() const noexcept;

  friend bool operator==(const transaction&, const transaction&) = default;
};

enum class signing_error {
  not_a_signer,  ///< the message does not ask for this key's signature
};

/// The first signature slot that does not hold a valid signature of its key. A missing slot counts as a bad one, and so
/// does one too many.
struct bad_signature {
  std::size_t slot = 0;

  friend bool operator==(const bad_signature&, const bad_signature&) = default;
};

/// `body` with an empty slot for every required signer.
[[nodiscard]] transaction make_transaction(message body);

/// The bytes that every signer signs.
[[nodiscard]] bytes message_bytes(const transaction& tx);

/// Signs with `key` and puts the signature into the slot of its public key.
[[nodiscard]] domain::result<domain::done, signing_error> sign(transaction& tx, const keypair& key);

/// Whether every slot holds a valid signature.
[[nodiscard]] domain::result<domain::done, bad_signature> verify_signatures(const transaction& tx);

/// How many bytes `serialize` would give, size limit or not. `tx.body` has to pass `check`.
[[nodiscard]] std::size_t serialized_size(const transaction& tx);

/// The wire form. `tx.body` has to pass `check`. Errors: `too_large` (1232 bytes, v1 4096), `bad_signature_count`.
[[nodiscard]] domain::result<bytes, wire_error> serialize(const transaction& tx);

/// Reads a whole transaction of any version from untrusted bytes; signatures are not verified. What comes back
/// serializes to the very same bytes.
[[nodiscard]] domain::result<transaction, wire_error> parse_transaction(byte_view data);

}  // namespace landfall::solana
