#include "common/net/http_failure.hpp"

#include "common/net/limit_signal.hpp"

namespace landfall::net {

no_answer classify(const net_error& e) noexcept {
  switch (e.what) {
    case net_error::kind::timeout:
      return no_answer::timeout;
    case net_error::kind::too_large:
    case net_error::kind::malformed:
      return no_answer::malformed;
    case net_error::kind::rate_limited:
      return no_answer::rate_limited;
    default:
      return no_answer::unreachable;
  }
}

std::optional<std::uint64_t> retry_after_ms(const http_response& response) {
  const auto signal = limit_signal_of(response, unix_now_s());
  if (!signal.retry_after)
    return std::nullopt;
  return static_cast<std::uint64_t>(signal.retry_after->count());
}

std::optional<std::uint64_t> retry_after_ms(const net_error& e) {
  if (!e.retry_after)
    return std::nullopt;
  return static_cast<std::uint64_t>(e.retry_after->count());
}

}  // namespace landfall::net
