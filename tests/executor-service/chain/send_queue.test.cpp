#include "executor-service/chain/send_queue.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/support/keys.hpp"

namespace landfall::executor {

namespace {

send_queue::item item(std::uint8_t n, bool again = false) {
  return std::make_shared<const outgoing>(outgoing{{landfall::tests::signature(n), {n}, again}, {}});
}

std::vector<int> drained(send_queue& queue) {
  std::vector<int> order;
  while (const auto next = queue.pop())
    order.push_back(next->transaction.front());
  return order;
}

}  // namespace

TEST_CASE("transactions that were never sent go before repeats, each in order") {
  send_queue queue{10};
  for (const auto& i : {item(1, true), item(2), item(3, true), item(4)})
    CHECK(queue.push(i) == send_queue::push_result::queued);
  CHECK(queue.size() == 4);
  CHECK(drained(queue) == std::vector{2, 4, 1, 3});
  CHECK(queue.size() == 0);
}

TEST_CASE("a queued transaction keeps its place, and may be queued again once it was sent") {
  send_queue queue{10};
  CHECK(queue.push(item(1, true)) == send_queue::push_result::queued);
  CHECK(queue.push(item(2, true)) == send_queue::push_result::queued);
  CHECK(queue.push(item(1, true)) == send_queue::push_result::already_queued);
  CHECK(drained(queue) == std::vector{1, 2});
  CHECK(queue.push(item(1, true)) == send_queue::push_result::queued);
}

TEST_CASE("repeats never take the capacity of transactions that were never sent") {
  send_queue queue{2};
  for (std::uint8_t n = 1; n <= 3; ++n)
    CHECK(queue.push(item(n, true)) == (n <= 2 ? send_queue::push_result::queued : send_queue::push_result::full));
  for (std::uint8_t n = 4; n <= 6; ++n)
    CHECK(queue.push(item(n)) == (n <= 5 ? send_queue::push_result::queued : send_queue::push_result::full));
  CHECK(drained(queue) == std::vector{4, 5, 1, 2});
}

}  // namespace landfall::executor
