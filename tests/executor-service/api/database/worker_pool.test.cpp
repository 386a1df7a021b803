#include "executor-service/api/database/worker_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>

namespace landfall::executor::api {
namespace {

TEST_SUITE("worker_pool") {
  TEST_CASE("what does not fit into the queue is refused") {
    worker_pool pool{{}, 1, 2};
    std::promise<void> running;
    std::promise<void> go_on;
    REQUIRE(pool.submit([&](postgres::database&) {
      running.set_value();
      go_on.get_future().wait();
    }));
    running.get_future().wait();
    std::atomic<int> ran{0};
    std::promise<void> last;
    CHECK(pool.submit([&](postgres::database&) { ++ran; }));
    CHECK(pool.submit([&](postgres::database&) {
      ++ran;
      last.set_value();
    }));
    CHECK_FALSE(pool.submit([&](postgres::database&) { ++ran; }));
    go_on.set_value();
    last.get_future().wait();
    CHECK(ran == 2);
  }

  TEST_CASE("a job that throws ends alone") {
    worker_pool pool{{}, 1, 8};
    REQUIRE(pool.submit([](postgres::database&) { throw std::runtime_error{"broken"}; }));
    std::promise<void> next;
    REQUIRE(pool.submit([&](postgres::database&) { next.set_value(); }));
    next.get_future().wait();
  }

  TEST_CASE("stopping drops what is queued and takes nothing more") {
    auto held = std::make_shared<int>(0);
    {
      worker_pool pool{{}, 1, 100'000'000};
      std::promise<void> running;
      std::promise<void> go_on;
      auto released = go_on.get_future();
      REQUIRE(pool.submit([&](postgres::database&) {
        running.set_value();
        released.wait();
      }));
      running.get_future().wait();
      REQUIRE(pool.submit([held](postgres::database&) { ++*held; }));
      auto stopped = std::async(std::launch::async, [&] { pool.stop(); });
      while (pool.submit([](postgres::database&) {})) {
      }
      go_on.set_value();
      stopped.get();
    }
    CHECK(*held == 0);
    CHECK(held.use_count() == 1);
  }
}

}  // namespace
}  // namespace landfall::executor::api
