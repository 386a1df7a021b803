#pragma once

#include <chrono>
#include <string>

namespace landfall::domain {

using std::chrono::milliseconds;

/// A point in time, UTC, to the millisecond.
using utc_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// "2026-01-31T23:59:59.123Z"; PostgreSQL reads it as a timestamptz.
[[nodiscard]] std::string to_iso8601(utc_time time);

/// Milliseconds since 1970-01-01T00:00:00Z.
[[nodiscard]] inline long long unix_ms(utc_time time) noexcept {
  return static_cast<long long>(time.time_since_epoch().count());
}
[[nodiscard]] inline utc_time from_unix_ms(long long ms) noexcept {
  return utc_time{milliseconds{ms}};
}

}  // namespace landfall::domain
