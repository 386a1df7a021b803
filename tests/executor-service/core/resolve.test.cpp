#include "executor-service/core/resolve.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace landfall::executor {

namespace {

using confirmation::confirmed;
using confirmation::finalized;
using confirmation::processed;

constexpr std::uint64_t last_valid = 1'000;
constexpr std::uint64_t deposit_units = 5'000;
const domain::utc_time signed_at = domain::from_unix_ms(1'790'000'000'000);
const std::string slippage = R"({"InstructionError":[3,{"Custom":6001}]})";

/// The chain's finalized tip as an endpoint knows it; slots run 200 ahead of heights.
observation denies(std::string endpoint, std::uint64_t height, std::uint64_t ahead = 32) {
  return {std::move(endpoint), height, height + 200, height + 200 + ahead, true, std::nullopt};
}
observation shows(std::string endpoint, std::uint64_t height, confirmation level, std::uint64_t slot = 1'050,
                  std::optional<std::string> err = {}) {
  auto seen = denies(std::move(endpoint), height);
  seen.status = signature_status{slot, level, std::move(err)};
  return seen;
}
observation fails(std::string endpoint, std::uint64_t height, confirmation level, std::uint64_t slot = 1'050,
                  std::string err = slippage) {
  return shows(std::move(endpoint), height, level, slot, std::move(err));
}
observation without_history(observation seen) {
  seen.searched_history = false;
  return seen;
}
/// The status answered by a backend that lags behind the one that told the height.
observation status_at(observation seen, std::uint64_t context_slot) {
  seen.status_context_slot = context_slot;
  return seen;
}

balance_observation holds(std::uint64_t slot, std::optional<std::uint64_t> units) {
  return {"a", slot, units ? std::optional{domain::token_amount{*units}} : std::nullopt};
}

attempt stored(attempt_kind kind = attempt_kind::swap) {
  attempt a;
  a.kind = kind;
  a.last_valid_block_height = last_valid;
  a.order_account_balance = domain::token_amount{deposit_units};
  a.signed_at = signed_at;
  return a;
}

std::string text(const resolution& r) {
  struct {
    std::string operator()(const fate::landed& l) const {
      return "landed " + std::to_string(l.slot) + (l.finalized ? " finalized" : " confirmed");
    }
    std::string operator()(const fate::landed_failed& f) const {
      return "failed " + std::to_string(f.slot) + " " + f.err;
    }
    std::string operator()(const fate::dead& d) const {
      return "dead by " + std::to_string(d.certificate.observations.size());
    }
    std::string operator()(const fate::gone_again& g) const {
      return "gone again at " + std::to_string(g.denied_at_slot);
    }
    std::string operator()(const fate::in_doubt& d) const {
      return "in doubt: " + std::string{to_string(d.why)};
    }
  } const to_text;
  return std::visit(to_text, r);
}

struct row {
  const char* name;
  std::vector<observation> seen;
  std::optional<balance_observation> balance;
  std::string expected;
  std::size_t endpoints = 2;
  std::optional<std::uint64_t> confirmed_slot = {};
  attempt_kind kind = attempt_kind::swap;
};

std::string outcome_of(const row& r) {
  auto a = stored(r.kind);
  a.confirmed_slot = r.confirmed_slot;
  observation_set set;
  for (const auto& o : r.seen)
    static_cast<void>(accumulate(set, o));
  if (r.balance)
    static_cast<void>(accumulate(set, *r.balance));
  return text(resolve(a, set, {.endpoints_configured = r.endpoints}, signed_at));
}

/// Past the life of the attempt, by the margin and not a block more.
constexpr std::uint64_t over = last_valid + 2;
const balance_observation untouched = holds(over + 230, deposit_units);

const std::vector<row>& rows() {
  static const std::vector<row> table{
      {"nothing was answered", {}, {}, "in doubt: not_answered"},
      {"nothing was answered but a balance", {}, untouched, "in doubt: not_answered"},
      {"unknown while it may land", {denies("a", 900), denies("b", 900)}, untouched, "in doubt: alive"},
      {"unknown at its last valid height",
       {denies("a", last_valid), denies("b", last_valid)},
       untouched,
       "in doubt: alive"},
      {"unknown one block later, which may still hold it",
       {denies("a", last_valid + 1), denies("b", last_valid + 1)},
       untouched,
       "in doubt: alive"},
      {"unknown two blocks later", {denies("a", over), denies("b", over)}, untouched, "dead by 2"},
      {"unknown long after", {denies("a", 90'000), denies("b", 90'000)}, holds(90'200, deposit_units), "dead by 2"},
      {"one endpoint proves it, the other has not answered",
       {denies("a", over)},
       untouched,
       "in doubt: too_few_proofs"},
      {"one endpoint proves it, the other lags",
       {denies("a", over), denies("b", over - 1)},
       untouched,
       "in doubt: too_few_proofs"},
      {"two of three prove it, the third lags",
       {denies("a", over), denies("b", over), denies("c", 900)},
       untouched,
       "dead by 2",
       3},
      {"one of three proves it",
       {denies("a", over), denies("b", 900), denies("c", 900)},
       untouched,
       "in doubt: too_few_proofs",
       3},
      {"three of three prove it", {denies("a", over), denies("b", over), denies("c", over)}, untouched, "dead by 3", 3},
      {"the only endpoint proves it", {denies("a", over)}, untouched, "dead by 1", 1},
      {"no endpoint is configured", {denies("a", over)}, untouched, "in doubt: too_few_proofs", 0},
      {"one endpoint twice is one witness",
       {denies("a", over), denies("a", over + 5)},
       untouched,
       "in doubt: too_few_proofs"},
      {"height from one backend, status from one that lags",
       {status_at(denies("a", over), over + 199), denies("b", over)},
       untouched,
       "in doubt: too_few_proofs"},
      {"status evaluated on just the finalized block",
       {denies("a", over, 0), denies("b", over, 0)},
       untouched,
       "dead by 2"},
      {"shown and denied in one and the same slot, past its life",
       {shows("a", over, confirmed), denies("a", over), denies("b", over)},
       untouched,
       "in doubt: too_few_proofs"},
      {"history was not searched",
       {without_history(denies("a", over)), denies("b", over)},
       untouched,
       "in doubt: too_few_proofs"},
      {"the balance was not read", {denies("a", over), denies("b", over)}, {}, "in doubt: balance_unread"},
      {"the balance was read too early",
       {denies("a", over), denies("b", over)},
       holds(over + 199, deposit_units),
       "in doubt: balance_unread"},
      {"the balance was read at just that slot",
       {denies("a", over), denies("b", over)},
       holds(over + 200, deposit_units),
       "dead by 2"},
      {"the deposit is gone though nobody knows why",
       {denies("a", over), denies("b", over)},
       holds(over + 230, 0),
       "in doubt: balance_moved"},
      {"one unit is gone",
       {denies("a", over), denies("b", over)},
       holds(over + 230, deposit_units - 1),
       "in doubt: balance_moved"},
      {"the order account is gone",
       {denies("a", over), denies("b", over)},
       holds(over + 230, std::nullopt),
       "in doubt: balance_moved"},
      {"a stranger sent dust",
       {denies("a", over), denies("b", over)},
       holds(over + 230, deposit_units + 1),
       "dead by 2"},
      {"pruned: landed long ago, null everywhere, money gone",
       {denies("a", 90'000), denies("b", 90'000)},
       holds(90'300, 0),
       "in doubt: balance_moved"},
      {"seen in a block that may be dropped",
       {shows("a", 900, processed), denies("b", 900)},
       untouched,
       "in doubt: processed_only"},
      {"seen as processed, then dropped, then expired",
       {shows("a", 900, processed), denies("a", over), denies("b", over)},
       untouched,
       "dead by 2"},
      {"processed at one endpoint, past its life at two others",
       {shows("a", over, processed), denies("b", over), denies("c", over)},
       untouched,
       "in doubt: processed_only",
       3},
      {"processed at one endpoint that fell silent, past its life at two others since",
       {shows("a", 900, processed), denies("b", over), denies("c", over)},
       untouched,
       "dead by 2",
       3},
      {"processed at one endpoint that fell silent, past its life at only one other",
       {shows("a", 900, processed), denies("b", over)},
       untouched,
       "in doubt: processed_only"},
      {"processed at one endpoint that fell silent, one of the two others has not finalized past what it saw",
       {shows("a", 900, processed), denies("b", over), status_at(denies("c", 920), 5'000)},
       untouched,
       "in doubt: processed_only",
       3},
      {"failed as processed at one endpoint that fell silent, past its life at two others since",
       {fails("a", 900, processed), denies("b", over), denies("c", over)},
       untouched,
       "dead by 2",
       3},
      {"failed as processed at one endpoint that fell silent, finalized with success at two others since",
       {fails("a", 900, processed), shows("b", 940, finalized, 1'052), shows("c", 940, finalized, 1'052)},
       {},
       "landed 1052 finalized",
       3},
      {"failed as processed at one endpoint that fell silent, finalized with success at only one other",
       {fails("a", 900, processed), shows("b", 940, finalized, 1'052)},
       {},
       "in doubt: contradiction"},
      {"confirmed at one endpoint, then processed, then silent; past its life at two others since",
       {shows("a", 890, confirmed), shows("a", 900, processed), denies("b", over), denies("c", over)},
       untouched,
       "in doubt: processed_only",
       3},
      {"absent, then confirmed", {denies("a", 900), shows("a", 901, confirmed)}, {}, "landed 1050 confirmed"},
      {"confirmed at one, unknown at the other",
       {shows("a", 900, confirmed), denies("b", 900)},
       {},
       "landed 1050 confirmed"},
      {"confirmed at one, the other lies null past its life",
       {shows("a", over, confirmed), denies("b", over)},
       untouched,
       "landed 1050 confirmed"},
      {"confirmed at one, two others lie null past its life",
       {shows("a", over, confirmed), denies("b", over), denies("c", over)},
       untouched,
       "landed 1050 confirmed",
       3},
      {"finalized at one", {shows("a", 900, finalized), denies("b", 900)}, {}, "landed 1050 finalized"},
      {"confirmed at one, finalized at the other",
       {shows("a", 900, confirmed), shows("b", 930, finalized)},
       {},
       "landed 1050 finalized"},
      {"finalized, then pruned by everybody",
       {shows("a", 900, finalized), denies("a", 90'000), denies("b", 90'000)},
       holds(90'300, deposit_units),
       "landed 1050 finalized"},
      {"a duplicate send shows the same status twice",
       {shows("a", 900, confirmed), shows("a", 900, confirmed)},
       {},
       "landed 1050 confirmed"},
      {"landed in the last block that may hold it",
       {shows("a", over, finalized, 1'201), shows("b", over, finalized, 1'201)},
       {},
       "landed 1201 finalized"},
      {"failed, not final", {fails("a", 900, confirmed)}, {}, "in doubt: failed_unfinalized"},
      {"failed as processed", {fails("a", 900, processed)}, {}, "in doubt: failed_unfinalized"},
      {"failed, final", {fails("a", 930, finalized)}, {}, "failed 1050 " + slippage},
      {"failed at both, one final",
       {fails("a", 900, confirmed), fails("b", 930, finalized)},
       {},
       "failed 1050 " + slippage},
      {"failed finally, worded differently",
       {fails("a", 930, finalized), fails("b", 930, finalized, 1'050, "\"Other\"")},
       {},
       "failed 1050 " + slippage},
      {"failed, final, with money moved by whoever",
       {fails("a", 930, finalized)},
       holds(1'300, 0),
       "failed 1050 " + slippage},
      {"failed at one, succeeded at the other",
       {fails("a", 900, confirmed), shows("b", 900, confirmed)},
       {},
       "in doubt: contradiction"},
      {"finally failed at one, finally succeeded at the other",
       {fails("a", 930, finalized), shows("b", 930, finalized)},
       {},
       "in doubt: contradiction"},
      {"final in two different slots",
       {shows("a", 930, finalized, 1'050), shows("b", 930, finalized, 1'051)},
       {},
       "in doubt: contradiction"},
      {"failed on a fork, unknown past its life elsewhere",
       {fails("a", over, confirmed), denies("b", over)},
       untouched,
       "in doubt: failed_unfinalized"},
      {"failed on a fork, then dropped and expired",
       {fails("a", 900, confirmed), denies("a", over), denies("b", over)},
       untouched,
       "dead by 2"},
      {"an older answer does not take a confirmation back",
       {shows("a", 910, confirmed), denies("a", 905)},
       {},
       "landed 1050 confirmed"},
      {"an older answer does not bring a status back",
       {denies("a", over), shows("a", 900, confirmed), denies("b", over)},
       untouched,
       "dead by 2"},

      {"noted as confirmed, nothing answered since", {}, {}, "in doubt: not_answered", 2, 1'050},
      {"noted as confirmed, still shown", {shows("a", 900, confirmed)}, {}, "landed 1050 confirmed", 2, 1'050},
      {"noted as confirmed, forked away, all deny it",
       {shows("a", 900, confirmed), shows("b", 900, confirmed), denies("a", 910), denies("b", 911)},
       {},
       "gone again at 1142",
       2,
       1'050},
      {"noted as confirmed, only one of two denies it",
       {shows("a", 900, confirmed), shows("b", 900, confirmed), denies("a", 910)},
       {},
       "landed 1050 confirmed",
       2,
       1'050},
      {"noted as confirmed, only ever shown by one, which denies it",
       {shows("a", 900, confirmed), denies("b", 900), denies("a", 910)},
       {},
       "gone again at 1132",
       2,
       1'050},
      {"noted as confirmed, denied in the same slot that showed it",
       {shows("a", 900, confirmed), denies("a", 900)},
       {},
       "in doubt: partly_gone",
       2,
       1'050},
      {"noted as confirmed, denied without a search of the history",
       {shows("a", 900, confirmed), without_history(denies("a", 910))},
       {},
       "in doubt: partly_gone",
       2,
       1'050},
      {"noted as confirmed by an earlier process, one denies it",
       {denies("a", 910)},
       {},
       "in doubt: partly_gone",
       2,
       1'050},
      {"noted as confirmed by an earlier process, two deny it",
       {denies("a", 910), denies("b", 910)},
       {},
       "gone again at 1142",
       2,
       1'050},
      {"noted as confirmed by an earlier process, denied only by banks before it",
       {status_at(denies("a", 700), 1'050), status_at(denies("b", 700), 1'050)},
       {},
       "in doubt: partly_gone",
       2,
       1'050},
      {"noted as confirmed, expired since: gone first, never dead at once",
       {denies("a", over), denies("b", over)},
       untouched,
       "gone again at 1234",
       2,
       1'050},
      {"noted as confirmed, back as processed only",
       {shows("a", 900, confirmed), shows("a", 910, processed, 1'140)},
       {},
       "in doubt: processed_only",
       2,
       1'050},
      {"noted as confirmed, its successor block holds it with an error",
       {shows("a", 900, confirmed), fails("a", 910, finalized, 1'060)},
       {},
       "gone again at 1142",
       2,
       1'050},
      {"gone again and expired, the note cleared",
       {shows("a", 900, confirmed), denies("a", over), denies("b", over)},
       untouched,
       "dead by 2"},

      {"a deposit that never came",
       {denies("a", over), denies("b", over)},
       holds(over + 230, std::nullopt),
       "dead by 2",
       2,
       {},
       attempt_kind::deposit},
      {"a deposit, the account not looked at",
       {denies("a", over), denies("b", over)},
       {},
       "in doubt: balance_unread",
       2,
       {},
       attempt_kind::deposit},
      {"a deposit that nobody knows but that is there",
       {denies("a", over), denies("b", over)},
       holds(over + 230, deposit_units),
       "in doubt: deposit_arrived",
       2,
       {},
       attempt_kind::deposit},
      {"a payout whose output is still there",
       {denies("a", over), denies("b", over)},
       untouched,
       "dead by 2",
       2,
       {},
       attempt_kind::payout},
      {"a payout whose output is gone",
       {denies("a", over), denies("b", over)},
       holds(over + 230, 0),
       "in doubt: balance_moved",
       2,
       {},
       attempt_kind::payout},
  };
  return table;
}

}  // namespace

TEST_CASE("what is proven follows from what endpoints said, row by row") {
  for (const auto& r : rows()) {
    INFO(r.name);
    CHECK(outcome_of(r) == r.expected);
  }
  CHECK(rows().size() >= 60);
}

TEST_CASE("endpoints may be heard in any order") {
  for (const auto& r : rows()) {
    INFO(r.name);
    auto shuffled = r;
    // Each endpoint's own order stays, their interleaving changes.
    std::ranges::stable_sort(shuffled.seen, std::greater{}, &observation::endpoint);
    CHECK(outcome_of(shuffled) == outcome_of(r));
  }
}

TEST_CASE("no mixture of answers kills an attempt that some endpoint shows or whose money moved") {
  const unsigned seed = 20'261'121;
  std::mt19937 random{seed};
  INFO("seed ", seed);
  const auto pick = [&](unsigned n) { return std::uniform_int_distribution<unsigned>{0, n - 1}(random); };
  unsigned dead = 0;
  unsigned overtaken = 0;
  for (int i = 0; i < 20'000; ++i) {
    observation_set set;
    const auto answers = 1 + pick(8);
    for (unsigned k = 0; k < answers; ++k) {
      const std::string name{static_cast<char>('a' + pick(3))};
      auto seen = denies(name, last_valid - 2 + pick(8), pick(3) == 0 ? 0 : 32);
      if (pick(6) == 0)
        seen.status = signature_status{1'050 + pick(2), static_cast<confirmation>(pick(3)),
                                       pick(2) == 0 ? std::optional{slippage} : std::nullopt};
      seen.searched_history = pick(8) != 0;
      if (pick(8) == 0)
        seen.status_context_slot = seen.finalized_slot - 1;
      static_cast<void>(accumulate(set, seen));
    }
    if (pick(4) != 0)
      static_cast<void>(accumulate(set, holds(over + 195 + pick(10), deposit_units - pick(2))));
    const auto r = resolve(stored(), set, {.endpoints_configured = 3}, signed_at);
    if (const auto* d = std::get_if<fate::dead>(&r)) {
      ++dead;
      const auto& proof = d->certificate;
      REQUIRE(proof.observations.size() >= 2);
      auto lowest = proof.observations.front().finalized_slot;
      for (const auto& seen : proof.observations) {
        REQUIRE(seen.finalized_block_height >= last_valid + 2);
        REQUIRE(seen.status_context_slot >= seen.finalized_slot);
        REQUIRE(seen.searched_history);
        REQUIRE(!seen.status);
        lowest = std::min(lowest, seen.finalized_slot);
      }
      REQUIRE(proof.order_account.slot >= lowest);
      REQUIRE(proof.order_account.balance->units() >= deposit_units);
      for (const auto& [name, view] : set.endpoints) {
        REQUIRE(!view.finalized);
        if (!view.latest.status)
          continue;
        // Shown in a block that was only processed, and two have finalized past it since.
        ++overtaken;
        REQUIRE(view.latest.status->level == processed);
        REQUIRE(!view.shown);
        REQUIRE(std::ranges::count_if(proof.observations, [&view = view](const observation& o) {
                  return o.finalized_slot >= view.latest.status_context_slot;
                }) >= 2);
      }
    }
  }
  CHECK(dead > 100);
  CHECK(overtaken > 0);
}

TEST_CASE("a margin below two blocks is taken as two") {
  observation_set set;
  static_cast<void>(accumulate(set, denies("a", last_valid + 1)));
  static_cast<void>(accumulate(set, untouched));
  CHECK(text(resolve(stored(), set, {.endpoints_configured = 1, .margin_blocks = 0}, signed_at)) == "in doubt: alive");
}

TEST_CASE("a larger margin is kept") {
  observation_set set;
  static_cast<void>(accumulate(set, denies("a", last_valid + 9)));
  static_cast<void>(accumulate(set, holds(9'999, deposit_units)));
  const auto with_margin = [&](std::uint64_t blocks) {
    return text(resolve(stored(), set, {.endpoints_configured = 1, .margin_blocks = blocks}, signed_at));
  };
  CHECK(with_margin(10) == "in doubt: alive");
  CHECK(with_margin(9) == "dead by 1");
}

TEST_CASE("heights near the end of the range prove nothing by overflow") {
  auto a = stored();
  a.last_valid_block_height = UINT64_MAX;
  observation_set set;
  static_cast<void>(accumulate(set, denies("a", 5)));
  CHECK(text(resolve(a, set, {.endpoints_configured = 1}, signed_at)) == "in doubt: alive");
}

TEST_CASE("an unread balance is asked for where it counts for every proof") {
  observation_set set;
  static_cast<void>(accumulate(set, denies("a", over)));
  static_cast<void>(accumulate(set, denies("b", over + 7)));
  const auto r = resolve(stored(), set, {.endpoints_configured = 2}, signed_at);
  const auto* doubt = std::get_if<fate::in_doubt>(&r);
  REQUIRE(doubt != nullptr);
  CHECK(doubt->balance_min_slot == over + 207);
  CHECK(doubt->send_again);
}

TEST_CASE("time alone only makes an attempt overdue") {
  observation_set set;
  static_cast<void>(accumulate(set, denies("a", 900)));
  const resolve_policy policy{.endpoints_configured = 2};
  const auto at = [&](domain::milliseconds after) {
    return std::get<fate::in_doubt>(resolve(stored(), set, policy, signed_at + after));
  };
  CHECK_FALSE(at(policy.overdue_after).overdue);
  CHECK(at(policy.overdue_after + domain::milliseconds{1}).overdue);
  CHECK(at(std::chrono::hours{1'000}).why == doubt::alive);
}

TEST_CASE("answers that go back in time change nothing") {
  observation_set set;
  CHECK(accumulate(set, denies("a", 900)));
  const auto before = set;
  auto lower_slot = denies("a", 900);
  --lower_slot.status_context_slot;
  auto lower_finalized = denies("a", 900);
  --lower_finalized.finalized_slot;
  CHECK_FALSE(accumulate(set, denies("a", 899)));
  CHECK_FALSE(accumulate(set, lower_slot));
  CHECK_FALSE(accumulate(set, lower_finalized));
  CHECK(set == before);
  CHECK(accumulate(set, denies("b", 899)));
}

TEST_CASE("of two balances at one slot the lower counts, and no older one") {
  observation_set set;
  CHECK(accumulate(set, holds(100, 7)));
  CHECK_FALSE(accumulate(set, holds(99, 1)));
  CHECK_FALSE(accumulate(set, holds(100, 8)));
  CHECK(accumulate(set, holds(100, 6)));
  CHECK(accumulate(set, holds(101, 9)));
  CHECK(set.balance == holds(101, 9));
}

TEST_CASE("a certificate reads as PostgreSQL checks it") {
  death_certificate proof{1'000, 2, {denies("rpc-0", 1'002), denies("r\"1\n", 1'003)}, holds(1'234, 5'000)};
  CHECK(proof.to_json() ==
        R"({"rule":"finalized_height","last_valid_block_height":1000,"endpoints_configured":2,"observations":[)"
        R"({"endpoint":"rpc-0","finalized_block_height":1002,"finalized_slot":1202,"status_context_slot":1234,)"
        R"("status":null,"searched_history":true},)"
        R"({"endpoint":"r\"1\u000a","finalized_block_height":1003,"finalized_slot":1203,"status_context_slot":1235,)"
        R"("status":null,"searched_history":true}],)"
        R"("order_account":{"balance":"5000","slot":1234,"endpoint":"a"}})");
  proof.order_account.balance.reset();
  CHECK(proof.to_json().find(R"("balance":"0")") != std::string::npos);
}

}  // namespace landfall::executor
