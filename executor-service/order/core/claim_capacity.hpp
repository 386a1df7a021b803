#pragma once

#include <algorithm>
#include <cstddef>

namespace landfall::executor {

/// How many orders one instance works on at once, and how they are shared out between the two kinds of work: new work
/// is what the trigger service decided on and nobody began; started work is everything that is on its way already, such
/// as what an executor that crashed left behind.
struct claim_policy {
  std::size_t max_in_flight = 512;
  /// Orders of each kind claimed in one commit.
  std::size_t claim_batch = 64;
  /// Share of `max_in_flight` that is reserved for new work; started work has a reserve of the same size.
  std::size_t reserved_share_percent = 25;
};

struct in_flight_count {
  std::size_t new_work = 0;
  std::size_t started = 0;
};

/// How many may be claimed now: of each kind, and together.
struct claim_capacity {
  std::size_t new_work = 0;
  std::size_t started = 0;
  std::size_t together = 0;
};

[[nodiscard]] inline std::size_t reserved_slots(const claim_policy& policy) {
  if (policy.max_in_flight < 2)
    return 0;
  const auto share = policy.max_in_flight * policy.reserved_share_percent / 100;
  return std::clamp<std::size_t>(share, 1, policy.max_in_flight / 2);
}

/// Whatever else is due, each kind gets its reserved slots as soon as they are free.
[[nodiscard]] inline claim_capacity capacity_to_claim(const claim_policy& policy, const in_flight_count& now) {
  const auto left = [](std::size_t of, std::size_t taken) { return of > taken ? of - taken : 0; };
  const auto reserved = reserved_slots(policy);
  const auto free = left(policy.max_in_flight, now.new_work + now.started);
  const auto of_kind = [&](std::size_t taken, std::size_t other_taken) {
    return std::min(
        {policy.claim_batch, left(policy.max_in_flight - reserved, taken), left(free, left(reserved, other_taken))});
  };
  return {of_kind(now.new_work, now.started), of_kind(now.started, now.new_work), free};
}

}  // namespace landfall::executor
