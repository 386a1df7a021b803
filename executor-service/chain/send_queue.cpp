#include "executor-service/chain/send_queue.hpp"

#include <utility>

namespace landfall::executor {

send_line::added send_line::add(item what) {
  if (waiting_.contains(what->id))
    return added::waits_already;
  auto& line = what->again ? again_ : never_sent_;
  if (line.size() >= bound_)
    return added::full;
  waiting_.insert(what->id);
  line.push_back(std::move(what));
  return added::waits;
}

send_line::item send_line::next() {
  auto& line = never_sent_.empty() ? again_ : never_sent_;
  if (line.empty())
    return nullptr;
  auto what = std::move(line.front());
  line.pop_front();
  waiting_.erase(what->id);
  return what;
}

}  // namespace landfall::executor
