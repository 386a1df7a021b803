#include "executor-service/order/build/permits.hpp"

#include <deque>
#include <set>
#include <utility>

namespace landfall::executor {

namespace {

struct semaphore_state {
  static inline const char* name = "semaphore";

  using promise = caf::typed_response_promise<permit_granted>;

  semaphore_actor::pointer self = nullptr;
  std::size_t permits = 1;
  std::set<caf::actor_addr> holders;
  std::deque<std::pair<caf::actor_addr, promise>> queue;

  caf::result<permit_granted> acquire() {
    const auto who = caf::actor_cast<caf::actor_addr>(self->current_sender());
    auto answer = self->make_response_promise<permit_granted>();
    self->monitor(who);
    queue.emplace_back(who, answer);
    grant();
    return answer;
  }

  void release(const caf::actor_addr& who) {
    if (holders.erase(who) == 0)
      return;
    self->demonitor(who);
    grant();
  }

  void on_down(const caf::actor_addr& who) {
    std::erase_if(queue, [&](const auto& waiting) { return waiting.first == who; });
    holders.erase(who);
    grant();
  }

  void grant() {
    while (!queue.empty() && holders.size() < permits) {
      auto [who, answer] = std::move(queue.front());
      queue.pop_front();
      holders.insert(who);
      answer.deliver(permit_granted{});
    }
  }
};

}  // namespace

semaphore_actor spawn_semaphore(caf::actor_system& system, std::size_t permits) {
  return system.spawn(
      [](semaphore_actor::stateful_pointer<semaphore_state> self, std::size_t bound) -> semaphore_actor::behavior_type {
        self->state.self = self;
        self->state.permits = bound;
        self->set_down_handler([self](const caf::down_msg& down) { self->state.on_down(down.source); });
        return {
            [self](permit_request) { return self->state.acquire(); },
            [self](permit_released) { self->state.release(caf::actor_cast<caf::actor_addr>(self->current_sender())); },
        };
      },
      permits);
}

}  // namespace landfall::executor
