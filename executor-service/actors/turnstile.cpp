#include "executor-service/actors/turnstile.hpp"

#include <deque>
#include <set>
#include <utility>

namespace landfall::executor {

namespace {

struct turnstile_state {
  static inline const char* name = "turnstile";

  using promise = caf::typed_response_promise<turn_granted>;

  turnstile_actor::pointer self = nullptr;
  std::size_t at_once = 1;
  std::set<caf::actor_addr> inside;
  std::deque<std::pair<caf::actor_addr, promise>> line;

  caf::result<turn_granted> enter() {
    const auto who = caf::actor_cast<caf::actor_addr>(self->current_sender());
    auto answer = self->make_response_promise<turn_granted>();
    self->monitor(who);
    line.emplace_back(who, answer);
    let_in();
    return answer;
  }

  void leave(const caf::actor_addr& who) {
    if (inside.erase(who) == 0)
      return;
    self->demonitor(who);
    let_in();
  }

  void gone(const caf::actor_addr& who) {
    std::erase_if(line, [&](const auto& waiting) { return waiting.first == who; });
    inside.erase(who);
    let_in();
  }

  void let_in() {
    while (!line.empty() && inside.size() < at_once) {
      auto [who, answer] = std::move(line.front());
      line.pop_front();
      inside.insert(who);
      answer.deliver(turn_granted{});
    }
  }
};

}  // namespace

turnstile_actor spawn_turnstile(caf::actor_system& system, std::size_t at_once) {
  return system.spawn(
      [](turnstile_actor::stateful_pointer<turnstile_state> self, std::size_t bound) -> turnstile_actor::behavior_type {
        self->state.self = self;
        self->state.at_once = bound;
        self->set_down_handler([self](const caf::down_msg& down) { self->state.gone(down.source); });
        return {
            [self](turn_request) { return self->state.enter(); },
            [self](turn_done) { self->state.leave(caf::actor_cast<caf::actor_addr>(self->current_sender())); },
        };
      },
      at_once);
}

}  // namespace landfall::executor
