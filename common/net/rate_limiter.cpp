#include "common/net/rate_limiter.hpp"

#include <algorithm>

namespace landfall::net {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr backoff_policy pauses{milliseconds{250}, milliseconds{10'000}, jitter::decorrelated};
constexpr std::uint32_t max_requests_per_window = 1'000'000;

/// Rounded up: waiting that long is enough.
milliseconds up(std::chrono::steady_clock::duration d) {
  return std::max(std::chrono::ceil<milliseconds>(d), milliseconds{1});
}

}  // namespace

std::string_view to_string(purpose p) noexcept {
  constexpr std::array<std::string_view, purpose_count> names{"confirmation", "broadcast", "verification",
                                                              "read",         "quote",     "stream"};
  return names[static_cast<std::size_t>(p)];
}

rate_limiter::rate_limiter(rate_limit limit, std::uint64_t seed)
    : settings_(limit), limit_(limit.requests_per_window), backoff_(pauses), random_state_(seed) {}

std::uint64_t rate_limiter::random() {
  // SplitMix64
  random_state_ += 0x9e3779b97f4a7c15U;
  auto z = random_state_;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// ---- Window and budgets ----

/// A share of one window, and one token at least.
std::int64_t rate_limiter::token_bound(std::size_t p) const {
  return std::max(token_cost(), static_cast<std::int64_t>(limit_) * purpose_budgets[p].share_percent *
                                    duration_cast<microseconds>(settings_.window).count());
}

void rate_limiter::refill(time now) {
  if (!started_) {
    started_ = true;
    refilled_at_ = now;
    for (std::size_t p = 0; p < purpose_count; ++p)
      budget_[p] = token_bound(p);
    return;
  }
  if (now <= refilled_at_)
    return;
  // A hundred windows fill every bucket: a share is at least one percent.
  const auto elapsed = std::min<std::chrono::steady_clock::duration>(now - refilled_at_, 100 * settings_.window);
  const auto us = duration_cast<microseconds>(elapsed);
  refilled_at_ = elapsed < now - refilled_at_ ? now : refilled_at_ + us;
  for (std::size_t p = 0; p < purpose_count; ++p) {
    const auto rate = static_cast<std::int64_t>(limit_) * purpose_budgets[p].share_percent;
    const auto capacity = token_bound(p) - std::min(budget_[p], token_bound(p));
    budget_[p] = std::min(budget_[p], token_bound(p)) + (us.count() > capacity / rate ? capacity : rate * us.count());
  }
}

void rate_limiter::advance(time now) {
  while (!used_.empty() && used_.front().free_at <= now)
    used_.pop_front();
  if (limit_ < settings_.requests_per_window && now >= grow_at_) {
    limit_ = std::min(settings_.requests_per_window, limit_ + std::max<std::uint32_t>(1, limit_ / 10));
    grow_at_ = now + settings_.window;
  }
  if (credit_ && *credit_ <= 0 && now >= credit_until_) {
    credit_ = 1;
    credit_until_ = now + settings_.window;
  }
  refill(now);
}

std::int64_t rate_limiter::free_slots() const {
  return static_cast<std::int64_t>(limit_) - static_cast<std::int64_t>(in_flight_ + used_.size());
}

/// What those who rank above `p` are entitled to, up to half of the window.
std::int64_t rate_limiter::held_back(std::size_t p) const {
  std::int64_t sum = 0;
  for (std::size_t above = 0; above < p; ++above)
    if (seen_[above])
      sum += tokens(above);
  return std::min<std::int64_t>(sum, limit_ / 2);
}

bool rate_limiter::is_open(time now) const {
  return now >= paused_until_ && (!credit_ || *credit_ > 0) && free_slots() > 0;
}

std::optional<std::size_t> rate_limiter::choose(time now) const {
  if (!is_open(now))
    return std::nullopt;
  // The last ranks first among those that are about to be refused: else a server slower than its own limit would leave
  // nothing for them.
  for (std::size_t p = purpose_count; p-- > 0;)
    if (!queues_[p].empty() && tokens(p) > 0 && now - queues_[p].front().since >= purpose_budgets[p].max_wait / 2)
      return p;
  for (std::size_t p = 0; p < purpose_count; ++p)
    if (!queues_[p].empty() && tokens(p) > 0)
      return p;
  for (std::size_t p = 0; p < purpose_count; ++p)
    if (!queues_[p].empty() && free_slots() > held_back(p))
      return p;
  return std::nullopt;
}

void rate_limiter::take(std::size_t p) {
  ++in_flight_;
  if (tokens(p) > 0)
    budget_[p] -= token_cost();
  if (credit_)
    --*credit_;
}

// ---- Permits ----

std::uint64_t rate_limiter::ask(purpose p, time now) {
  seen_[index(p)] = true;
  queues_[index(p)].push_back({++last_ticket_, now});
  return last_ticket_;
}

void rate_limiter::cancel(std::uint64_t ticket) {
  for (auto& queue : queues_)
    std::erase_if(queue, [&](const waiter& w) { return w.ticket == ticket; });
}

std::vector<rate_limiter::settled> rate_limiter::settle(time now) {
  advance(now);
  std::vector<settled> done;
  const auto leave = [&](std::size_t p, const waiter& w, bool granted) {
    const auto waited = std::max(duration_cast<milliseconds>(now - w.since), milliseconds{0});
    done.push_back({w.ticket, static_cast<purpose>(p), granted, waited, milliseconds{0}});
  };
  while (const auto p = choose(now)) {
    leave(*p, queues_[*p].front(), true);
    queues_[*p].pop_front();
    take(*p);
  }
  for (std::size_t p = 0; p < purpose_count; ++p) {
    auto& queue = queues_[p];
    const auto& budget = purpose_budgets[p];
    const auto refuse = [&](const waiter& w) {
      leave(p, w, false);
      done.back().retry_after = wait_estimate(p, now);
    };
    while (!queue.empty() && std::max(now, paused_until_) - queue.front().since >= budget.max_wait) {
      refuse(queue.front());
      queue.pop_front();
    }
    while (queue.size() > budget.max_waiting) {
      refuse(queue.back());
      queue.pop_back();
    }
  }
  return done;
}

rate_limiter::time rate_limiter::token_at(std::size_t p, time now) const {
  const auto lacks = token_cost() - budget_[p];
  if (lacks <= 0)
    return now;
  const auto rate = static_cast<std::int64_t>(limit_) * purpose_budgets[p].share_percent;
  return std::max(now, refilled_at_ + microseconds{lacks / rate + 1});
}

std::optional<rate_limiter::time> rate_limiter::next_settle(time now) const {
  std::optional<time> next;
  const auto at = [&](time t) { next = std::min(next.value_or(t), t); };
  bool anyone = false;
  for (std::size_t p = 0; p < purpose_count; ++p) {
    if (queues_[p].empty())
      continue;
    anyone = true;
    at(queues_[p].front().since + purpose_budgets[p].max_wait);
    if (now >= paused_until_ && free_slots() > 0)
      at(token_at(p, now));
  }
  if (!anyone)
    return std::nullopt;
  if (now < paused_until_)
    at(paused_until_);
  else if (credit_ && *credit_ <= 0)
    at(credit_until_);
  else if (!used_.empty())
    at(used_.front().free_at);
  return std::max(*next, now + milliseconds{1});
}

std::optional<milliseconds> rate_limiter::try_take(purpose p, time now) {
  advance(now);
  const auto at = index(p);
  seen_[at] = true;
  const bool first = std::ranges::all_of(queues_, [](const auto& queue) { return queue.empty(); });
  if (first && is_open(now) && (tokens(at) > 0 || free_slots() > held_back(at))) {
    take(at);
    return std::nullopt;
  }
  return wait_estimate(at, now);
}

milliseconds rate_limiter::wait_estimate(std::size_t p, time now) const {
  if (now < paused_until_)
    return up(paused_until_ - now);
  if (credit_ && *credit_ <= 0)
    return up(std::max(credit_until_ - now, std::chrono::steady_clock::duration::zero()));
  if (free_slots() <= 0)
    return up(used_.empty() ? settings_.window : used_.front().free_at - now);
  return up(token_at(p, now) - now);
}

bool rate_limiter::has_spare(time now) const {
  const bool waiting = std::ranges::any_of(queues_, [](const auto& queue) { return !queue.empty(); });
  const auto gone = std::ranges::count_if(used_, [&](const used_slot& s) { return s.free_at <= now; });
  const auto free = free_slots() + gone;
  return !waiting && now >= paused_until_ && (!credit_ || *credit_ > 1) && limit_ == settings_.requests_per_window &&
         free > limit_ / 2;
}

milliseconds rate_limiter::pause_left(time now) const {
  return now < paused_until_ ? up(paused_until_ - now) : milliseconds{0};
}

milliseconds rate_limiter::longest_wait(purpose p, milliseconds answer_time) const {
  // A token of its own, and then a slot that somebody else leaves.
  const auto rate = static_cast<std::int64_t>(limit_) * purpose_budgets[index(p)].share_percent;
  return milliseconds{100 * settings_.window.count() / rate + 1} + 2 * (settings_.window + answer_time);
}

// ---- Answers ----

void rate_limiter::answered(time now, const limit_signal& signal) {
  advance(now);
  const bool refused = signal.status == 429 || signal.status == 503;
  in_flight_ -= in_flight_ > 0 ? 1 : 0;
  used_.push_back({now + settings_.window, signal.status > 0 && !refused});
  if (refused)
    slow_down(now, signal);
  else if (signal.status > 0 && now >= paused_until_)
    backoff_.reset();
  learn(now, signal);
}

void rate_limiter::slow_down(time now, const limit_signal& signal) {
  // Answers to what was under way at the first refusal tell nothing new.
  const bool first = now >= paused_until_;
  auto pause = std::clamp(signal.retry_after.value_or(milliseconds{0}), milliseconds{0}, max_pause);
  if (first)
    pause = std::max(pause, backoff_.next(random()));
  paused_until_ = std::max(paused_until_, now + pause);
  if (!first || signal.status != 429)
    return;
  const auto accepted =
      static_cast<std::uint32_t>(std::ranges::count_if(used_, [](const used_slot& s) { return s.accepted; }));
  const auto tried = static_cast<std::uint32_t>(used_.size() + in_flight_);
  // Far below what was taken before, a refusal has another cause than our number: the pause answers it. Lowering the
  // limit each time would end at nothing, for a pause leaves the window empty.
  const bool learned = limit_ < settings_.requests_per_window;
  if (learned && tried <= limit_ / 2)
    return;
  const auto floor = std::min(limit_, least_learned_limit);
  limit_ = std::clamp<std::uint32_t>(std::max(accepted, tried / 2), floor, limit_);
  grow_at_ = now + clean_windows_before_growth * settings_.window;
}

void rate_limiter::learn(time now, const limit_signal& signal) {
  if (signal.remaining) {
    // What is under way may not have been counted yet.
    credit_ =
        std::clamp<std::int64_t>(*signal.remaining, 0, max_requests_per_window) - static_cast<std::int64_t>(in_flight_);
    credit_until_ = now + std::clamp(signal.reset_in.value_or(settings_.window), milliseconds{1}, max_pause);
  } else if (signal.status == 200) {
    credit_.reset();
  }
}

}  // namespace landfall::net
