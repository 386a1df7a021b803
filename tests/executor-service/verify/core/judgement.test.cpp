// What several endpoints' answers come to, and when that holds an order or halts all signing.
#include "executor-service/verify/core/judgement.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;

namespace {

check answer(check_result is, finding_kind kind = finding_kind::order_account_short, std::uint64_t slot = 7) {
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

}  // namespace

TEST_SUITE("verify judge") {
  TEST_CASE("two endpoints have to agree; one alone is noted without it") {
    const auto both =
        judged({answer(check_result::found, finding_kind::order_account_short, 9), answer(check_result::found)});
    REQUIRE(both.found.size() == 1);
    CHECK(both.found[0].agreed);
    CHECK(both.found[0].slot == 7);
    const auto one = judged({answer(check_result::found), answer(check_result::unknown)});
    REQUIRE(one.found.size() == 1);
    CHECK_FALSE(one.found[0].agreed);
    CHECK(one.right.empty());
    const auto alone = judged({answer(check_result::found)}, 1);
    CHECK(alone.found[0].agreed);
  }

  TEST_CASE("what another endpoint contradicts is neither found nor right") {
    const auto split = judged({answer(check_result::found), answer(check_result::right)});
    CHECK(split.found.empty());
    CHECK(split.right.empty());
  }

  TEST_CASE("of three endpoints one that lies vetoes nothing") {
    const auto most =
        judged({answer(check_result::right, finding_kind::order_account_short, 1), answer(check_result::found),
                answer(check_result::found, finding_kind::order_account_short, 9)});
    REQUIRE(most.found.size() == 1);
    CHECK(most.found[0].agreed);
    CHECK(most.found[0].slot == 7);
    CHECK(most.disputed.empty());
    // Nor does it by agreeing in an old slot: two have reached the eighth.
    const auto old = judged({answer(check_result::found, finding_kind::order_account_short, 1),
                             answer(check_result::found, finding_kind::order_account_short, 8),
                             answer(check_result::found, finding_kind::order_account_short, 9)});
    REQUIRE(old.found.size() == 1);
    CHECK(old.found[0].slot == 8);
  }

  TEST_CASE("endpoints that contradict each other otherwise are told, and nothing follows from it") {
    const auto found = answer(check_result::found, finding_kind::order_account_short, 3);
    const auto right = answer(check_result::right, finding_kind::order_account_short, 5);
    for (const auto& list : std::vector<std::vector<check>>{
             {found, right}, {found, right, right}, {found, found, right, right}, {found, right, right, right}}) {
      const auto j = judged(list);
      CHECK(j.found.empty());
      CHECK(j.right.empty());
      REQUIRE(j.disputed.size() == 1);
      CHECK(j.disputed[0].kind == finding_kind::order_account_short);
      CHECK(j.disputed[0].subject == "it");
      CHECK(j.disputed[0].found_by.front() == "rpc3");
      CHECK(j.disputed[0].right_by.front() == "rpc5");
    }
    CHECK(judged({found, answer(check_result::unknown), answer(check_result::not_seen)}).disputed.empty());
  }

  TEST_CASE("one endpoint that shows an attempt outweighs all that do not know it") {
    for (const auto kind : {finding_kind::landed_not_found, finding_kind::neither_landed_nor_dead}) {
      const auto shown = judged(
          {answer(check_result::found, kind), answer(check_result::found, kind), answer(check_result::right, kind)});
      CHECK(shown.found.empty());
      CHECK(shown.disputed.size() == 1);
      // Only one that forgot: no more than usual.
      CHECK(judged({answer(check_result::found, kind), answer(check_result::right, kind)}).disputed.empty());
    }
  }

  TEST_CASE("that a dead attempt is unknown to one endpoint does not contradict the one that shows it") {
    const auto shown = judged({answer(check_result::not_seen, finding_kind::dead_but_landed),
                               answer(check_result::found, finding_kind::dead_but_landed)});
    REQUIRE(shown.found.size() == 1);
    CHECK_FALSE(shown.found[0].agreed);
    const auto gone = judged({answer(check_result::not_seen, finding_kind::dead_but_landed),
                              answer(check_result::not_seen, finding_kind::dead_but_landed)});
    CHECK(gone.right.size() == 1);
  }

  TEST_CASE("that one endpoint does not know an attempt is nothing yet") {
    for (const auto kind : {finding_kind::landed_not_found, finding_kind::neither_landed_nor_dead}) {
      CHECK(judged({answer(check_result::found, kind), answer(check_result::unknown)}).found.empty());
      CHECK(judged({answer(check_result::found, kind), answer(check_result::found, kind)}).found.size() == 1);
    }
  }

  TEST_CASE("right takes as many endpoints as found") {
    CHECK(judged({answer(check_result::right), answer(check_result::unknown)}).right.empty());
    CHECK(judged({answer(check_result::right), answer(check_result::right)}).right.size() == 1);
    CHECK(judged({answer(check_result::right)}, 1).right.size() == 1);
  }
}

TEST_SUITE("verify policy") {
  TEST_CASE("one pass holds no order, two do, and never a second time for the same finding") {
    const policy p;
    CHECK_FALSE(wants_hold({finding_kind::order_account_short, true, 1, false}, p));
    CHECK(wants_hold({finding_kind::order_account_short, true, 2, false}, p));
    CHECK_FALSE(wants_hold({finding_kind::order_account_short, true, 3, true}, p));
    CHECK_FALSE(wants_hold({finding_kind::fill_record_differs, false, 9, false}, p));
    CHECK_FALSE(wants_hold({finding_kind::sum_short, true, 9, false}, p));
  }

  TEST_CASE("three passes halt, unless an operator accepted as much") {
    const policy p;
    CHECK_FALSE(wants_halt({finding_kind::sum_short, true, 2, false}, 10, 0, p));
    CHECK(wants_halt({finding_kind::sum_short, true, 3, false}, 10, 0, p));
    CHECK_FALSE(wants_halt({finding_kind::sum_short, true, 8, false}, 10, 10, p));
    CHECK(wants_halt({finding_kind::sum_short, true, 8, false}, 11, 10, p));
    CHECK_FALSE(wants_halt({finding_kind::double_swap, true, 8, false}, 11, 0, p));
  }
}
