#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "executor-service/chain/core/observation.hpp"

namespace landfall::executor {

/// Why an attempt can never land: each endpoint of `observations` for itself has finalized a block beyond the attempt's
/// life, does not know the signature after that, and the money is where it was.
struct death_certificate {
  std::uint64_t last_valid_block_height = 0;
  std::size_t endpoints_configured = 0;
  std::vector<observation> observations;
  balance_observation order_account;
  /// Whether the order account's history was searched for the message, because the id was for a maker to give.
  bool by_history = false;

  /// {"rule":"finalized_height","last_valid_block_height":n,"endpoints_configured":n,"observations":[{"endpoint":"…",
  /// "finalized_block_height":n,"finalized_slot":n,"status_context_slot":n,"status":null,"searched_history":true},…],
  /// "order_account":{"balance":"…","slot":n,"endpoint":"…"}}. A missing account has the balance "0". By history, the
  /// rule is "finalized_history", and each observation has its own "balance" and "balance_slot".
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const death_certificate&, const death_certificate&) = default;
};

}  // namespace landfall::executor
