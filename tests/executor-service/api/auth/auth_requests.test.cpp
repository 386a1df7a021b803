#include "executor-service/api/auth/auth_requests.hpp"

#include <doctest/doctest.h>

#include "tests/executor-service/api/request_bodies.hpp"

namespace landfall::executor::api {
namespace {

TEST_SUITE("auth_requests") {
  TEST_CASE("a challenge is of one of two kinds") {
    CHECK(parse_challenge_request(R"({"walletPubkey":")" + user + R"(","type":"message"})").ok());
    CHECK(parse_challenge_request(R"({"walletPubkey":")" + user + R"(","type":"transaction"})").ok());
    CHECK(refused_fields(parse_challenge_request(R"({"walletPubkey":")" + user + R"(","type":"other"})")) == "type");
    CHECK(refused_fields(parse_challenge_request(R"({"walletPubkey":"","type":"message"})")) == "walletPubkey");
    CHECK(refused_fields(parse_verify_request(R"({"walletPubkey":")" + user + R"(","type":"message"})")) ==
          "signature");
    CHECK(refused_fields(parse_verify_request(R"({"walletPubkey":")" + user +
                                              R"(","type":"transaction","signature":"x"})")) == "signedTransaction");
  }
}

}  // namespace
}  // namespace landfall::executor::api
