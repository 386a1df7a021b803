#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <string>

#include "common/postgres/database.hpp"
#include "trigger-service/orders/order_loader.hpp"

namespace landfall::trigger {

/// The actor's own: wait for the next notification.
struct listen_on {};

using order_hint_actor = caf::typed_actor<caf::reacts_to<listen_on>>;

struct order_hint_config {
  postgres::database::options database;
  /// The channel of LISTEN: each transition notifies its new state there.
  std::string channel = "landfall_order";
  /// How long one wait lasts; an exit takes effect between two waits.
  std::chrono::milliseconds wait{250};
  std::chrono::milliseconds retry{2'000};
};

/// Sends the loader `orders_hint` as soon as an order opened. The loader's poll finds what this misses.
[[nodiscard]] order_hint_actor spawn_order_hint(caf::actor_system& system, order_hint_config config,
                                                order_loader_actor loader);

}  // namespace landfall::trigger

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::trigger::listen_on)
