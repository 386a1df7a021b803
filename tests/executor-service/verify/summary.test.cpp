#include <doctest/doctest.h>

#include <string>

#include "executor-service/verify/summary.hpp"

namespace landfall::executor::verify {

TEST_CASE("a summary of nothing is clean and has every key") {
  CHECK(to_json(summary{}) == R"({"orders":0,"attempts":0,"ordersInFlight":0,"findings":[],"sums":[],"disputed":[],)"
                              R"("trouble":null,"clean":true})");
}

TEST_CASE("a summary is written to the byte") {
  summary s;
  s.orders = 3;
  s.attempts = 4;
  s.orders_in_flight = 1;
  finding plain;
  plain.kind = finding_kind::double_swap;
  plain.subject = "a\"b";
  plain.order = domain::order_id::parse("01234567-89ab-cdef-0123-456789abcdef");
  plain.detail = "two\nlines";
  plain.expected = "1";
  plain.observed = "2";
  plain.slot = 18'446'744'073'709'551'615U;
  plain.endpoint = "rpc0";
  plain.money = true;
  s.findings = {plain, finding{}};
  sum_row sum;
  sum.of = side::output;
  sum.booked = 5;
  sum.observed = 3;
  sum.shortfall = 2;
  sum.accounts = 7;
  sum.left_out = 1;
  sum.slot = 9;
  s.sums = {sum};
  s.disputed = {{finding_kind::sum_short, "mint", {"rpc0", "rpc2"}, {}}};
  s.trouble = "no answer\x1F";
  CHECK(to_json(s) ==
        R"({"orders":3,"attempts":4,"ordersInFlight":1,"findings":[)"
        R"({"kind":"double_swap","subject":"a\"b","orderId":"01234567-89ab-cdef-0123-456789abcdef","attemptId":null,)"
        R"("detail":"two\nlines","expected":"1","observed":"2","slot":18446744073709551615,"endpoint":"rpc0",)"
        R"("touchesMoney":true,"agreed":false},)"
        R"({"kind":"sum_short","subject":"","orderId":null,"attemptId":null,"detail":"","expected":"","observed":"",)"
        R"("slot":0,"endpoint":"","touchesMoney":false,"agreed":false}],)"
        R"("sums":[{"mint":"11111111111111111111111111111111","side":"output","booked":"5","observed":"3",)"
        R"("shortfall":"2","accounts":7,"leftOut":1,"slot":9}],)"
        R"("disputed":[{"kind":"sum_short","subject":"mint","foundBy":["rpc0","rpc2"],"rightBy":[]}],)"
        R"("trouble":"no answer\u001f","clean":false})");
}

}  // namespace landfall::executor::verify
