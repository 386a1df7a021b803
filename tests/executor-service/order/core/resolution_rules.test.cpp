// What holds whatever the endpoints say.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/executor-service/order/core/resolution_answers.hpp"

namespace landfall::executor {

using namespace tests;

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
        seen.status = signature_status{1'050 + pick(2), static_cast<solana::commitment>(pick(3)),
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

TEST_CASE("what is overdue rests for a while that grows with its age, up to a bound") {
  const resolve_policy policy{.endpoints_configured = 2};
  const auto rest = [&](domain::milliseconds after) { return rest_of_overdue(stored(), policy, signed_at + after); };
  CHECK(rest(policy.overdue_after) == policy.overdue_after / 4);
  CHECK(rest(2 * policy.overdue_after) == policy.overdue_after / 2);
  CHECK(rest(std::chrono::hours{1'000}) == policy.longest_rest);
  CHECK(rest(-policy.overdue_after) == domain::milliseconds{0});
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

}  // namespace landfall::executor
