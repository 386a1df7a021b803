#include "executor-service/api/deposit/craft_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/executor-service/api/request_bodies.hpp"

namespace landfall::executor::api {
namespace {

field_map craft_fields() {
  return {{"inputMint", quoted(sol)},    {"outputMint", quoted(usdc)},   {"userAddress", quoted(user)},
          {"amount", quoted("1000000")}, {"orderType", quoted("price")}, {"orderSubType", quoted("single")}};
}

TEST_SUITE("craft_request") {
  TEST_CASE("the documented craft request is read exactly") {
    const auto parsed = parse_craft_request(body_of(craft_fields()));
    REQUIRE(parsed.ok());
    CHECK(parsed->amount.units() == 1'000'000);
    CHECK(parsed->input_mint.to_string() == sol);
  }

  TEST_CASE("a craft request with one bad field names that field") {
    for (const auto& row : std::vector<bad_field>{{"inputMint", ""},
                                                  {"outputMint", quoted(sol)},
                                                  {"userAddress", quoted("nobody")},
                                                  {"amount", quoted("0")},
                                                  {"amount", "5"},
                                                  {"amount", quoted("18446744073709551616")},
                                                  {"orderType", quoted("dca")},
                                                  {"orderType", quoted("limit")},
                                                  {"orderSubType", ""},
                                                  {"orderSubType", quoted("oco")},
                                                  {"orderSubType", quoted("double")},
                                                  {"jlMint", quoted(sol)}}) {
      CAPTURE(row.field);
      CAPTURE(row.value);
      auto fields = craft_fields();
      if (row.value.empty())
        fields.erase(row.field);
      else
        fields[row.field] = row.value;
      CHECK(refused_fields(parse_craft_request(body_of(fields))) == row.field);
    }
  }
}

}  // namespace
}  // namespace landfall::executor::api
