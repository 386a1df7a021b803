#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/order/core/engine.hpp"

namespace landfall::executor {

/// Settings of the order actor and of its builder.
struct order_config : engine_policy {
  domain::milliseconds request_timeout{20'000};
  /// For orders whose slippage is automatic.
  int automatic_slippage_bps = 100;
  /// Below this the fee payer signs nothing new.
  std::uint64_t min_fee_payer_lamports = 20'000'000;
  /// Fees and rent that one transaction may cost the fee payer.
  std::uint64_t max_fee_payer_outlay_lamports = 10'000'000;
  /// Above it the rent that an endpoint names is not believed; a token account's has been 2,039,280 for years.
  std::uint64_t max_token_account_rent_lamports = 4'000'000;
  /// Programs that the router's instructions may call.
  std::vector<solana::pubkey> router_programs;

  /// The error is a sentence.
  [[nodiscard]] domain::result<domain::done, std::string> validate() const;
};

}  // namespace landfall::executor
