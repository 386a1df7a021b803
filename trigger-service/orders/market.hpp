#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/clock.hpp"
#include "trigger-service/orders/core/watched_order.hpp"
#include "trigger-service/orders/decision_metrics.hpp"
#include "trigger-service/orders/decision_writer.hpp"
#include "trigger-service/prices/core/quality_gate.hpp"

namespace landfall::trigger {

/// A price of this market's feed, not judged yet.
struct price_seen {
  price_update price;
};
/// Open orders as read from the database in reading pass `pass`.
struct orders_loaded {
  std::vector<watched_order> orders;
  std::uint64_t pass = 0;
};
/// Every open order was read since `pass` began: those not seen in it are open no more.
struct orders_swept {
  std::uint64_t pass = 0;
};

using market_actor =
    caf::typed_actor<caf::reacts_to<price_seen>, caf::reacts_to<orders_loaded>, caf::reacts_to<orders_swept>>;

struct market_config {
  std::string mint;
  gate_config gates;
  /// A decision that is not durable this long after its price was received is dropped; a later price decides anew.
  domain::milliseconds write_within{10'000};
  /// Orders in the book. Above it they are not watched until there is capacity, and an error is logged.
  std::size_t max_orders = 1'000'000;
  /// Decisions sent to the writer and not answered; above it orders wait for a later price.
  std::size_t max_in_flight = 10'000;
  std::shared_ptr<const runtime::clock> clock;
  std::shared_ptr<const decision_metrics> metrics;

  /// Empty, or what is wrong, as a sentence.
  [[nodiscard]] std::string validate() const;
};

/// One trigger mint: judges each price, and sends the decisions that follow to the writer.
[[nodiscard]] market_actor spawn_market(caf::actor_system& system, market_config config, decision_writer_actor writer);

}  // namespace landfall::trigger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::price_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::orders_loaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::orders_swept)
