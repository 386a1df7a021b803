#include "trigger-service/orders/core/decision.hpp"

#include <doctest/doctest.h>

#include "tests/trigger-service/samples.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;

TEST_SUITE("trigger-service/orders/core/decision") {
  TEST_CASE("a crossed order is decided with what was seen as evidence") {
    trigger_book book;
    book.insert(sample_order(1, domain::trigger_condition::above, "200"), 1);
    book.insert(sample_order(2, domain::trigger_condition::below, "150"), 1);
    const accepted_price price{sample_price("210.5", noon, "0.1"), "[]"};
    const auto out = decide(book, price, noon, 10s, 100);
    REQUIRE(out.decisions.size() == 1);
    const auto& d = out.decisions.front();
    CHECK(d.order == order_number(1));
    CHECK(d.to == domain::order_state::ready_execute);
    CHECK(d.reason == "trigger_above");
    CHECK(d.detail == "price 210.5 >= 200");
    CHECK(d.evidence.price_usd == usd("210.5"));
    CHECK(d.evidence.confidence_usd == usd("0.1"));
    CHECK(d.evidence.publish_time == noon);
    CHECK(d.evidence.gates ==
          R"({"condition":"above","trigger_price_usd":"200","feed_id":")" + sample_feed + R"(","gates":[]})");
    CHECK(d.write_by == noon + 10s);
  }

  TEST_CASE("an order below gives its own reason") {
    trigger_book book;
    book.insert(sample_order(2, domain::trigger_condition::below, "150"), 1);
    const auto out = decide(book, {sample_price("150", noon), "[]"}, noon, 10s, 100);
    REQUIRE(out.decisions.size() == 1);
    CHECK(out.decisions.front().reason == "trigger_below");
    CHECK(out.decisions.front().detail == "price 150 <= 150");
  }

  TEST_CASE("an order whose time is over never executes") {
    trigger_book book;
    auto order = sample_order(1, domain::trigger_condition::above, "200");
    order.expires_at = noon;
    book.insert(order, 1);
    const auto out = decide(book, {sample_price("300", noon), "[]"}, noon, 10s, 100);
    CHECK(out.decisions.empty());
    CHECK(out.out_of_time == std::vector{order_number(1)});
    CHECK(decide(book, {sample_price("300", noon), "[]"}, noon - 1ms, 10s, 100).decisions.size() == 1);
  }

  TEST_CASE("an order expires at its time and not before, without any price") {
    CHECK_FALSE(decide_expiry(order_number(1), noon, noon - 1ms));
    const auto d = decide_expiry(order_number(1), noon, noon);
    REQUIRE(d);
    CHECK(d->to == domain::order_state::ready_expire);
    CHECK(d->reason == "expired");
    CHECK_FALSE(d->evidence.price_usd);
    CHECK(d->evidence.source == "clock");
    CHECK_FALSE(d->write_by);
  }
}
