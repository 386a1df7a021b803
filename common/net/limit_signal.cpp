#include "common/net/limit_signal.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "common/domain/parse_number.hpp"

namespace landfall::net {

namespace {

using std::chrono::milliseconds;

std::optional<std::string_view> header(const http_response& response, const char* name) {
  const auto found = response.headers.find(name);
  if (found == response.headers.end())
    return std::nullopt;
  return found->second;
}

milliseconds bounded(std::int64_t seconds) {
  const auto most = std::chrono::duration_cast<std::chrono::seconds>(rate_limiter::max_pause).count();
  return milliseconds{1'000 * std::clamp<std::int64_t>(seconds, 0, most)};
}

/// Unix times beyond the year 9999 are taken for nonsense.
constexpr std::int64_t max_unix_s = 253'402'300'799;

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
    return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) {
    return domain::parse_number<unsigned>(text.substr(at, length));
  };
  const auto day = part(5, 2);
  const auto year = part(12, 4);
  const auto hour = part(17, 2);
  const auto minute = part(20, 2);
  const auto second = part(23, 2);
  const auto month = std::ranges::find(months, text.substr(8, 3)) - months.begin();
  if (!day || !year || !hour || !minute || !second || month == 12 || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(month) + 1}, std::chrono::day{*day}};
  if (!date.ok())
    return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + *hour * 3'600 + *minute * 60 + *second;
}

std::optional<milliseconds> parse_retry_after(std::string_view text, std::int64_t unix_now_s) {
  const bool digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (digits)
    // More digits than fit are a very long time too.
    return bounded(domain::parse_number<std::int64_t>(text).value_or(max_unix_s));
  if (const auto at = parse_http_date(text))
    return bounded(*at - unix_now_s);
  return std::nullopt;
}

std::int64_t unix_now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

limit_signal limit_signal_of(const http_result& answer, std::int64_t unix_now_s) {
  limit_signal signal;
  if (!answer)
    return signal;
  signal.status = answer->status;
  if (const auto date = header(*answer, "date"))
    unix_now_s = parse_http_date(*date).value_or(unix_now_s);
  if (const auto text = header(*answer, "retry-after"))
    signal.retry_after = parse_retry_after(*text, unix_now_s);
  if (const auto text = header(*answer, "x-ratelimit-remaining"))
    signal.remaining = domain::parse_number<std::int64_t>(*text);
  if (const auto text = header(*answer, "x-ratelimit-reset"))
    if (const auto at = domain::parse_number<std::int64_t>(*text); at && *at > 0 && *at <= max_unix_s)
      // The second it names may have just begun.
      signal.reset_in = bounded(*at - unix_now_s + 1);
  return signal;
}

}  // namespace landfall::net
