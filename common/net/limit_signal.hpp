#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/net/http_message.hpp"
#include "common/net/rate_limiter.hpp"

namespace landfall::net {

/// What Retry-After asks for: seconds, or an HTTP date as of `unix_now_s`. Nothing where it cannot be read; never
/// negative, never above `rate_limiter::max_pause`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text,
                                                                         std::int64_t unix_now_s);

/// "Sun, 06 Nov 1994 08:49:37 GMT" in unix seconds.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text);

/// Status, Retry-After and x-ratelimit-remaining, -reset (unix seconds) of an answer. Headers that make no sense are
/// left out. The server's own clock (Date), where it gives one, is what its times are compared with.
[[nodiscard]] limit_signal limit_signal_of(const http_result& answer, std::int64_t unix_now_s);

/// This machine's clock.
[[nodiscard]] std::int64_t unix_now_s();

}  // namespace landfall::net
