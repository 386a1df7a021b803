#include "common/net/delivery.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace landfall::net;

TEST_CASE("of several last callbacks one comes through, and nothing after it") {
  delivery d{delivery::mode::one_at_a_time};
  std::atomic<int> ends{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { d.run_last([&] { ++ends; }); });
  for (auto& t : threads)
    t.join();
  CHECK(ends == 1);
  CHECK_FALSE(d.run([&] { ++ends; }));
}

TEST_CASE("callbacks do not overlap if they are to run one at a time") {
  delivery d{delivery::mode::one_at_a_time};
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n)
        d.run([&] {
          if (++inside > 1)
            overlapped = true;
          --inside;
        });
    });
  for (auto& t : threads)
    t.join();
  CHECK_FALSE(overlapped);
}

TEST_CASE("close waits for the callback of another thread but not for its own") {
  delivery d{delivery::mode::concurrent};
  std::atomic<bool> entered{false};
  std::atomic<bool> closing{false};
  std::atomic<bool> left{false};
  std::thread other{[&] {
    d.run([&] {
      entered = true;
      while (!closing)
        std::this_thread::yield();
      left = true;
    });
  }};
  while (!entered)
    std::this_thread::yield();
  closing = true;
  CHECK_FALSE(d.close());
  CHECK(left);
  other.join();

  delivery own{delivery::mode::one_at_a_time};
  bool inside = false;
  CHECK(own.run([&] { inside = own.close(); }));
  CHECK(inside);
}
