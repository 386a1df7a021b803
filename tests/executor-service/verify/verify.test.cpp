// The verifier's judgement, question by question.
#include "executor-service/core/verify.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using domain::order_state;

namespace {

constexpr std::uint64_t input = 1'000;
constexpr std::uint64_t output = 500;
constexpr std::uint64_t landed_slot = 100;
constexpr std::uint64_t seen_slot = 200;

solana::pubkey key(std::uint8_t n) {
  std::array<std::uint8_t, 32> raw{};
  raw[0] = n;
  return solana::pubkey{raw};
}

solana::signature signature(std::size_t n) {
  std::array<std::uint8_t, 64> raw{};
  raw[0] = static_cast<std::uint8_t>(n);
  return solana::signature{raw};
}

const auto vault = key(1);
const auto program = key(2);
const auto input_mint = key(3);
const auto output_mint = key(4);

std::optional<token_account_facts> holding(const solana::pubkey& mint, std::uint64_t amount) {
  return token_account_facts{program, mint, vault, domain::token_amount{amount}};
}

/// An order and one endpoint's view of it, which agree.
struct scene {
  order_facts stored;
  chain_facts seen;

  attempt_facts& attempt(attempt_kind kind, std::optional<attempt_outcome> outcome = attempt_outcome::landed) {
    attempt_facts a;
    a.id = domain::attempt_id::random();
    a.order = stored.id;
    a.kind = kind;
    a.signature = signature(stored.attempts.size() + 1);
    a.outcome = outcome;
    a.expected_input = domain::token_amount{kind == attempt_kind::payout ? output : input};
    if (kind == attempt_kind::swap)
      a.minimum_output = domain::token_amount{output - 10};
    if (outcome && outcome != attempt_outcome::dead)
      a.slot = landed_slot;
    if (outcome)
      seen.statuses[a.id] =
          outcome == attempt_outcome::dead
              ? std::optional<signature_status>{}
              : signature_status{landed_slot, confirmation::finalized,
                                 outcome == attempt_outcome::landed ? std::nullopt : std::optional<std::string>{"{}"}};
    stored.attempts.push_back(a);
    return stored.attempts.back();
  }
  void balances(std::optional<token_account_facts> order_account, std::optional<token_account_facts> output_account) {
    seen.accounts = account_facts{seen_slot, std::move(order_account), std::move(output_account)};
  }
};

scene open_order(order_state state = order_state::open) {
  scene s;
  s.stored.id = domain::order_id::random();
  s.stored.state = state;
  s.stored.vault = vault;
  s.stored.order_account = key(10);
  s.stored.output_account = key(11);
  s.stored.input_mint = input_mint;
  s.stored.input_program = program;
  s.stored.output_mint = output_mint;
  s.stored.output_program = program;
  s.stored.input_amount = domain::token_amount{input};
  s.seen.endpoint = "rpc0";
  s.seen.finalized_slot = seen_slot;
  s.attempt(attempt_kind::deposit);
  s.balances(holding(input_mint, input), std::nullopt);
  return s;
}

scene swapped_order(order_state state = order_state::ready_withdraw_output) {
  auto s = open_order(state);
  s.attempt(attempt_kind::swap);
  s.stored.output_amount = domain::token_amount{output};
  s.balances(holding(input_mint, 0), holding(output_mint, output));
  return s;
}

scene filled_order() {
  auto s = swapped_order(order_state::fill_success);
  s.attempt(attempt_kind::payout);
  s.balances(std::nullopt, std::nullopt);
  return s;
}

scene refunded_order(order_state state) {
  auto s = open_order(state);
  s.attempt(attempt_kind::refund);
  s.balances(std::nullopt, std::nullopt);
  return s;
}

std::set<std::string> found_in(const scene& s) {
  std::set<std::string> kinds;
  for (const auto& c : verify::verify(s.stored, s.seen))
    if (c.is == verdict::found)
      kinds.emplace(to_string(c.kind));
  return kinds;
}

verdict verdict_on(const scene& s, finding_kind kind) {
  for (const auto& c : verify::verify(s.stored, s.seen))
    if (c.kind == kind)
      return c.is;
  FAIL("no such question was asked");
  return verdict::unknown;
}

using names = std::set<std::string>;

check answer(verdict is, finding_kind kind = finding_kind::order_account_short, std::uint64_t slot = 7) {
  check c;
  c.kind = kind;
  c.subject = "it";
  c.is = is;
  c.slot = slot;
  c.endpoint = "rpc" + std::to_string(slot);
  c.money = true;
  return c;
}

judgement judged(const std::vector<check>& answers, std::size_t needed = 2) {
  std::vector<std::vector<check>> lists;
  for (const auto& a : answers)
    lists.push_back({a});
  return judge(lists, needed);
}

booked_account booked(std::uint8_t n, std::int64_t amount, side of = side::input) {
  booked_account a;
  a.account = key(n);
  a.mint = of == side::input ? input_mint : output_mint;
  a.program = program;
  a.vault = vault;
  a.of = of;
  a.booked = amount;
  a.last_slot = landed_slot;
  return a;
}

}  // namespace

TEST_SUITE("verify") {
  TEST_CASE("a state with the balances it asks for is right") {
    CHECK(found_in(open_order()).empty());
    for (const auto state : {order_state::ready_execute, order_state::executing, order_state::execute_failed,
                             order_state::ready_expire, order_state::ready_to_cancel, order_state::expired})
      CHECK(found_in(open_order(state)).empty());
    for (const auto state : {order_state::execute_success, order_state::ready_withdraw_output, order_state::withdrawing,
                             order_state::withdraw_failed})
      CHECK(found_in(swapped_order(state)).empty());
    CHECK(found_in(filled_order()).empty());
    CHECK(found_in(refunded_order(order_state::expired)).empty());
    CHECK(found_in(refunded_order(order_state::cancelled)).empty());
  }

  TEST_CASE("each kind of disagreement is found, and nothing besides") {
    struct row {
      const char* what;
      std::function<scene()> make;
      names expected;
    };
    const auto with = [](scene s, const std::function<void(scene&)>& change) {
      change(s);
      return s;
    };
    const std::vector<row> rows{
        {"deposit gone while open",
         [&] { return with(open_order(), [](scene& s) { s.balances(std::nullopt, std::nullopt); }); },
         {"order_account_short"}},
        {"one unit of the deposit gone",
         [&] { return with(open_order(), [](scene& s) { s.balances(holding(input_mint, input - 1), std::nullopt); }); },
         {"order_account_short"}},
        {"order account of another mint",
         [&] { return with(open_order(), [](scene& s) { s.balances(holding(output_mint, input), std::nullopt); }); },
         {"order_account_short"}},
        {"order account of another owner",
         [&] {
           return with(open_order(), [](scene& s) {
             s.balances(holding(input_mint, input), std::nullopt);
             s.seen.accounts->order_account->owner = key(99);
           });
         },
         {"order_account_short"}},
        {"expired with its deposit gone but no refund stored",
         [&] {
           return with(open_order(order_state::expired), [](scene& s) { s.balances(std::nullopt, std::nullopt); });
         },
         {"order_account_short"}},
        {"refunded, and the deposit still there",
         [&] {
           return with(refunded_order(order_state::cancelled),
                       [](scene& s) { s.balances(holding(input_mint, input), std::nullopt); });
         },
         {"order_account_not_emptied"}},
        {"swapped, and the deposit still there",
         [&] { return with(filled_order(), [](scene& s) { s.balances(holding(input_mint, input), std::nullopt); }); },
         {"order_account_not_emptied"}},
        {"output gone before the payout",
         [&] { return with(swapped_order(), [](scene& s) { s.balances(std::nullopt, std::nullopt); }); },
         {"output_account_short"}},
        {"output below the swap's minimum before it is validated",
         [&] {
           return with(swapped_order(order_state::execute_success), [](scene& s) {
             s.stored.output_amount.reset();
             s.balances(std::nullopt, holding(output_mint, output - 11));
           });
         },
         {"output_account_short"}},
        {"paid out, and the output still there",
         [&] { return with(filled_order(), [](scene& s) { s.balances(std::nullopt, holding(output_mint, output)); }); },
         {"output_account_not_emptied"}},
        {"deposit arrived although it failed",
         [&] {
           auto s = open_order(order_state::deposit_failed);
           s.stored.attempts.clear();
           s.seen.statuses.clear();
           s.attempt(attempt_kind::deposit, attempt_outcome::landed_failed);
           return s;
         },
         {"deposit_arrived_after_failure"}},
        {"two swaps landed",
         [&] { return with(filled_order(), [](scene& s) { s.attempt(attempt_kind::swap); }); },
         {"double_swap"}},
        {"the other leg swapped the same deposit",
         [&] {
           return with(filled_order(),
                       [](scene& s) { s.attempt(attempt_kind::swap).order = domain::order_id::random(); });
         },
         {"double_swap"}},
        {"a dead swap landed after all beside another",
         [&] {
           return with(filled_order(), [](scene& s) {
             const auto& dead = s.attempt(attempt_kind::swap, attempt_outcome::dead);
             s.seen.statuses[dead.id] = signature_status{landed_slot, confirmation::finalized, {}};
           });
         },
         {"double_swap", "dead_but_landed"}},
        {"two payouts landed",
         [&] { return with(filled_order(), [](scene& s) { s.attempt(attempt_kind::payout); }); },
         {"double_payout"}},
        {"two refunds landed",
         [&] {
           return with(refunded_order(order_state::cancelled), [](scene& s) { s.attempt(attempt_kind::refund); });
         },
         {"double_refund"}},
        {"swapped and refunded",
         [&] { return with(filled_order(), [](scene& s) { s.attempt(attempt_kind::refund); }); },
         {"swap_and_refund"}},
        {"stored output is not what the swap brought",
         [&] {
           return with(filled_order(), [](scene& s) {
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
        {"a landed attempt nobody knows",
         [&] {
           return with(filled_order(), [](scene& s) { s.seen.statuses[s.stored.attempts[1].id] = std::nullopt; });
         },
         {"landed_not_found"}},
        {"a landed attempt that failed",
         [&] { return with(filled_order(), [](scene& s) { s.seen.statuses[s.stored.attempts[1].id]->err = "{}"; }); },
         {"landed_but_failed"}},
        {"a landed attempt in another slot",
         [&] { return with(filled_order(), [](scene& s) { s.seen.statuses[s.stored.attempts[1].id]->slot = 99; }); },
         {"landed_slot_differs"}},
        {"a failed attempt that landed",
         [&] {
           return with(open_order(), [](scene& s) {
             const auto& a = s.attempt(attempt_kind::swap, attempt_outcome::landed_failed);
             s.seen.statuses[a.id]->err.reset();
           });
         },
         {"failed_but_landed"}},
        {"a dead attempt that landed",
         [&] {
           return with(open_order(), [](scene& s) {
             const auto& a = s.attempt(attempt_kind::swap, attempt_outcome::dead);
             s.seen.statuses[a.id] = signature_status{150, confirmation::finalized, {}};
           });
         },
         {"dead_but_landed"}},
        {"a dead attempt that landed with an error",
         [&] {
           return with(open_order(), [](scene& s) {
             const auto& a = s.attempt(attempt_kind::swap, attempt_outcome::dead);
             s.seen.statuses[a.id] = signature_status{150, confirmation::finalized, "{}"};
           });
         },
         {"dead_but_failed"}},
        {"a deposit below the order's amount",
         [&] {
           return with(open_order(), [](scene& s) { s.stored.attempts[0].moved = movement{landed_slot, 999, 0}; });
         },
         {"moved_too_little"}},
        {"a payout below the output",
         [&] {
           return with(filled_order(), [](scene& s) { s.stored.attempts[2].moved = movement{landed_slot, 0, -499}; });
         },
         {"moved_too_little"}},
        {"a swap that brought less than its minimum",
         [&] {
           return with(filled_order(), [](scene& s) {
             s.stored.attempts[1].moved = movement{landed_slot, -1'000, 489};
             s.stored.output_amount = domain::token_amount{489};
           });
         },
         {"moved_too_little"}},
        {"a refund of half the deposit",
         [&] {
           return with(refunded_order(order_state::cancelled), [](scene& s) {
             s.stored.attempts[1].moved = movement{landed_slot, -500, 0};
           });
         },
         {"moved_too_little"}},
        {"the books say more is left than the state does",
         [&] {
           return with(filled_order(), [](scene& s) {
             s.stored.attempts[0].moved = movement{landed_slot, 1'050, 0};
             s.stored.attempts[1].moved = movement{landed_slot, -1'000, 500};
             s.stored.attempts[2].moved = movement{landed_slot, 0, -500};
           });
         },
         {"order_account_short"}},
    };
    names all;
    for (const auto& r : rows) {
      INFO(r.what);
      CHECK(found_in(r.make()) == r.expected);
      all.insert(r.expected.begin(), r.expected.end());
    }
    // sum_short has tests of its own.
    CHECK(all.size() == finding_kind_count - 1);
  }

  TEST_CASE("dust of strangers is no discrepancy, wherever it lies") {
    for (auto s : {open_order(), open_order(order_state::expired)}) {
      s.balances(holding(input_mint, input + 12'345), holding(output_mint, 7));
      CHECK(found_in(s).empty());
    }
    for (auto s : {filled_order(), refunded_order(order_state::expired), refunded_order(order_state::cancelled)}) {
      s.balances(holding(input_mint, input - 1), holding(output_mint, output - 1));
      CHECK(found_in(s).empty());
    }
    auto more = swapped_order();
    more.balances(holding(input_mint, 1), holding(output_mint, output * 2));
    CHECK(found_in(more).empty());
    // Somebody else's account at an address that is closed.
    auto again = filled_order();
    again.balances(holding(input_mint, input), holding(output_mint, output));
    again.seen.accounts->order_account->owner = key(77);
    again.seen.accounts->output_account->owner = key(77);
    CHECK(found_in(again).empty());
  }

  TEST_CASE("before an order rests, a full account that should be empty touches no money that is ours to guard") {
    CHECK_FALSE(touches_money(finding_kind::order_account_not_emptied, false));
    CHECK(touches_money(finding_kind::order_account_not_emptied, true));
    auto s = swapped_order();
    s.balances(holding(input_mint, input), holding(output_mint, output));
    for (const auto& c : verify::verify(s.stored, s.seen))
      if (c.kind == finding_kind::order_account_not_emptied) {
        CHECK(c.is == verdict::found);
        CHECK_FALSE(c.money);
      }
  }

  TEST_CASE("what is in flight is neither right nor wrong") {
    for (const auto kind : {attempt_kind::swap, attempt_kind::refund}) {
      auto s = open_order(kind == attempt_kind::swap ? order_state::executing : order_state::ready_to_cancel);
      s.attempt(kind, std::nullopt);
      s.balances(std::nullopt, std::nullopt);
      CHECK(found_in(s).empty());
      CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::unknown);
    }
    auto paying = swapped_order(order_state::withdrawing);
    paying.attempt(attempt_kind::payout, std::nullopt);
    paying.balances(std::nullopt, std::nullopt);
    CHECK(found_in(paying).empty());
    CHECK(verdict_on(paying, finding_kind::output_account_short) == verdict::unknown);
    // The other leg's attempt moves the shared account too.
    auto pair = open_order();
    pair.attempt(attempt_kind::swap, std::nullopt).order = domain::order_id::random();
    pair.balances(std::nullopt, std::nullopt);
    CHECK(found_in(pair).empty());
    // The deposit is not final yet.
    auto early = open_order();
    early.stored.attempts[0].outcome.reset();
    early.balances(std::nullopt, std::nullopt);
    CHECK(found_in(early).empty());
  }

  TEST_CASE("an endpoint that is behind what is stored cannot tell") {
    auto s = open_order();
    s.balances(std::nullopt, std::nullopt);
    s.seen.accounts->slot = landed_slot - 1;
    CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::unknown);
    s.seen.accounts->slot = landed_slot;
    CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::found);
    s.seen.accounts.reset();
    CHECK(verdict_on(s, finding_kind::order_account_short) == verdict::unknown);

    auto behind = filled_order();
    behind.seen.statuses[behind.stored.attempts[0].id] = std::nullopt;
    behind.seen.finalized_slot = landed_slot - 1;
    CHECK(verdict_on(behind, finding_kind::landed_not_found) == verdict::unknown);
    auto not_final = filled_order();
    not_final.seen.statuses[not_final.stored.attempts[0].id]->level = confirmation::confirmed;
    not_final.seen.statuses[not_final.stored.attempts[0].id]->err = "{}";
    CHECK(verdict_on(not_final, finding_kind::landed_but_failed) == verdict::unknown);
  }

  TEST_CASE("a partial fill leaves the rest in the order account") {
    auto s = open_order();
    s.attempt(attempt_kind::swap).expected_input = domain::token_amount{400};
    s.balances(holding(input_mint, 600), std::nullopt);
    CHECK(found_in(s).empty());
    s.balances(holding(input_mint, 599), std::nullopt);
    CHECK(found_in(s) == names{"order_account_short"});
    s.attempt(attempt_kind::swap).expected_input = domain::token_amount{600};
    s.balances(std::nullopt, std::nullopt);
    CHECK(found_in(s).empty());
  }

  TEST_CASE("attempts that came to nothing count for nothing") {
    auto s = filled_order();
    s.attempt(attempt_kind::swap, attempt_outcome::dead);
    s.attempt(attempt_kind::swap, attempt_outcome::landed_failed);
    s.attempt(attempt_kind::payout, attempt_outcome::landed_failed);
    s.attempt(attempt_kind::refund, attempt_outcome::dead);
    CHECK(found_in(s).empty());
    CHECK(verdict_on(s, finding_kind::dead_but_landed) == verdict::not_seen);
    CHECK(verdict_on(s, finding_kind::failed_but_landed) == verdict::right);
  }

  TEST_CASE("the payout of the other leg is none of this order") {
    auto s = filled_order();
    s.attempt(attempt_kind::payout).order = domain::order_id::random();
    CHECK(found_in(s).empty());
  }

  TEST_CASE("resolved attempts with a signature are asked for until they are settled") {
    auto s = filled_order();
    s.stored.attempts[0].settled = true;
    s.stored.attempts[1].signature.reset();
    s.attempt(attempt_kind::close, std::nullopt);
    const auto asked = attempts_to_ask(s.stored);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0]->kind == attempt_kind::payout);
  }
}

TEST_SUITE("verify judge") {
  TEST_CASE("two endpoints have to agree; one alone is noted without it") {
    const auto both = judged({answer(verdict::found, finding_kind::order_account_short, 9), answer(verdict::found)});
    REQUIRE(both.found.size() == 1);
    CHECK(both.found[0].agreed);
    CHECK(both.found[0].slot == 7);
    const auto one = judged({answer(verdict::found), answer(verdict::unknown)});
    REQUIRE(one.found.size() == 1);
    CHECK_FALSE(one.found[0].agreed);
    CHECK(one.right.empty());
    const auto alone = judged({answer(verdict::found)}, 1);
    CHECK(alone.found[0].agreed);
  }

  TEST_CASE("what another endpoint contradicts is neither found nor right") {
    const auto split = judged({answer(verdict::found), answer(verdict::right)});
    CHECK(split.found.empty());
    CHECK(split.right.empty());
  }

  TEST_CASE("that a dead attempt is unknown to one endpoint does not contradict the one that shows it") {
    const auto shown = judged({answer(verdict::not_seen, finding_kind::dead_but_landed),
                               answer(verdict::found, finding_kind::dead_but_landed)});
    REQUIRE(shown.found.size() == 1);
    CHECK_FALSE(shown.found[0].agreed);
    const auto gone = judged({answer(verdict::not_seen, finding_kind::dead_but_landed),
                              answer(verdict::not_seen, finding_kind::dead_but_landed)});
    CHECK(gone.right.size() == 1);
  }

  TEST_CASE("that one endpoint does not know a landed attempt is nothing yet") {
    CHECK(judged({answer(verdict::found, finding_kind::landed_not_found), answer(verdict::unknown)}).found.empty());
    CHECK(judged({answer(verdict::found, finding_kind::landed_not_found),
                  answer(verdict::found, finding_kind::landed_not_found)})
              .found.size() == 1);
  }

  TEST_CASE("right takes as many endpoints as found") {
    CHECK(judged({answer(verdict::right), answer(verdict::unknown)}).right.empty());
    CHECK(judged({answer(verdict::right), answer(verdict::right)}).right.size() == 1);
    CHECK(judged({answer(verdict::right)}, 1).right.size() == 1);
  }
}

TEST_SUITE("verify sums") {
  const auto reading = [](std::uint64_t amount, std::uint64_t slot = seen_slot) {
    return account_reading{slot, holding(input_mint, amount)};
  };

  TEST_CASE("a sum adds up when each account holds what is left in it") {
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 200)};
    const auto lines = add_up(accounts, std::vector{reading(100), reading(200)});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].booked == 300);
    CHECK(lines[0].observed == 300);
    CHECK(lines[0].shortfall == 0);
    CHECK(check_of(lines[0], "rpc0", 0).is == verdict::right);
  }

  TEST_CASE("what strangers send to one account does not cover what is missing in another") {
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 200)};
    const auto lines = add_up(accounts, std::vector{reading(150), reading(170)});
    CHECK(lines[0].observed == 320);
    CHECK(lines[0].shortfall == 30);
    CHECK(lines[0].accounts_short == 1);
    const auto c = check_of(lines[0], "rpc0", 29);
    CHECK(c.is == verdict::found);
    CHECK(c.subject == input_mint.to_string() + ":input");
    CHECK(check_of(lines[0], "rpc0", 30).is == verdict::right);
  }

  TEST_CASE("accounts in flight, or read before their last movement, are left out") {
    auto flying = booked(1, 100);
    flying.in_flight = true;
    const std::vector<booked_account> accounts{flying, booked(2, 200)};
    const auto lines = add_up(accounts, std::vector{reading(0), reading(0, landed_slot - 1)});
    CHECK(lines[0].left_out == 2);
    CHECK(lines[0].shortfall == 0);
    CHECK(check_of(lines[0], "rpc0", 0).is == verdict::unknown);
  }

  TEST_CASE("a missing account and one of another owner hold nothing of ours") {
    auto foreign = reading(100);
    foreign.account->owner = key(50);
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 100)};
    const auto lines = add_up(accounts, std::vector{foreign, account_reading{seen_slot, std::nullopt}});
    CHECK(lines[0].shortfall == 200);
  }

  TEST_CASE("tokens and sides are told apart") {
    const std::vector<booked_account> accounts{booked(1, 100), booked(2, 50, side::output)};
    const auto lines = add_up(accounts, std::vector{reading(99), account_reading{seen_slot, holding(output_mint, 50)}});
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].shortfall + lines[1].shortfall == 1);
  }

  TEST_CASE("numbers of any size are written out") {
    CHECK(to_text(0) == "0");
    CHECK(to_text(-5) == "-5");
    CHECK(to_text(static_cast<domain::int128>(18'446'744'073'709'551'615U) * 10) == "184467440737095516150");
  }
}

TEST_SUITE("verify policy") {
  TEST_CASE("one look holds no order, two do, and never a second time for the same finding") {
    const policy p;
    CHECK_FALSE(wants_hold({finding_kind::order_account_short, true, 1, false}, p));
    CHECK(wants_hold({finding_kind::order_account_short, true, 2, false}, p));
    CHECK_FALSE(wants_hold({finding_kind::order_account_short, true, 3, true}, p));
    CHECK_FALSE(wants_hold({finding_kind::fill_record_differs, false, 9, false}, p));
    CHECK_FALSE(wants_hold({finding_kind::sum_short, true, 9, false}, p));
  }

  TEST_CASE("three looks halt, unless an operator accepted as much") {
    const policy p;
    CHECK_FALSE(wants_halt({finding_kind::sum_short, true, 2, false}, 10, 0, p));
    CHECK(wants_halt({finding_kind::sum_short, true, 3, false}, 10, 0, p));
    CHECK_FALSE(wants_halt({finding_kind::sum_short, true, 8, false}, 10, 10, p));
    CHECK(wants_halt({finding_kind::sum_short, true, 8, false}, 11, 10, p));
    CHECK_FALSE(wants_halt({finding_kind::double_swap, true, 8, false}, 11, 0, p));
  }

  TEST_CASE("kinds and their names go both ways") {
    for (std::size_t i = 0; i < finding_kind_count; ++i) {
      const auto kind = static_cast<finding_kind>(i);
      CHECK(parse_finding_kind(to_string(kind)) == kind);
    }
    CHECK_FALSE(parse_finding_kind("something"));
  }
}
