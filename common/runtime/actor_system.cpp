#include "common/runtime/actor_system.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/after.hpp>
#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/system_messages.hpp>

namespace landfall::runtime {

// The policy has to be an atom: with a text CAF prints a complaint and keeps its default.
void configure_actor_system(caf::actor_system_config& config, std::size_t max_threads) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", static_cast<std::uint64_t>(std::max<std::size_t>(max_threads, 1)));
}

namespace {

using deadline = std::chrono::steady_clock::time_point;

/// False if `actor` was not down at the deadline. What others sent meanwhile is passed over: the down message of an
/// actor that was given up comes when it likes.
bool down_by(caf::scoped_actor& self, const caf::actor_addr& actor, deadline end) {
  bool down = false;
  bool late = false;
  while (!down && !late) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    self->receive([&](const caf::down_msg& message) { down = message.source == actor; },
                  caf::after(std::max(left, std::chrono::milliseconds{0})) >> [&] { late = true; });
  }
  return down;
}

}  // namespace

std::size_t stop_actors(caf::actor_system& system, std::vector<caf::strong_actor_ptr> actors,
                        std::chrono::milliseconds bound) {
  caf::scoped_actor self{system};
  const auto end = std::chrono::steady_clock::now() + bound;
  std::size_t killed = 0;
  for (auto& pointer : actors) {
    if (!pointer)
      continue;
    const auto actor = caf::actor_cast<caf::actor>(std::exchange(pointer, nullptr));
    self->monitor(actor);
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    if (down_by(self, actor.address(), end))
      continue;
    self->demonitor(actor);
    self->send_exit(actor, caf::exit_reason::kill);
    ++killed;
  }
  return killed;
}

}  // namespace landfall::runtime
