#pragma once

#include <string>

#include "common/domain/token_amount.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor {

struct maker_quote_request {
  /// Chosen by us, never used twice: request id and quote id of the protocol.
  std::string quote_id;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  domain::token_amount amount;  ///< of the input, all of it
  solana::pubkey taker;         ///< who gives the input: the vault
};

/// A firm quote for exactly what was asked: ids, mints and amount are checked, the maker's key is not
/// (maker_guard.hpp).
struct maker_quote {
  solana::pubkey maker;
  domain::token_amount amount_out;  ///< above 0
  std::string raw;                  ///< the whole answer, JSON
};

struct maker_offer {
  std::string maker;  ///< the endpoint's name
  maker_quote quote;
};

}  // namespace landfall::executor
