#pragma once

#include <optional>

#include "common/solana/instruction.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/pubkey.hpp"

/// Instructions of the Associated Token Account program; the address itself is `associated_token_address` in
/// `curve.hpp`.
namespace landfall::solana::associated_token {

/// Creates `wallet`'s associated account for `mint`, or does nothing if it is there already.
[[nodiscard]] instruction create_idempotent(const pubkey& payer, const pubkey& wallet, const pubkey& mint,
                                            const pubkey& token_program = programs::token);

struct create_args {
  pubkey payer;
  /// As named by the instruction; the program refuses any but the associated address.
  pubkey account;
  pubkey wallet;
  pubkey mint;
  pubkey token_program;
  bool idempotent = false;

  friend bool operator==(const create_args&, const create_args&) = default;
};

[[nodiscard]] std::optional<create_args> decode_create(const instruction& i);

}  // namespace landfall::solana::associated_token
