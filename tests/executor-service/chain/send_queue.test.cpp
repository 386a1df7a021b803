#include "executor-service/chain/send_queue.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace landfall::executor {

namespace {

send_line::item item(std::uint8_t n, bool again = false) {
  std::array<std::uint8_t, 64> raw{};
  raw[0] = n;
  return std::make_shared<const outgoing>(outgoing{{solana::signature{raw}, {n}, again}, {}});
}

std::vector<int> drained(send_line& line) {
  std::vector<int> order;
  while (const auto next = line.next())
    order.push_back(next->transaction.front());
  return order;
}

}  // namespace

TEST_CASE("what was never sent goes before what was, each in the order it came") {
  send_line line{10};
  for (const auto& i : {item(1, true), item(2), item(3, true), item(4)})
    CHECK(line.add(i) == send_line::added::waits);
  CHECK(line.size() == 4);
  CHECK(drained(line) == std::vector{2, 4, 1, 3});
  CHECK(line.size() == 0);
}

TEST_CASE("one that waits keeps its place, and may wait again once it went") {
  send_line line{10};
  CHECK(line.add(item(1, true)) == send_line::added::waits);
  CHECK(line.add(item(2, true)) == send_line::added::waits);
  CHECK(line.add(item(1, true)) == send_line::added::waits_already);
  CHECK(drained(line) == std::vector{1, 2});
  CHECK(line.add(item(1, true)) == send_line::added::waits);
}

TEST_CASE("repeats never take the room of what was never sent") {
  send_line line{2};
  for (std::uint8_t n = 1; n <= 3; ++n)
    CHECK(line.add(item(n, true)) == (n <= 2 ? send_line::added::waits : send_line::added::full));
  for (std::uint8_t n = 4; n <= 6; ++n)
    CHECK(line.add(item(n)) == (n <= 5 ? send_line::added::waits : send_line::added::full));
  CHECK(drained(line) == std::vector{4, 5, 1, 2});
}

}  // namespace landfall::executor
