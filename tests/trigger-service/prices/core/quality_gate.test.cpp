#include "trigger-service/prices/core/quality_gate.hpp"

#include <doctest/doctest.h>

#include <functional>

#include "tests/trigger-service/samples.hpp"

using namespace landfall;
using namespace landfall::trigger;
using namespace landfall::trigger::tests;
using namespace std::chrono_literals;

namespace {

struct gate_case {
  const char* name;
  /// Changes a price of 200 ± 0.01, published now, last accepted 200 a second ago.
  std::function<void(price_update&)> change;
  gate_outcome outcome;
  std::vector<gate> failed;
};

price_history history_at(std::string_view price, domain::utc_time at) {
  return {sample_price(price, at), std::nullopt};
}

const std::vector<gate_case> cases{
    {"a good price", [](auto&) {}, gate_outcome::accept, {}},
    {"zero",
     [](auto& p) { p.price_usd = usd("0"); },
     gate_outcome::reject,
     {gate::positive, gate::confidence, gate::jump}},
    {"negative",
     [](auto& p) { p.price_usd = usd("-200"); },
     gate_outcome::reject,
     {gate::positive, gate::confidence, gate::jump}},
    {"negative confidence",
     [](auto& p) { p.confidence_usd = usd("-0.01"); },
     gate_outcome::reject,
     {gate::positive, gate::confidence}},
    {"too old", [](auto& p) { p.publish_time = noon - 10'001ms; }, gate_outcome::reject, {gate::age, gate::sequence}},
    {"ahead within tolerance", [](auto& p) { p.publish_time = noon + 2s; }, gate_outcome::accept, {}},
    {"too far ahead", [](auto& p) { p.publish_time = noon + 2001ms; }, gate_outcome::reject, {gate::ahead}},
    {"confidence at the limit", [](auto& p) { p.confidence_usd = usd("2"); }, gate_outcome::accept, {}},
    {"confidence too wide",
     [](auto& p) { p.confidence_usd = usd("2.000000000000000001"); },
     gate_outcome::reject,
     {gate::confidence}},
    {"published in the same second as the last", [](auto& p) { p.publish_time = noon - 1s; }, gate_outcome::accept, {}},
    {"published before the last", [](auto& p) { p.publish_time = noon - 2s; }, gate_outcome::reject, {gate::sequence}},
    {"up to the jump limit", [](auto& p) { p.price_usd = usd("220"); }, gate_outcome::accept, {}},
    {"down to the jump limit", [](auto& p) { p.price_usd = usd("180"); }, gate_outcome::accept, {}},
    {"a jump up",
     [](auto& p) { p.price_usd = usd("220.000000000000000001"); },
     gate_outcome::hold_for_confirmation,
     {gate::jump}},
    {"a jump down", [](auto& p) { p.price_usd = usd("179.99"); }, gate_outcome::hold_for_confirmation, {gate::jump}},
    {"a jump that is too old",
     [](auto& p) {
       p.price_usd = usd("300");
       p.publish_time = noon - 1min;
     },
     gate_outcome::reject,
     {gate::age, gate::sequence, gate::jump}},
};

/// Judges and remembers, as a market does.
struct gated {
  gate_config config;
  price_history history = history_at("200", noon - 1s);
  gate_outcome see(const price_update& price) {
    const auto report = judge(price, history, config, price.received_at);
    history = remember(history, price, report, config);
    return report.outcome;
  }
};

}  // namespace

TEST_SUITE("trigger-service/prices/core/quality_gate") {
  TEST_CASE("each gate rejects what it is for and nothing else") {
    for (const auto& c : cases) {
      CAPTURE(c.name);
      auto price = sample_price("200", noon);
      c.change(price);
      const auto report = judge(price, history_at("200", noon - 1s), {}, noon);
      CHECK(report.outcome == c.outcome);
      CHECK(report.failed == c.failed);
    }
  }

  TEST_CASE("the first price of all has nothing to jump from and is accepted") {
    CHECK(judge(sample_price("200", noon), {}, {}, noon).outcome == gate_outcome::accept);
  }

  TEST_CASE("the first price is still too old where it is too old") {
    CHECK(judge(sample_price("200", noon - 10s), {}, {}, noon).outcome == gate_outcome::accept);
    CHECK(judge(sample_price("200", noon - 11s), {}, {}, noon).outcome == gate_outcome::reject);
  }

  TEST_CASE("a jump is accepted when a later published price agrees with it") {
    gated g;
    CHECK(g.see(sample_price("300", noon)) == gate_outcome::hold_for_confirmation);
    CHECK(g.see(sample_price("305", noon + 1s)) == gate_outcome::accept);
    CHECK(g.history.accepted->price_usd == usd("305"));
    CHECK_FALSE(g.history.held);
  }

  TEST_CASE("the same jump delivered twice confirms nothing until the wait is over") {
    gated g;
    const auto first = sample_price("300", noon);
    CHECK(g.see(first) == gate_outcome::hold_for_confirmation);
    auto again = first;
    again.received_at = noon + 1999ms;
    CHECK(g.see(again) == gate_outcome::hold_for_confirmation);
    again.received_at = noon + 2000ms;
    CHECK(g.see(again) == gate_outcome::accept);
  }

  TEST_CASE("a second price that disagrees with the jump does not confirm it and starts anew") {
    gated g;
    CHECK(g.see(sample_price("300", noon)) == gate_outcome::hold_for_confirmation);
    CHECK(g.see(sample_price("400", noon + 1s)) == gate_outcome::hold_for_confirmation);
    CHECK(g.see(sample_price("300", noon + 2s)) == gate_outcome::hold_for_confirmation);
    CHECK(g.see(sample_price("300", noon + 3s)) == gate_outcome::accept);
  }

  TEST_CASE("a spike is forgotten when the price returns") {
    gated g;
    CHECK(g.see(sample_price("300", noon)) == gate_outcome::hold_for_confirmation);
    CHECK(g.see(sample_price("201", noon + 1s)) == gate_outcome::accept);
    CHECK(g.see(sample_price("300", noon + 2s)) == gate_outcome::hold_for_confirmation);
    CHECK(g.history.accepted->price_usd == usd("201"));
  }

  TEST_CASE("a price that another gate rejects confirms no jump and leaves no trace") {
    gated g;
    CHECK(g.see(sample_price("300", noon)) == gate_outcome::hold_for_confirmation);
    CHECK(g.see(sample_price("300", noon + 1s, "50")) == gate_outcome::reject);
    CHECK(g.history.held->publish_time == noon);
    CHECK(g.history.accepted->price_usd == usd("200"));
  }

  TEST_CASE("the report tells each gate with what it measured and its limit") {
    const auto report = judge(sample_price("300", noon - 500ms), history_at("200", noon - 1s), {}, noon);
    CHECK(report.gates == R"([{"gate":"positive","passed":true,"price_usd":"300"},)"
                          R"({"gate":"age","passed":true,"age_ms":500,"max_ms":10000},)"
                          R"({"gate":"ahead","passed":true,"max_ms":2000},)"
                          R"({"gate":"confidence","passed":true,"confidence_usd":"0.01","max_bps":100},)"
                          R"({"gate":"sequence","passed":true,"previous_publish_time":"2026-06-01T11:59:59.000Z"},)"
                          R"({"gate":"jump","passed":false,"previous_usd":"200","max_bps":1000,"second_look":false}])");
  }

  TEST_CASE("limits that make no sense are refused") {
    CHECK(gate_config{}.validate().empty());
    const std::vector<std::function<void(gate_config&)>> wrong{
        [](auto& c) { c.max_age = 0ms; }, [](auto& c) { c.max_ahead = -1ms; },
        [](auto& c) { c.max_confidence_bps = 0; }, [](auto& c) { c.max_jump_bps = 10'001; },
        [](auto& c) { c.second_look_after = 0ms; }};
    for (const auto& change : wrong) {
      gate_config config;
      change(config);
      CHECK_FALSE(config.validate().empty());
    }
  }
}
