#include "executor-service/api/http/reply.hpp"

#include <doctest/doctest.h>

namespace landfall::executor::api {
namespace {

TEST_SUITE("reply") {
  TEST_CASE("refusals have the documented shapes") {
    CHECK(to_response({400, "why", {}}).body == R"({"error":"why"})");
    CHECK(to_response(invalid_field("amount", "Required")).body ==
          R"({"error":"Request validation failed","details":{"amount":"Required"}})");
    CHECK(unauthorized().body == R"({"error":"Unauthorized"})");
    CHECK(unauthorized().status == 401);
    CHECK(bad_api_key().body == R"({"code":401,"message":"Unauthorized: missing or invalid API key"})");
    CHECK(too_many_requests(std::chrono::milliseconds{1001}).headers.at("Retry-After") == "2");
    CHECK(too_many_requests(std::chrono::milliseconds{1}).headers.at("Retry-After") == "1");
  }
}

}  // namespace
}  // namespace landfall::executor::api
