#include "trigger-service/orders/decision_writer.hpp"

#include <doctest/doctest.h>

#include "tests/trigger-service/trigger_fixture.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;
using postgres::error_kind;

namespace {

std::vector<decision> decisions(trigger_fixture& b, unsigned first, unsigned count) {
  std::vector<decision> out;
  for (unsigned n = first; n < first + count; ++n) {
    b.sink->open.insert(order_number(n));
    out.push_back(sample_decision(n, b.clock->now()));
  }
  return out;
}

}  // namespace

TEST_SUITE("trigger-service/orders/decision_writer") {
  TEST_CASE("decisions that come within the wait share one commit") {
    trigger_fixture b;
    const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
    const auto first = ask(b, writer, decisions(b, 1, 1));
    const auto second = ask(b, writer, decisions(b, 2, 2));
    b.run();
    CHECK(b.sink->batches.empty());
    b.advance(5ms);
    REQUIRE(b.sink->batches.size() == 1);
    CHECK(b.sink->batches.front().size() == 3);
    REQUIRE(first->has_value());
    CHECK((*first)->outcomes == std::vector{decision_outcome::applied});
    CHECK((*second)->outcomes == std::vector{decision_outcome::applied, decision_outcome::applied});
  }

  TEST_CASE("a full batch does not wait and a batch is never larger than its bound") {
    trigger_fixture b;
    const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
    const auto answer = ask(b, writer, decisions(b, 1, 600));
    b.run();
    REQUIRE(b.sink->batches.size() == 3);
    CHECK(b.sink->batches[0].size() == 256);
    CHECK(b.sink->batches[1].size() == 256);
    CHECK(b.sink->batches[2].size() == 88);
    CHECK(answer->has_value());
  }

  TEST_CASE("what was not acknowledged is written again until it is") {
    for (const auto kind : {error_kind::unavailable, error_kind::conflict, error_kind::in_doubt, error_kind::defect}) {
      CAPTURE(to_string(kind));
      trigger_fixture b;
      b.sink->errors = {kind, kind, kind};
      const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
      const auto answer = ask(b, writer, decisions(b, 1, 3));
      b.advance(5ms);
      CHECK_FALSE(answer->has_value());
      b.advance(9s);
      REQUIRE(answer->has_value());
      CHECK((*answer)->outcomes == std::vector(3, decision_outcome::applied));
      CHECK(b.sink->open.empty());
    }
  }

  TEST_CASE("an order that is open no more is told as not moved") {
    trigger_fixture b;
    const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
    auto two = decisions(b, 1, 2);
    b.sink->open.erase(order_number(1));
    const auto answer = ask(b, writer, two);
    b.advance(5ms);
    REQUIRE(answer->has_value());
    CHECK((*answer)->outcomes == std::vector{decision_outcome::not_applied, decision_outcome::applied});
  }

  TEST_CASE("a decision that could not be written in time lapses instead of moving an order on an old price") {
    trigger_fixture b;
    b.sink->errors.assign(1'000, error_kind::unavailable);
    const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
    const auto answer = ask(b, writer, decisions(b, 1, 1));
    b.advance(9s);
    CHECK_FALSE(answer->has_value());
    b.advance(4s);
    REQUIRE(answer->has_value());
    CHECK((*answer)->outcomes == std::vector{decision_outcome::lapsed});
    b.sink->errors.clear();
    b.advance(5s);
    CHECK(b.sink->batches.empty());
  }

  TEST_CASE("beyond its bound the writer says so at once and keeps what it has") {
    trigger_fixture b;
    auto config = b.writer_config();
    config.max_queued = 300;
    b.sink->errors = {error_kind::unavailable};
    const auto writer = b.keep(spawn_decision_writer(b.system, std::move(config)));
    const auto kept = ask(b, writer, decisions(b, 1, 300));
    b.run();
    const auto refused = ask(b, writer, decisions(b, 1'000, 1));
    b.run();
    REQUIRE(refused->has_value());
    CHECK((*refused)->outcomes == std::vector{decision_outcome::overloaded});
    b.advance(3s);
    REQUIRE(kept->has_value());
    CHECK((*kept)->outcomes == std::vector(300, decision_outcome::applied));
  }

  TEST_CASE("a drain writes what waits before the wait is over") {
    trigger_fixture b;
    const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
    const auto answer = ask(b, writer, decisions(b, 1, 300));
    b.sink->open.insert(order_number(999));
    const auto last = ask(b, writer, {sample_decision(999, b.clock->now())});
    std::optional<std::size_t> left;
    b.system.spawn([&](caf::event_based_actor* self) {
      self->request(writer, caf::infinite, drain_decisions{}).then([&](const drained& d) { left = d.left; });
    });
    b.run();
    CHECK(left == 0);
    CHECK(last->has_value());
    CHECK(b.sink->decisions() == 301);
  }

  TEST_CASE("a drain ends at the first failure and tells what is left") {
    trigger_fixture b;
    b.sink->errors.assign(10, error_kind::unavailable);
    const auto writer = b.keep(spawn_decision_writer(b.system, b.writer_config()));
    const auto answer = ask(b, writer, decisions(b, 1, 2));
    std::optional<std::size_t> left;
    b.system.spawn([&](caf::event_based_actor* self) {
      self->request(writer, caf::infinite, drain_decisions{}).then([&](const drained& d) { left = d.left; });
    });
    b.run();
    CHECK(left == 2);
  }
}
