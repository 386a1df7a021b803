// One pass for an operator.
#include "executor-service/verify/verify_once.hpp"

#include <doctest/doctest.h>

#include "tests/executor-service/verify/verifier_fixture.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::verify;
using namespace landfall::executor::verify::tests;

TEST_SUITE("verify once") {
  TEST_CASE("once, for an operator: nothing is written, findings are confirmed at a later slot, sums are shown") {
    verifier_fixture f;
    const auto good = f.order_in("open");
    const auto bad = f.order_in("ready_withdraw_output");
    f.everywhere([&](fake_node& c) { c.closes(f.column(bad, "output_account")); });
    const auto all = f.once();
    CHECK_FALSE(all.clean());
    REQUIRE(all.findings.size() == 1);
    CHECK(all.findings[0].kind == finding_kind::output_account_short);
    CHECK(all.findings[0].agreed);
    CHECK(to_json(all).find("\"clean\":false") != std::string::npos);
    CHECK(to_table(all).find("output_account_short") != std::string::npos);
    CHECK(f.once({domain::order_id::parse(good.id)}).clean());
    CHECK_FALSE(f.once({domain::order_id::parse(bad.id)}).clean());
    CHECK_FALSE(f.once({domain::order_id::random()}).trouble.empty());
    CHECK(f.rows.value("select count(*) from discrepancy where $1 = ''", "") == "0");
    f.everywhere([](fake_node& c) { c.fails = landfall::tests::rpc_failure(rpc_error::kind::unreachable); });
    CHECK_FALSE(f.once().clean());
  }
}
