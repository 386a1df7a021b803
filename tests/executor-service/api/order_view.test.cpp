#include "executor-service/api/order_view.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

namespace landfall::executor::api {
namespace {

using domain::order_state;

const std::string sol = "So11111111111111111111111111111111111111112";
const std::string usdc = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const auto start = domain::from_unix_ms(1'800'000'000'000);

domain::utc_time after_s(int seconds) {
  return start + std::chrono::seconds{seconds};
}

order_view plain_order(order_state state) {
  order_view o;
  o.id = "01234567-89ab-cdef-0123-456789abcdef";
  o.order_type = "single";
  o.state = state;
  o.wallet = "wallet";
  o.vault = "vault";
  o.input_mint = sol;
  o.output_mint = usdc;
  o.trigger_mint = sol;
  o.input_amount = domain::token_amount{1'000'000'000};
  o.trigger_price_usd = "200.000000000000000001";
  o.slippage_bps = 100;
  o.expires_at = after_s(3600);
  o.created_at = start;
  o.updated_at = after_s(1);
  return o;
}

attempt_view attempt_of(attempt_kind kind, int second, std::optional<attempt_outcome> outcome = {}) {
  attempt_view a;
  a.id = std::string{executor::to_string(kind)} + std::to_string(second);
  a.kind = kind;
  a.signature = "signature-" + a.id;
  a.signed_at = after_s(second);
  if (outcome) {
    a.outcome = outcome;
    a.resolved_at = after_s(second + 5);
  }
  return a;
}

move_view move_to(order_state to, int second, std::string role = "executor", std::string reason = "test") {
  move_view m;
  m.at = after_s(second);
  m.to = to;
  m.role = std::move(role);
  m.reason = std::move(reason);
  return m;
}

json::value json_of(const order_view& o) {
  json::writer w;
  write_order(w, o);
  auto parsed = json::parse(w.take());
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

std::string text_at(const json::value* v, std::string_view name) {
  return std::string{json::as_string(json::find(v, name)).value_or("(none)")};
}

/// "type/state" of each event.
std::vector<std::string> events_in(const json::value& order) {
  std::vector<std::string> list;
  for (const auto& e : json::elements(json::find(order, "events")))
    list.push_back(text_at(&e, "type") + "/" + text_at(&e, "state"));
  return list;
}

TEST_SUITE("order_view") {
  TEST_CASE("each of the nineteen states is shown under its documented name") {
    const std::set<std::string> documented{"pending",          "open",      "executing", "filled",
                                           "pending_withdraw", "cancelled", "expired",   "failed"};
    std::set<std::string> raw;
    for (const auto& row : domain::order_states) {
      const auto json = json_of(plain_order(row.state));
      CHECK(text_at(&json, "rawState") == row.name);
      CHECK(text_at(&json, "orderState") == row.shown_as);
      CHECK(documented.contains(text_at(&json, "orderState")));
      raw.insert(text_at(&json, "rawState"));
    }
    CHECK(raw.size() == 19);
  }

  TEST_CASE("prices keep every digit, times are milliseconds, amounts are text") {
    json::writer w;
    write_order(w, plain_order(order_state::open));
    const auto text = w.take();
    CHECK(text.find(R"("triggerPriceUsd":200.000000000000000001,)") != std::string::npos);
    CHECK(text.find(R"("expiresAt":1800003600000,)") != std::string::npos);
    CHECK(text.find(R"("initialInputAmount":"1000000000")") != std::string::npos);
    CHECK(text.find(R"("remainingInputAmount":"1000000000")") != std::string::npos);
    CHECK(text.find(R"("fillPercent":null)") != std::string::npos);
    CHECK(text.find(R"("trailingBps":null)") != std::string::npos);
  }

  TEST_CASE("automatic slippage is left out") {
    auto o = plain_order(order_state::open);
    o.slippage_bps.reset();
    CHECK(json::find(json_of(o), "slippageBps") == nullptr);
    o.slippage_bps = 0;
    CHECK(json::as_i64(json::find(json_of(o), "slippageBps")) == 0);
  }

  TEST_CASE("a filled order shows what was used, and 1 is all of it") {
    auto o = plain_order(order_state::fill_success);
    o.input_used = domain::token_amount{1'000'000'000};
    o.output_amount = domain::token_amount{200'000'000};
    auto json = json_of(o);
    CHECK(json::as_decimal_string(json::find(json, "fillPercent")) == "1");
    CHECK(text_at(&json, "remainingInputAmount") == "0");
    CHECK(text_at(&json, "outputAmount") == "200000000");
    o.input_used = domain::token_amount{333'333'333};
    json = json_of(o);
    CHECK(json::as_decimal_string(json::find(json, "fillPercent")) == "0.333333");
    CHECK(text_at(&json, "remainingInputAmount") == "666666667");
  }

  TEST_CASE("a deposit is pending until it is confirmed") {
    auto o = plain_order(order_state::depositing);
    o.attempts = {attempt_of(attempt_kind::deposit, 0)};
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"deposit/pending"});
    o.attempts[0].confirmed_at = after_s(2);
    const auto json = json_of(o);
    CHECK(events_in(json) == std::vector<std::string>{"deposit/success"});
    const auto* e = json::at(json::find(json, "events"), 0);
    CHECK(text_at(e, "mint") == sol);
    CHECK(text_at(e, "amount") == "1000000000");
    CHECK(text_at(e, "txSignature") == "signature-deposit0");
    CHECK(text_at(e, "reason") == "confirmed");
    CHECK(json::as_i64(json::find(e, "timestamp")) == domain::unix_ms(after_s(2)));
    o.attempts[0].outcome = attempt_outcome::dead;
    o.attempts[0].resolved_at = after_s(9);
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"deposit/failed"});
  }

  TEST_CASE("a filled order tells its whole story in order, with grounds") {
    auto o = plain_order(order_state::fill_success);
    o.output_amount = domain::token_amount{200'000'000};
    o.attempts = {attempt_of(attempt_kind::payout, 40, attempt_outcome::landed),
                  attempt_of(attempt_kind::deposit, 0, attempt_outcome::landed),
                  attempt_of(attempt_kind::swap, 10, attempt_outcome::dead),
                  attempt_of(attempt_kind::swap, 20, attempt_outcome::landed),
                  attempt_of(attempt_kind::close, 50, attempt_outcome::landed)};
    auto failed = move_to(order_state::execute_failed, 15, "executor", "attempt_dead");
    failed.attempt = "swap10";
    failed.detail = "blockhash ran out";
    o.moves = {failed};
    const auto json = json_of(o);
    CHECK(events_in(json) ==
          std::vector<std::string>{"deposit/success", "fill/failed", "fill/success", "withdrawal/success"});
    const auto* first_fill = json::at(json::find(json, "events"), 1);
    CHECK(text_at(first_fill, "reason") == "attempt_dead");
    CHECK(text_at(first_fill, "detail") == "blockhash ran out");
    CHECK(text_at(first_fill, "outputAmount") == "0");
    const auto* second_fill = json::at(json::find(json, "events"), 2);
    CHECK(text_at(second_fill, "reason") == "landed");
    CHECK(text_at(second_fill, "outputAmount") == "200000000");
    CHECK(text_at(second_fill, "outputMint") == usdc);
    CHECK(text_at(second_fill, "orderContext") == "take_profit");
    const auto* paid = json::at(json::find(json, "events"), 3);
    CHECK(text_at(paid, "mint") == usdc);
    CHECK(text_at(paid, "amount") == "200000000");
  }

  TEST_CASE("an attempt whose fate is not proven is pending, never failed") {
    auto o = plain_order(order_state::executing);
    o.attempts = {attempt_of(attempt_kind::swap, 10)};
    CHECK(text_at(json::at(json::find(json_of(o), "events"), 0), "reason") == "signed");
    o.attempts[0].broadcast_at = after_s(11);
    CHECK(text_at(json::at(json::find(json_of(o), "events"), 0), "reason") == "in_doubt");
    o.attempts[0].confirmed_at = after_s(12);
    const auto json = json_of(o);
    CHECK(text_at(json::at(json::find(json, "events"), 0), "reason") == "confirmed");
    CHECK(events_in(json) == std::vector<std::string>{"fill/pending"});
  }

  TEST_CASE("a try that ended before anything was signed is a failed fill without a signature") {
    auto o = plain_order(order_state::execute_failed);
    o.moves = {move_to(order_state::execute_failed, 15, "executor", "no_route")};
    const auto json = json_of(o);
    CHECK(events_in(json) == std::vector<std::string>{"fill/failed"});
    const auto* e = json::at(json::find(json, "events"), 0);
    CHECK(text_at(e, "reason") == "no_route");
    CHECK(json::find(e, "txSignature") == nullptr);
  }

  TEST_CASE("what others said is shown in part, and cut between characters") {
    auto o = plain_order(order_state::execute_failed);
    // Three bytes each: the bound lies within one.
    std::string chatter = "{\"Custom\":12}: ";
    for (int i = 0; i < 400; ++i)
      chatter += "\u20ac";
    const auto bounded = [&](const json::value* holder) {
      const std::string text{json::as_string(json::find(holder, "detail")).value_or("")};
      INFO(text);
      REQUIRE(text.size() > 500);
      CHECK(text.size() <= 512 + 3);
      CHECK(text.ends_with("\u20ac\u2026"));
      CHECK(chatter.starts_with(text.substr(0, text.size() - 3)));
    };
    o.last_detail = chatter;
    auto failed = move_to(order_state::execute_failed, 3);
    failed.detail = chatter;
    auto triggered = move_to(order_state::ready_execute, 2, "trigger");
    triggered.detail = chatter;
    o.moves = {triggered, failed};
    const auto json = json_of(o);
    bounded(&json);
    bounded(json::at(json::find(json, "events"), 0));
    bounded(json::at(json::find(json, "triggers"), 0));
    o.last_detail = std::string(512, 'x');
    const auto whole = json_of(o);
    CHECK(json::as_string(json::find(whole, "detail")) == *o.last_detail);
  }

  TEST_CASE("a refund is told by what came before it") {
    auto o = plain_order(order_state::expired);
    o.moves = {move_to(order_state::ready_expire, 5, "trigger"), move_to(order_state::expired, 30)};
    o.attempts = {attempt_of(attempt_kind::refund, 10, attempt_outcome::landed)};
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"expired/success"});

    o.state = order_state::cancelled;
    o.moves = {move_to(order_state::ready_to_cancel, 5, "api"), move_to(order_state::cancelled, 30)};
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"cancelled/success"});

    o.state = order_state::ready_to_cancel;
    o.moves.pop_back();
    o.attempts = {attempt_of(attempt_kind::refund, 10)};
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"cancelled/pending"});
  }

  TEST_CASE("an end without a refund still has its event") {
    auto o = plain_order(order_state::oco_cancelled);
    o.moves = {move_to(order_state::oco_cancelled, 5, "executor", "sibling_filled")};
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"cancelled/success"});
    o.state = order_state::expired;
    o.moves = {move_to(order_state::expired, 5, "executor", "refunds_disabled")};
    CHECK(events_in(json_of(o)) == std::vector<std::string>{"expired/success"});
  }

  TEST_CASE("each kind of order has its context") {
    for (const auto& [mint, condition, expected] :
         std::vector<std::tuple<std::string, domain::trigger_condition, std::string>>{
             {sol, domain::trigger_condition::above, "take_profit"},
             {sol, domain::trigger_condition::below, "stop_loss"},
             {usdc, domain::trigger_condition::above, "buy_above"},
             {usdc, domain::trigger_condition::below, "buy_below"}}) {
      auto o = plain_order(order_state::executing);
      o.trigger_mint = mint;
      o.condition = condition;
      o.attempts = {attempt_of(attempt_kind::swap, 10)};
      CHECK(text_at(json::at(json::find(json_of(o), "events"), 0), "orderContext") == expected);
    }
  }

  TEST_CASE("a trigger carries its evidence") {
    auto o = plain_order(order_state::ready_execute);
    auto decided = move_to(order_state::ready_execute, 5, "trigger", "above");
    decided.evidence = "evidence-1";
    o.moves = {move_to(order_state::open, 1, "api"), decided};
    evidence_view seen;
    seen.id = "evidence-1";
    seen.source = "hermes";
    seen.price_usd = "201.50000001";
    seen.publish_time = after_s(4);
    seen.received_at = after_s(4);
    seen.decided_at = after_s(5);
    seen.gates = R"({"age_ms":{"limit":5000,"measured":12}})";
    seen.instance = "trigger-1";
    o.evidence = {seen};
    const auto json = json_of(o);
    const auto triggers = json::elements(json::find(json, "triggers"));
    REQUIRE(triggers.size() == 1);
    CHECK(text_at(&triggers[0], "decision") == "ready_execute");
    const auto* evidence = json::find(&triggers[0], "evidence");
    CHECK(text_at(evidence, "source") == "hermes");
    CHECK(json::as_decimal_string(json::find(evidence, "priceUsd")) == "201.50000001");
    CHECK(json::is(json::find(evidence, "confidenceUsd"), json::kind::null));
    CHECK(json::as_i64(json::find(json::find(json::find(evidence, "gates"), "age_ms"), "measured")) == 12);
  }
}

}  // namespace
}  // namespace landfall::executor::api
