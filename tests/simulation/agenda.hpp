#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace landfall::simulation {

/// Simulated milliseconds since 1970.
using instant = std::int64_t;

/// What happens when. Events of one instant happen in the order in which they were entered.
class agenda {
public:
  [[nodiscard]] instant now() const {
    return now_;
  }
  [[nodiscard]] std::uint64_t happened() const {
    return happened_;
  }
  void start_at(instant at) {
    now_ = at;
  }

  /// `what` is copied as bytes: it may capture pointers and numbers, and owns nothing.
  template <class F>
  void after(std::int64_t delay, F what) {
    static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= sizeof(event::bytes));
    event e;
    e.at = now_ + std::max<std::int64_t>(delay, 0);
    e.order = entered_++;
    e.call = [](void* bytes) { (*std::launder(static_cast<F*>(bytes)))(); };
    new (e.bytes) F(what);
    events_.push_back(e);
    std::push_heap(events_.begin(), events_.end(), later);
  }

  /// False if there is nothing left to happen.
  bool step() {
    if (events_.empty())
      return false;
    std::pop_heap(events_.begin(), events_.end(), later);
    auto e = events_.back();
    events_.pop_back();
    now_ = e.at;
    ++happened_;
    e.call(e.bytes);
    return true;
  }

private:
  struct event {
    instant at = 0;
    std::uint64_t order = 0;
    void (*call)(void*) = nullptr;
    alignas(std::max_align_t) std::byte bytes[64];
  };
  static bool later(const event& a, const event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  instant now_ = 0;
  std::uint64_t entered_ = 0;
  std::uint64_t happened_ = 0;
  std::vector<event> events_;
};

}  // namespace landfall::simulation
