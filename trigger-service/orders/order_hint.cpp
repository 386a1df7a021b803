#include "trigger-service/orders/order_hint.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <memory>
#include <utility>

#include "common/domain/order_state.hpp"
#include "common/runtime/log.hpp"

namespace landfall::trigger {

namespace {

struct hint_state {
  static inline const char* name = "order_hint";

  order_hint_config config;
  order_loader_actor loader;
  std::unique_ptr<postgres::listener> listener;
};

using self_pointer = order_hint_actor::stateful_pointer<hint_state>;

void listen(self_pointer self) {
  auto& state = self->state;
  const auto notified = state.listener->wait(state.config.wait);
  if (!notified) {
    runtime::log_debug("hints_lost", {{"why", notified.error().message}});
    self->delayed_send(self, state.config.retry, listen_on{});
    return;
  }
  const auto opened = to_string(domain::order_state::open);
  if (std::find(notified->begin(), notified->end(), opened) != notified->end())
    self->send(state.loader, orders_hint{});
  self->send(self, listen_on{});
}

order_hint_actor::behavior_type behaviour(self_pointer self, order_hint_config config, order_loader_actor loader) {
  auto& state = self->state;
  state.listener = std::make_unique<postgres::listener>(config.database, config.channel);
  state.config = std::move(config);
  state.loader = std::move(loader);
  self->send(self, listen_on{});
  return {[self](listen_on) { listen(self); }};
}

}  // namespace

order_hint_actor spawn_order_hint(caf::actor_system& system, order_hint_config config, order_loader_actor loader) {
  return system.spawn<caf::detached>(behaviour, std::move(config), std::move(loader));
}

}  // namespace landfall::trigger
