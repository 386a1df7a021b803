#include "common/net/http_failure.hpp"

#include <doctest/doctest.h>

#include <cpprest/http_msg.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace landfall::net;
using kind = net_error::kind;

namespace {

constexpr const char* url = "https://user:secret@rpc.example/secret?api-key=secret";

struct plain_error {
  enum class kind { malformed, rate_limited, timeout, unreachable };
  kind what = kind::malformed;
  std::string message;
};
struct patient_error : plain_error {
  std::optional<std::uint64_t> retry_after_ms;
};

template <class Thrown>
net_error described(const Thrown& thrown) {
  return describe_failure(std::make_exception_ptr(thrown), url);
}

}  // namespace

TEST_CASE("what broke is told with the address, and without it") {
  using web::http::http_exception;
  const auto reset =
      described(http_exception{static_cast<int>(std::errc::connection_reset), "Failed to read HTTP status line"});
  CHECK(reset.what == kind::reset);
  CHECK(reset.message.starts_with(url));
  CHECK(without_address(reset).starts_with("Failed to read HTTP status line"));
  const auto refused = described(http_exception{"Failed to connect to any resolved endpoint"});
  CHECK(without_address(refused) == "Failed to connect to any resolved endpoint");
  CHECK(without_address(failed_at(url, kind::timeout, "no full answer within 5 ms")) == "no full answer within 5 ms");
  net_error bare;
  bare.what = kind::cancelled;
  CHECK(without_address(bare) == "cancelled");
}

TEST_CASE("words that may name the address are left out") {
  for (const auto& e : {described(web::uri_exception{std::string{"provided uri is invalid: "} + url}),
                        described(std::runtime_error{std::string{"cannot speak to "} + url})}) {
    CHECK(e.message.find("secret") != std::string::npos);
    CHECK(without_address(e).find("secret") == std::string::npos);
  }
  CHECK(without_address(described(web::uri_exception{"x"})) == "not a URL");
  CHECK(without_address(described(std::runtime_error{"x"})) == "reset");
}

TEST_CASE("a missing answer becomes a client's own error, with its kind, its words and when to come again") {
  using to = plain_error::kind;
  const std::vector<std::pair<kind, to>> kinds{
      {kind::timeout, to::timeout},           {kind::unreachable, to::unreachable}, {kind::reset, to::unreachable},
      {kind::cancelled, to::unreachable},     {kind::too_large, to::malformed},     {kind::malformed, to::malformed},
      {kind::rate_limited, to::rate_limited},
  };
  for (const auto& [from, expected] : kinds) {
    auto e = failed_at(url, from, "as told");
    e.retry_after = std::chrono::milliseconds{70};
    CHECK(error_from<plain_error>(e).what == expected);
    const auto patient = error_from<patient_error>(e);
    CHECK(patient.what == expected);
    CHECK(patient.message == without_address(e));
    CHECK(patient.message.find("secret") == std::string::npos);
    CHECK(patient.retry_after_ms == 70);
  }
}
