#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "common/runtime/health.hpp"
#include "trigger-service/orders/market.hpp"
#include "trigger-service/orders/order_loader.hpp"
#include "trigger-service/prices/feed.hpp"

namespace landfall::trigger {

/// Names the loader, which is asked for all orders again when a market was lost.
struct use_loader {
  order_loader_actor loader;
};
/// The supervisor's own: is the feed fresh?
struct supervise_tick {};

using supervisor_actor =
    caf::typed_actor<caf::reacts_to<prices_seen>, caf::reacts_to<tokens_loaded>, caf::reacts_to<orders_loaded>,
                     caf::reacts_to<orders_swept>, caf::reacts_to<use_loader>, caf::reacts_to<supervise_tick>>;

struct supervisor_config {
  feed_config feed;
  /// Of every market; the mint is filled in.
  market_config market;
  /// The feed counts as fresh while any market accepted a price within this time.
  std::chrono::milliseconds fresh_for{15'000};
  std::chrono::milliseconds tick{1'000};
  std::shared_ptr<const runtime::clock> clock;
  std::shared_ptr<const decision_metrics> metrics;
  /// Gets the check "price_feed".
  std::shared_ptr<runtime::health> health;

  /// Empty, or what is wrong, as a sentence.
  [[nodiscard]] std::string validate() const;
};

/// Keeps the feed and one market a token, starts anew what fails, and takes prices and orders to their markets.
[[nodiscard]] supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_config config,
                                                decision_writer_actor writer);

}  // namespace landfall::trigger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::use_loader)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::supervise_tick)
