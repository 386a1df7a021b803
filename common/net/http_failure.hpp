#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

#include "common/net/error.hpp"
#include "common/net/http_message.hpp"

namespace landfall::net {

/// What an exception of the HTTP library means; `url` goes into the message.
[[nodiscard]] net_error describe_failure(const std::exception_ptr& thrown, const std::string& url);

/// The kinds of missing answers that clients of services tell apart.
enum class no_answer {
  unreachable,   ///< no connection, or it broke: what was sent may have been acted on
  timeout,       ///< likewise
  malformed,     ///< something came that is no HTTP answer within its bound
  rate_limited,  ///< not sent
};

[[nodiscard]] no_answer classify(const net_error& e) noexcept;

/// How long the answer's Retry-After asks to wait (`parse_retry_after`), by this machine's clock.
[[nodiscard]] std::optional<std::uint64_t> retry_after_ms(const http_response& response);
/// How long our own limiter asks to wait.
[[nodiscard]] std::optional<std::uint64_t> retry_after_ms(const net_error& e);

/// What a missing answer is to the client of a service. Its error has a `what` of these four kinds and perhaps more, a
/// `message`, which names no address, and perhaps `retry_after_ms`.
template <class Error>
[[nodiscard]] Error error_from(const net_error& e) {
  using kind = typename Error::kind;
  Error error;
  switch (classify(e)) {
    case no_answer::unreachable:
      error.what = kind::unreachable;
      break;
    case no_answer::timeout:
      error.what = kind::timeout;
      break;
    case no_answer::malformed:
      error.what = kind::malformed;
      break;
    case no_answer::rate_limited:
      error.what = kind::rate_limited;
      break;
  }
  error.message = without_address(e);
  if constexpr (requires { error.retry_after_ms; })
    error.retry_after_ms = retry_after_ms(e);
  return error;
}

}  // namespace landfall::net
