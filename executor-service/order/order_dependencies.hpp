#pragma once

#include "common/runtime/clock.hpp"
#include "executor-service/actors/chain.hpp"
#include "executor-service/actors/ledger.hpp"
#include "executor-service/actors/maker.hpp"
#include "executor-service/actors/router.hpp"
#include "executor-service/actors/signer.hpp"
#include "executor-service/actors/turnstile.hpp"
#include "executor-service/order/order_config.hpp"
#include "executor-service/order/order_metrics.hpp"

namespace landfall::executor {

/// Actors and settings that every order actor uses. The clock outlives them all.
struct order_dependencies {
  chain_actor chain;
  ledger_actor ledger;
  signer_actor signer;
  router_actor router;
  /// Null: no maker is ever asked.
  maker_actor maker;
  /// Build permits. Swaps and payments have separate ones, so a hanging router cannot block payouts. Null: unlimited.
  turnstile_actor swap_turns;
  turnstile_actor payment_turns;
  const runtime::clock* clock = nullptr;
  solana::pubkey fee_payer;
  order_config config;
  order_metrics metrics;
};

}  // namespace landfall::executor
