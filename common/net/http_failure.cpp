#include "common/net/http_failure.hpp"

#include <charconv>

namespace landfall::net {

no_answer classify(const net_error& e) noexcept {
  switch (e.what) {
    case net_error::kind::timeout:
      return no_answer::timeout;
    case net_error::kind::too_large:
    case net_error::kind::malformed:
      return no_answer::malformed;
    default:
      return no_answer::unreachable;
  }
}

std::optional<std::uint64_t> retry_after_ms(const http_response& response) {
  const auto found = response.headers.find("retry-after");
  if (found == response.headers.end())
    return std::nullopt;
  std::uint64_t seconds = 0;
  const auto& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return seconds > max_retry_after_ms / 1000 ? max_retry_after_ms : seconds * 1000;
}

}  // namespace landfall::net
