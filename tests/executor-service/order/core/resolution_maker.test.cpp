// What is proven about a message that a market maker signs last: each row an account of what the endpoints' histories
// show.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "executor-service/order/core/consequence.hpp"
#include "executor-service/order/core/resolution.hpp"
#include "tests/executor-service/order/core/example_order.hpp"

namespace landfall::executor {

using domain::order_state;
using domain::token_amount;
using tests::example_attempt;
using tests::example_order;

namespace {

constexpr std::uint64_t last_valid = 1'000;
constexpr std::uint64_t over = last_valid + 2;
constexpr std::uint64_t units = 1'500'000'000;
const auto now = domain::from_unix_ms(20'000);

solana::signature id_of(std::uint8_t n) {
  std::array<std::uint8_t, 64> raw{};
  raw.fill(n);
  return solana::signature{raw};
}

attempt handed_over() {
  auto a = example_attempt(attempt_kind::swap, 1);
  a.maker = "maker.example";
  a.last_valid_block_height = last_valid;
  a.order_account_balance = token_amount{units};
  a.signed_at = now;
  return a;
}

/// One endpoint's look; its slots run 200 ahead of its heights.
observation looked(std::string endpoint, std::uint64_t height, std::optional<std::uint64_t> balance = units) {
  observation o{std::move(endpoint), height, height + 200, height + 200, true, std::nullopt};
  o.balance = balance_observation{o.endpoint, height + 231, token_amount{*balance}};
  return o;
}
observation found(observation o, solana::commitment level, std::uint8_t id = 1, std::optional<std::string> err = {},
                  std::uint64_t slot = 1'050) {
  o.status = signature_status{slot, level, std::move(err), id_of(id)};
  return o;
}
observation cut_off(observation o) {
  o.searched_history = false;
  return o;
}
observation without_balance(observation o) {
  o.balance.reset();
  return o;
}
observation balance_at(observation o, std::uint64_t slot) {
  o.balance->slot = slot;
  return o;
}

resolution fate_of(const attempt& a, const std::vector<observation>& looks, std::size_t endpoints = 2) {
  observation_set seen;
  for (const auto& o : looks)
    static_cast<void>(accumulate(seen, o));
  return resolve(a, seen, {.endpoints_configured = endpoints}, now);
}

std::string text(const resolution& r) {
  if (const auto* l = std::get_if<fate::landed>(&r))
    return std::string{"landed as "} + l->found_as->to_string().substr(0, 2) + (l->finalized ? " finalized" : "");
  if (const auto* f = std::get_if<fate::landed_failed>(&r))
    return "failed as " + f->found_as->to_string().substr(0, 2);
  if (const auto* d = std::get_if<fate::dead>(&r))
    return std::string{d->certificate.by_history ? "dead by history of " : "dead by height of "} +
           std::to_string(d->certificate.observations.size());
  if (std::holds_alternative<fate::rolled_back>(r))
    return "gone again";
  return "in doubt: " + std::string{to_string(std::get<fate::in_doubt>(r).why)};
}

std::string as(std::uint8_t n) {
  return id_of(n).to_string().substr(0, 2);
}

}  // namespace

TEST_CASE("what the histories of the order account show of a maker's message") {
  struct row {
    const char* name;
    std::vector<observation> looks;
    std::string expected;
    std::size_t endpoints = 2;
  };
  const std::vector<row> table{
      {"nobody answered", {}, "in doubt: not_answered"},
      {"unknown, and the blockhash lives", {looked("a", 900), looked("b", 900)}, "in doubt: alive"},
      {"unknown, at the very last valid block", {looked("a", over - 1), looked("b", over - 1)}, "in doubt: alive"},
      {"one endpoint alone", {looked("a", over)}, "in doubt: too_few_proofs"},
      {"one endpoint past its life, one not", {looked("a", over), looked("b", over - 1)}, "in doubt: too_few_proofs"},
      {"two past its life, nothing moved", {looked("a", over), looked("b", over)}, "dead by history of 2"},
      {"the only one that is configured", {looked("a", over)}, "dead by history of 1", 1},
      {"one history is cut off", {looked("a", over), cut_off(looked("b", over))}, "in doubt: too_few_proofs"},
      {"one did not look at the account",
       {looked("a", over), without_balance(looked("b", over))},
       "in doubt: too_few_proofs"},
      {"one looked at the account before its finalized block",
       {looked("a", over), balance_at(looked("b", over), over + 199)},
       "in doubt: too_few_proofs"},
      {"an index is behind: the account is empty, the history lacks the fill",
       {looked("a", over), looked("b", over, 0)},
       "in doubt: balance_moved"},
      {"both indexes are behind", {looked("a", over, 0), looked("b", over, 0)}, "in doubt: balance_moved"},
      {"strangers added to the account", {looked("a", over, units + 7), looked("b", over)}, "dead by history of 2"},
      {"processed only", {found(looked("a", 900), solana::commitment::processed)}, "in doubt: processed_only"},
      {"confirmed by one",
       {found(looked("a", 900), solana::commitment::confirmed), looked("b", 900)},
       "landed as " + as(1)},
      {"a fill in the last valid block, seen when one already denies it",
       {looked("a", over), found(looked("b", over, 0), solana::commitment::confirmed)},
       "landed as " + as(1)},
      {"finalized", {found(looked("a", 1'100, 0), solana::commitment::finalized)}, "landed as " + as(1) + " finalized"},
      {"failed, not final",
       {found(looked("a", 900), solana::commitment::confirmed, 1, R"("x")")},
       "in doubt: failed_unfinalized"},
      {"failed and final by one endpoint's word",
       {found(looked("a", 1'100), solana::commitment::finalized, 1, R"("x")")},
       "in doubt: failed_unfinalized"},
      {"failed and final by two endpoints' word",
       {found(looked("a", 1'100), solana::commitment::finalized, 1, R"("x")"),
        found(looked("b", 1'100), solana::commitment::finalized, 1, R"("x")")},
       "failed as " + as(1)},
      {"failed and final at one, unknown and past its life at the other, which still sees the money",
       {found(looked("a", 1'100), solana::commitment::finalized, 1, R"("x")"), looked("b", 1'100)},
       "failed as " + as(1)},
      {"failed and final at one, unknown and past its life at the other, which sees no money",
       {found(looked("a", 1'100), solana::commitment::finalized, 1, R"("x")"), looked("b", 1'100, 0)},
       "in doubt: failed_unfinalized"},
      {"failed for one, succeeded for the other",
       {found(looked("a", 1'100), solana::commitment::finalized, 1, R"("x")"),
        found(looked("b", 1'100, 0), solana::commitment::finalized)},
       "in doubt: contradiction"},
      {"two ids of one message, the same in the end",
       {found(looked("a", 1'100, 0), solana::commitment::confirmed, 1),
        found(looked("b", 1'100, 0), solana::commitment::finalized, 2)},
       "landed as " + as(2) + " finalized"},
  };
  for (const auto& r : table) {
    INFO(r.name);
    CHECK(text(fate_of(handed_over(), r.looks, r.endpoints)) == r.expected);
  }
}

TEST_CASE("a maker's certificate names what each endpoint saw of the account") {
  const auto dead = std::get<fate::dead>(fate_of(handed_over(), {looked("a", over, units + 7), looked("b", over)}));
  CHECK(dead.certificate.order_account.balance == token_amount{units});
  CHECK(
      dead.certificate.to_json() ==
      R"({"rule":"finalized_history","last_valid_block_height":1000,"endpoints_configured":2,"observations":[)"
      R"({"endpoint":"a","finalized_block_height":1002,"finalized_slot":1202,"status_context_slot":1202,"status":null,)"
      R"("searched_history":true,"balance":"1500000007","balance_slot":1233},)"
      R"({"endpoint":"b","finalized_block_height":1002,"finalized_slot":1202,"status_context_slot":1202,"status":null,)"
      R"("searched_history":true,"balance":"1500000000","balance_slot":1233}],)"
      R"("order_account":{"balance":"1500000000","slot":1233,"endpoint":"b"}})");
}

TEST_CASE("the id is noted with the confirmation, taken back with it, and fixed with the outcome") {
  auto o = example_order(order_state::executing);
  o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed), handed_over()};
  const auto id = o.attempts.back().id;
  const step_policy policy;
  const auto follow = [&](const std::vector<observation>& looks) {
    const auto c = consequence_of(o, *o.find(id), fate_of(*o.find(id), looks), {}, now, policy);
    for (const auto& w : c.writes)
      apply(o, w);
    return c.writes.size();
  };
  CHECK(follow({found(looked("a", 900), solana::commitment::confirmed, 1)}) == 2);
  CHECK(o.state == order_state::execute_success);
  CHECK(o.find(id)->signature == id_of(1));

  CHECK(follow({looked("a", 1'100), looked("b", 1'100)}) == 2);
  CHECK(o.state == order_state::executing);
  CHECK(!o.find(id)->signature);
  CHECK(!o.find(id)->confirmed_slot);

  CHECK(follow({found(looked("a", 1'200, 0), solana::commitment::finalized, 2)}) == 3);
  CHECK(o.state == order_state::execute_success);
  CHECK(o.find(id)->signature == id_of(2));
  CHECK(o.find(id)->outcome == attempt_outcome::landed);
}

TEST_CASE("after a maker that came to nothing the router is asked alone") {
  auto o = example_order(order_state::executing);
  CHECK(may_ask_makers(o));
  o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed),
                example_attempt(attempt_kind::swap, 1, attempt_outcome::dead)};
  CHECK(may_ask_makers(o));
  o.attempts.push_back(handed_over());
  o.attempts.back().outcome = attempt_outcome::dead;
  CHECK_FALSE(may_ask_makers(o));
}

}  // namespace landfall::executor
