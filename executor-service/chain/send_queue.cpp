#include "executor-service/chain/send_queue.hpp"

#include <utility>

namespace landfall::executor {

send_queue::push_result send_queue::push(item tx) {
  if (queued_.contains(tx->id))
    return push_result::already_queued;
  auto& queue = tx->again ? repeats_ : never_sent_;
  if (queue.size() >= capacity_)
    return push_result::full;
  queued_.insert(tx->id);
  queue.push_back(std::move(tx));
  return push_result::queued;
}

send_queue::item send_queue::pop() {
  auto& queue = never_sent_.empty() ? repeats_ : never_sent_;
  if (queue.empty())
    return nullptr;
  auto tx = std::move(queue.front());
  queue.pop_front();
  queued_.erase(tx->id);
  return tx;
}

}  // namespace landfall::executor
