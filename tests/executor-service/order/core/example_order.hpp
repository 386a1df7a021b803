#pragma once

#include "common/solana/curve.hpp"
#include "common/solana/programs.hpp"
#include "executor-service/order/core/order.hpp"
#include "tests/support/keys.hpp"

namespace landfall::executor::tests {

using landfall::tests::key;

inline constexpr solana::pubkey usdc_mint = solana::pubkey::literal("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");

/// Sells 1.5 SOL for USDC; lease epoch 7; expires at 1000 s.
inline order example_order(domain::order_state state) {
  order o;
  o.id = *domain::order_id::parse("01234567-89ab-4def-8123-456789abcdef");
  o.state = state;
  o.wallet = key(1);
  o.vault = key(2);
  o.order_account = key(3);
  o.output_account = *solana::create_with_seed(o.vault, o.id.to_hex(), solana::programs::token);
  o.input = {solana::mints::wrapped_sol, "SOL", 9, solana::programs::token};
  o.output = {usdc_mint, "USDC", 6, solana::programs::token};
  o.input_amount = domain::token_amount{1'500'000'000};
  o.expires_at = domain::from_unix_ms(1'000'000);
  o.deposit_expires_at = domain::from_unix_ms(100'000);
  o.lease_epoch = 7;
  return o;
}

inline attempt example_attempt(attempt_kind kind, int ordinal, std::optional<attempt_outcome> outcome = {}) {
  attempt a;
  a.id = domain::attempt_id::random();
  a.kind = kind;
  a.ordinal = ordinal;
  a.outcome = outcome;
  return a;
}

}  // namespace landfall::executor::tests
