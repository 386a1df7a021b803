#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/domain/result.hpp"
#include "common/net/http_server.hpp"
#include "common/postgres/error.hpp"

namespace landfall::executor::api {

/// Why a request is not carried out, in the documented error shapes: {"error":…} and, where fields are wrong,
/// {"error":…,"details":{"field":"message"}}.
struct refusal {
  int status = 400;
  std::string error;
  std::vector<std::pair<std::string, std::string>> details;
};

template <class T>
using validated = domain::result<T, refusal>;

/// 400 "Request validation failed" that names one field.
[[nodiscard]] refusal invalid_field(std::string field, std::string message);

/// Text of others (a simulation's log, the chain's error), cut to what we show: whole characters of UTF-8, and an
/// ellipsis where something was cut off.
inline constexpr std::size_t max_shown_bytes = 512;
[[nodiscard]] std::string excerpt_of(std::string_view text);

[[nodiscard]] net::http_server_response to_response(const refusal& r);
[[nodiscard]] net::http_server_response json_response(int status, std::string body);

/// 401 {"error":"Unauthorized"}: no token, or not one of ours, or run out.
[[nodiscard]] net::http_server_response unauthorized();
/// 401 in the shape of the gateway: {"code":401,"message":…}.
[[nodiscard]] net::http_server_response bad_api_key();
/// 429 with Retry-After in seconds, rounded up, at least 1.
[[nodiscard]] net::http_server_response too_many_requests(std::chrono::milliseconds retry_after);
/// 503 with Retry-After: a bound inside is reached, or something behind us is down. Nothing was done.
[[nodiscard]] net::http_server_response unavailable(std::string_view why);
/// Logs a database error, and answers for it: 503 where nothing was done and trying again may help, else
/// 500.
[[nodiscard]] net::http_server_response database_failed(std::string_view route, const postgres::database_error& error);

}  // namespace landfall::executor::api
