#include "common/net/http_failure.hpp"

#include <cpprest/http_client.h>

#include <string_view>
#include <system_error>

#include "common/net/limit_signal.hpp"

namespace landfall::net {

net_error describe_failure(const std::exception_ptr& thrown, const std::string& url) {
  using kind = net_error::kind;
  try {
    std::rethrow_exception(thrown);
  } catch (const web::http::http_exception& e) {
    const std::string_view what = e.what();
    const auto begins = [&](std::string_view text) { return what.starts_with(text); };
    const std::string detail =
        std::string{what} + (e.error_code().value() != 0 ? " (" + e.error_code().message() + ")" : std::string{});
    if (begins("Failed to connect") || begins("Error resolving") || begins("Failed to resolve") ||
        begins("Error in SSL handshake"))
      return failed_at(url, kind::unreachable, detail);
    if (begins("Invalid "))
      return failed_at(url, kind::malformed, detail);
    if (e.error_code() == std::errc::timed_out)
      return failed_at(url, kind::timeout, detail);
    return failed_at(url, kind::reset, detail);
  } catch (const web::uri_exception& e) {
    // These texts may name the address.
    return {kind::malformed, url + ": " + e.what(), "not a URL"};
  } catch (const std::exception& e) {
    return {kind::reset, url + ": " + e.what()};
  }
}

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
