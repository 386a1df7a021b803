#pragma once

#include <caf/all.hpp>
#include <cstdint>

#include "common/domain/time.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/chain/protocol.hpp"

namespace landfall::executor {

struct fee_payer_tick {};

using fee_payer_alarm_actor = caf::typed_actor<
    /// Its own timer: read the fee payer's balance.
    caf::reacts_to<fee_payer_tick>>;

struct fee_payer_alarm_config {
  solana::pubkey fee_payer;
  /// Below this the fee payer signs nothing new.
  std::uint64_t min_lamports = 20'000'000;
  domain::milliseconds poll{2'000};
  domain::milliseconds request_timeout{20'000};
  runtime::gauge_handle lamports;
  /// Its check `fee_payer` is ok while the balance is not below the minimum. Has to outlive the actor.
  runtime::health* health = nullptr;
};

/// Warns when the fee payer runs dry. A balance that could not be read changes nothing: the check `rpc` shows that.
[[nodiscard]] fee_payer_alarm_actor spawn_fee_payer_alarm(caf::actor_system& system, fee_payer_alarm_config config,
                                                          chain_actor chain);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::fee_payer_tick)
