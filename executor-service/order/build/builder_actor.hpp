#pragma once

#include <caf/all.hpp>
#include <memory>

#include "common/domain/time.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/chain/protocol.hpp"
#include "executor-service/order/build/core/build_plan.hpp"
#include "executor-service/order/build/maker/maker_actor.hpp"
#include "executor-service/order/build/router/router_actor.hpp"
#include "executor-service/order/build/signer.hpp"

namespace landfall::executor {

struct build_metrics {
  runtime::counter_handle makers_taken;
  runtime::counter_handle makers_refused;
  runtime::gauge_handle fee_payer_lamports;
};

/// Actors and settings that every builder uses. The clock outlives them all.
struct build_dependencies {
  chain_actor chain;
  signer_actor signer;
  router_actor router;
  /// Null: no maker is ever asked.
  maker_actor maker;
  const runtime::clock* clock = nullptr;
  solana::pubkey fee_payer;
  build_policy policy;
  /// Timeout of one request.
  domain::milliseconds question_timeout{20'000};
  build_metrics build_counts;
};

struct build_request {};
struct build_reply {
  std::shared_ptr<const built_result> result;
};

using builder_actor = caf::typed_actor<
    /// Makes one signed transaction. Answers once.
    caf::replies_to<build_request>::with<build_reply>>;

/// Makes the next attempt of `kind` for the order; ends after its answer. `build_plan` decides what it asks, and what
/// follows from the answers.
builder_actor spawn_builder(caf::actor_system& system, order o, attempt_kind kind,
                            std::shared_ptr<const build_dependencies> with);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::build_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::build_reply)
