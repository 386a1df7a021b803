#include "executor-service/order/core/claim_capacity.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace landfall::executor;

namespace {

claim_policy policy_of(std::size_t max_in_flight, std::size_t batch, std::size_t share) {
  return {max_in_flight, batch, share};
}

}  // namespace

TEST_CASE("nothing in flight: a batch of each kind, and never more than all places together") {
  const auto room = capacity_to_claim(policy_of(512, 64, 25), {});
  CHECK(room.new_work == 64);
  CHECK(room.started == 64);
  CHECK(room.together == 512);
  const auto small = capacity_to_claim(policy_of(10, 64, 25), {});
  CHECK(small.new_work == 8);
  CHECK(small.started == 8);
  CHECK(small.together == 10);
}

TEST_CASE("neither kind takes the places that are reserved for the other") {
  const auto policy = policy_of(100, 64, 25);
  CHECK(capacity_to_claim(policy, {0, 75}).started == 0);
  CHECK(capacity_to_claim(policy, {0, 75}).new_work == 25);
  CHECK(capacity_to_claim(policy, {75, 0}).new_work == 0);
  CHECK(capacity_to_claim(policy, {75, 0}).started == 25);
  // One place short of its reserve: that place is nobody else's.
  CHECK(capacity_to_claim(policy, {24, 70}).started == 5);
  CHECK(capacity_to_claim(policy, {24, 75}).started == 0);
  CHECK(capacity_to_claim(policy, {24, 75}).new_work == 1);
}

TEST_CASE("all places taken: nothing is claimed") {
  const auto policy = policy_of(100, 64, 25);
  for (std::size_t taken = 25; taken <= 75; ++taken) {
    const auto room = capacity_to_claim(policy, {taken, 100 - taken});
    CHECK(room.new_work == 0);
    CHECK(room.started == 0);
    CHECK(room.together == 0);
  }
  // More than there are places, as after a smaller setting: no wrap around.
  CHECK(capacity_to_claim(policy, {90, 90}).together == 0);
}

TEST_CASE("a single place is shared by both kinds; with two each has its own") {
  CHECK(capacity_to_claim(policy_of(1, 64, 25), {}).new_work == 1);
  CHECK(capacity_to_claim(policy_of(1, 64, 25), {}).started == 1);
  CHECK(capacity_to_claim(policy_of(2, 64, 1), {0, 1}).started == 0);
  CHECK(capacity_to_claim(policy_of(2, 64, 1), {0, 1}).new_work == 1);
}

TEST_CASE("with an endless backlog of started work each new order begins within one round") {
  const auto policy = policy_of(64, 16, 25);
  in_flight_count now;
  std::deque<int> started_ends;
  constexpr int rounds_a_place_is_held = 7;
  for (int round = 0; round < 200; ++round) {
    while (!started_ends.empty() && started_ends.front() <= round) {
      started_ends.pop_front();
      --now.started;
    }
    const auto room = capacity_to_claim(policy, now);
    // One new order a round, which is over by the next one.
    CHECK(room.new_work >= 1);
    const auto taken = std::min(room.started, room.together - 1);
    now.started += taken;
    started_ends.insert(started_ends.end(), taken, round + rounds_a_place_is_held);
    CHECK(now.started + 1 <= policy.max_in_flight);
    CHECK(now.started <= policy.max_in_flight - reserved_slots(policy));
  }
  CHECK(now.started == policy.max_in_flight - reserved_slots(policy));
}
