#include "executor-service/api/order/history_query.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/executor-service/api/request_bodies.hpp"

namespace landfall::executor::api {
namespace {

TEST_SUITE("history_query") {
  TEST_CASE("a history query has documented defaults and bounds") {
    const auto parsed = parse_history_query({});
    REQUIRE(parsed.ok());
    CHECK(parsed->limit == 20);
    CHECK(parsed->offset == 0);
    CHECK(parsed->sort == sort_field::updated_at);
    CHECK(parsed->direction == sort_direction::descending);
    CHECK_FALSE(parsed->group.has_value());
    CHECK(parse_history_query({{"limit", "1"}, {"state", "past"}, {"dir", "asc"}, {"sort", "expires_at"}}).ok());
    CHECK(parse_history_query({{"limit", "100"}, {"unknown", "x"}}).ok());
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"limit", "0"},
                                                          {"limit", "101"},
                                                          {"limit", ""},
                                                          {"limit", "1.0"},
                                                          {"limit", "x"},
                                                          {"offset", "-1"},
                                                          {"offset", "99999999999999999999"},
                                                          {"sort", "price"},
                                                          {"dir", "up"},
                                                          {"state", "open"},
                                                          {"mint", "x"}}) {
      CAPTURE(name);
      CAPTURE(value);
      CHECK(refused_fields(parse_history_query({{name, value}})) == name);
    }
  }
}

}  // namespace
}  // namespace landfall::executor::api
