#include "executor-service/api/database/database_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/actor_system_fixture.hpp"

namespace landfall::executor::api {
namespace {

/// A task that holds a database actor until it is released.
struct held_actor {
  std::promise<void> running;
  std::promise<void> go_on;

  database_task task() {
    return [this](postgres::database&) {
      running.set_value();
      go_on.get_future().wait();
    };
  }
};

TEST_SUITE("database_pool") {
  TEST_CASE_FIXTURE(landfall::tests::actor_system_fixture, "what does not fit into the queue is refused") {
    held_actor held;
    database_pool pool{system, {{}, 1, 2}};
    REQUIRE(pool.submit(held.task()));
    held.running.get_future().wait();
    std::atomic<int> ran{0};
    std::promise<void> last;
    CHECK(pool.submit([&](postgres::database&) { ++ran; }));
    CHECK(pool.submit([&](postgres::database&) {
      ++ran;
      last.set_value();
    }));
    CHECK_FALSE(pool.submit([&](postgres::database&) { ++ran; }));
    held.go_on.set_value();
    last.get_future().wait();
    CHECK(ran == 2);
  }

  TEST_CASE_FIXTURE(landfall::tests::actor_system_fixture,
                    "a later step of what was admitted is taken at the bound, and goes first") {
    held_actor held;
    database_pool pool{system, {{}, 1, 1}};
    REQUIRE(pool.submit(held.task()));
    held.running.get_future().wait();
    std::string sequence;
    std::promise<void> last;
    CHECK(pool.submit([&](postgres::database&) {
      sequence += "new ";
      last.set_value();
    }));
    pool.resume([&](postgres::database&) { sequence += "resumed "; });
    CHECK_FALSE(pool.submit([](postgres::database&) {}));
    held.go_on.set_value();
    last.get_future().wait();
    CHECK(sequence == "resumed new ");
  }

  TEST_CASE_FIXTURE(landfall::tests::actor_system_fixture,
                    "an actor that is held delays nobody: any idle one takes the next task") {
    held_actor held;
    database_pool pool{system, {{}, 2, 100}};
    REQUIRE(pool.submit(held.task()));
    held.running.get_future().wait();
    std::atomic<int> ran{0};
    std::promise<void> last;
    for (int i = 0; i < 50; ++i)
      REQUIRE(pool.submit([&](postgres::database&) {
        if (++ran == 50)
          last.set_value();
      }));
    last.get_future().wait();
    CHECK(ran == 50);
    held.go_on.set_value();
  }

  TEST_CASE_FIXTURE(landfall::tests::actor_system_fixture, "a task that throws ends alone") {
    database_pool pool{system, {{}, 1, 8}};
    REQUIRE(pool.submit([](postgres::database&) { throw std::runtime_error{"broken"}; }));
    std::promise<void> next;
    REQUIRE(pool.submit([&](postgres::database&) { next.set_value(); }));
    next.get_future().wait();
  }

  TEST_CASE_FIXTURE(landfall::tests::actor_system_fixture, "stopping drops what is queued and takes nothing more") {
    auto kept = std::make_shared<int>(0);
    {
      held_actor held;
      database_pool pool{system, {{}, 1, 100'000'000}};
      REQUIRE(pool.submit(held.task()));
      held.running.get_future().wait();
      REQUIRE(pool.submit([kept](postgres::database&) { ++*kept; }));
      auto stopped = std::async(std::launch::async, [&] { pool.stop(std::chrono::minutes{1}); });
      while (pool.submit([](postgres::database&) {})) {
      }
      pool.resume([kept](postgres::database&) { ++*kept; });
      held.go_on.set_value();
      stopped.get();
    }
    CHECK(*kept == 0);
    CHECK(kept.use_count() == 1);
  }
}

}  // namespace
}  // namespace landfall::executor::api
