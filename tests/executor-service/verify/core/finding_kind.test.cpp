// One order at one endpoint: an example of each kind of disagreement.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "executor-service/verify/core/finding_kind.hpp"
#include "tests/executor-service/verify/core/checked_order.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

namespace {

struct row {
  const char* what;
  std::function<checked_order()> make;
  names expected;
};

checked_order with(checked_order s, const std::function<void(checked_order&)>& change) {
  change(s);
  return s;
}

const std::vector<row> balances{
    {"deposit gone while open",
     [] { return with(open_order(), [](checked_order& s) { s.balances(std::nullopt, std::nullopt); }); },
     {"order_account_short"}},
    {"one unit of the deposit gone",
     [] {
       return with(open_order(), [](checked_order& s) { s.balances(holding(input_mint, input - 1), std::nullopt); });
     },
     {"order_account_short"}},
    {"order account of another mint",
     [] { return with(open_order(), [](checked_order& s) { s.balances(holding(output_mint, input), std::nullopt); }); },
     {"order_account_short"}},
    {"order account of another owner",
     [] {
       return with(open_order(), [](checked_order& s) {
         s.balances(holding(input_mint, input), std::nullopt);
         s.seen.accounts->order_account->owner = key(99);
       });
     },
     {"order_account_short"}},
    {"expired with its deposit gone but no refund stored",
     [] {
       return with(open_order(order_state::expired), [](checked_order& s) { s.balances(std::nullopt, std::nullopt); });
     },
     {"order_account_short"}},
    {"refunded, and the deposit still there",
     [] {
       return with(refunded_order(order_state::cancelled),
                   [](checked_order& s) { s.balances(holding(input_mint, input), std::nullopt); });
     },
     {"order_account_not_emptied"}},
    {"swapped, and the deposit still there",
     [] {
       return with(filled_order(), [](checked_order& s) { s.balances(holding(input_mint, input), std::nullopt); });
     },
     {"order_account_not_emptied"}},
    {"output gone before the payout",
     [] { return with(swapped_order(), [](checked_order& s) { s.balances(std::nullopt, std::nullopt); }); },
     {"output_account_short"}},
    {"output below the swap's minimum before it is validated",
     [] {
       return with(swapped_order(order_state::execute_success), [](checked_order& s) {
         s.stored.output_amount.reset();
         s.balances(std::nullopt, holding(output_mint, output - 11));
       });
     },
     {"output_account_short"}},
    {"paid out, and the output still there",
     [] {
       return with(filled_order(), [](checked_order& s) { s.balances(std::nullopt, holding(output_mint, output)); });
     },
     {"output_account_not_emptied"}},
};

const std::vector<row> doubles{
    {"deposit arrived although it failed",
     [] {
       auto s = open_order(order_state::deposit_failed);
       s.stored.attempts.clear();
       s.seen.statuses.clear();
       s.attempt(attempt_kind::deposit, attempt_outcome::landed_failed);
       return s;
     },
     {"deposit_arrived_after_failure"}},
    {"two swaps landed",
     [] { return with(filled_order(), [](checked_order& s) { s.attempt(attempt_kind::swap); }); },
     {"double_swap"}},
    {"the other leg swapped the same deposit",
     [] {
       return with(filled_order(),
                   [](checked_order& s) { s.attempt(attempt_kind::swap).order = domain::order_id::random(); });
     },
     {"double_swap"}},
    {"a dead swap landed after all beside another",
     [] {
       return with(filled_order(), [](checked_order& s) {
         const auto& dead = s.attempt(attempt_kind::swap, attempt_outcome::dead);
         s.seen.statuses[dead.id] = signature_status{landed_slot, solana::commitment::finalized, {}};
       });
     },
     {"double_swap", "dead_but_landed"}},
    {"two payouts landed",
     [] { return with(filled_order(), [](checked_order& s) { s.attempt(attempt_kind::payout); }); },
     {"double_payout"}},
    {"two refunds landed",
     [] {
       return with(refunded_order(order_state::cancelled), [](checked_order& s) { s.attempt(attempt_kind::refund); });
     },
     {"double_refund"}},
    {"swapped and refunded",
     [] { return with(filled_order(), [](checked_order& s) { s.attempt(attempt_kind::refund); }); },
     {"swap_and_refund"}},
    {"stored output is not what the swap brought",
     [] {
       return with(filled_order(), [](checked_order& s) {
         for (auto& a : s.stored.attempts) {
           const auto in = static_cast<domain::int128>(input);
           const auto out = static_cast<domain::int128>(output);
           a.moved = movement{landed_slot, 0, 0};
           if (a.kind == attempt_kind::deposit)
             a.moved->order_account = in;
           if (a.kind == attempt_kind::swap)
             a.moved = movement{landed_slot, -in, out + 3};
           if (a.kind == attempt_kind::payout)
             a.moved->output_account = -out - 3;
         }
       });
     },
     {"fill_record_differs"}},
};

const std::vector<row> outcomes{
    {"a landed attempt nobody knows",
     [] {
       return with(filled_order(), [](checked_order& s) { s.seen.statuses[s.stored.attempts[1].id] = std::nullopt; });
     },
     {"landed_not_found"}},
    {"a landed attempt that failed",
     [] {
       return with(filled_order(), [](checked_order& s) { s.seen.statuses[s.stored.attempts[1].id]->err = "{}"; });
     },
     {"landed_but_failed"}},
    {"a landed attempt in another slot",
     [] { return with(filled_order(), [](checked_order& s) { s.seen.statuses[s.stored.attempts[1].id]->slot = 99; }); },
     {"landed_slot_differs"}},
    {"a failed attempt that landed",
     [] {
       return with(open_order(), [](checked_order& s) {
         const auto& a = s.attempt(attempt_kind::swap, attempt_outcome::landed_failed);
         s.seen.statuses[a.id]->err.reset();
       });
     },
     {"failed_but_landed"}},
    {"a dead attempt that landed",
     [] {
       return with(open_order(), [](checked_order& s) {
         const auto& a = s.attempt(attempt_kind::swap, attempt_outcome::dead);
         s.seen.statuses[a.id] = signature_status{150, solana::commitment::finalized, {}};
       });
     },
     {"dead_but_landed"}},
    {"a dead attempt that landed with an error",
     [] {
       return with(open_order(), [](checked_order& s) {
         const auto& a = s.attempt(attempt_kind::swap, attempt_outcome::dead);
         s.seen.statuses[a.id] = signature_status{150, solana::commitment::finalized, "{}"};
       });
     },
     {"dead_but_failed"}},
};

const std::vector<row> amounts{
    {"a deposit below the order's amount",
     [] {
       return with(open_order(), [](checked_order& s) { s.stored.attempts[0].moved = movement{landed_slot, 999, 0}; });
     },
     {"moved_too_little"}},
    {"a payout below the output",
     [] {
       return with(filled_order(), [](checked_order& s) {
         s.stored.attempts[2].moved = movement{landed_slot, 0, -499};
       });
     },
     {"moved_too_little"}},
    {"a swap that brought less than its minimum",
     [] {
       return with(filled_order(), [](checked_order& s) {
         s.stored.attempts[1].moved = movement{landed_slot, -1'000, 489};
         s.stored.output_amount = domain::token_amount{489};
       });
     },
     {"moved_too_little"}},
    {"a refund of half the deposit",
     [] {
       return with(refunded_order(order_state::cancelled), [](checked_order& s) {
         s.stored.attempts[1].moved = movement{landed_slot, -500, 0};
       });
     },
     {"moved_too_little"}},
    {"a payout that is unknown and over, and the output gone",
     [] {
       return with(swapped_order(order_state::withdrawing), [](checked_order& s) {
         s.seen.statuses[s.attempt(attempt_kind::payout, std::nullopt).id] = std::nullopt;
         s.balances(std::nullopt, std::nullopt);
         s.seen.finalized_block_height = last_valid + 2;
       });
     },
     {"neither_landed_nor_dead"}},
    {"the books say more is left than the state does",
     [] {
       return with(filled_order(), [](checked_order& s) {
         s.stored.attempts[0].moved = movement{landed_slot, 1'050, 0};
         s.stored.attempts[1].moved = movement{landed_slot, -1'000, 500};
         s.stored.attempts[2].moved = movement{landed_slot, 0, -500};
       });
     },
     {"order_account_short"}},
};

}  // namespace

TEST_SUITE("verify kinds") {
  TEST_CASE("each kind of disagreement is found, and nothing besides") {
    names all;
    for (const auto* rows : {&balances, &doubles, &outcomes, &amounts})
      for (const auto& r : *rows) {
        INFO(r.what);
        CHECK(found_in(r.make()) == r.expected);
        all.insert(r.expected.begin(), r.expected.end());
      }
    // sum_short and deposit_without_order, which are about no order, have tests of their own.
    CHECK(all.size() == finding_kind_count - 2);
  }

  TEST_CASE("kinds and their names go both ways") {
    for (std::size_t i = 0; i < finding_kind_count; ++i) {
      const auto kind = static_cast<finding_kind>(i);
      CHECK(parse_finding_kind(to_string(kind)) == kind);
    }
    CHECK_FALSE(parse_finding_kind("something"));
  }
}
