#include "common/net/delivery.hpp"

#include <algorithm>

namespace landfall::net {

bool delivery::enter(bool last) {
  std::unique_lock lock{mutex_};
  if (mode_ == mode::one_at_a_time)
    changed_.wait(lock, [&] { return closed_ || running_.size() == own(); });
  if (closed_)
    return false;
  closed_ = last;
  running_.push_back(std::this_thread::get_id());
  if (last)
    changed_.notify_all();
  return true;
}

void delivery::leave() {
  const std::lock_guard lock{mutex_};
  running_.erase(std::ranges::find(running_, std::this_thread::get_id()));
  changed_.notify_all();
}

bool delivery::close() {
  std::unique_lock lock{mutex_};
  closed_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return running_.size() == own(); });
  return own() != 0;
}

bool delivery::closed() const {
  const std::lock_guard lock{mutex_};
  return closed_;
}

std::size_t delivery::own() const {
  return static_cast<std::size_t>(std::ranges::count(running_, std::this_thread::get_id()));
}

}  // namespace landfall::net
