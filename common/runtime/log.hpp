#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace landfall::runtime {

enum class level { debug, info, warn, error };
enum class log_format { json, text };

[[nodiscard]] std::string_view to_string(level l) noexcept;
[[nodiscard]] std::optional<level> parse_level(std::string_view text) noexcept;
[[nodiscard]] std::optional<log_format> parse_log_format(std::string_view text) noexcept;

/// One key and value of a log line. It only refers to text: use it as an argument, do not keep it.
struct field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, bool> value;

  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const std::string& v) : key(k), value(std::string_view{v}) {}
  field(std::string_view k, const char* v) : key(k), value(std::string_view{v}) {}
  template <std::same_as<bool> B>
  field(std::string_view k, B v) : key(k), value(v) {}
  template <std::signed_integral I>
  field(std::string_view k, I v) : key(k), value(static_cast<std::int64_t>(v)) {}
  template <std::unsigned_integral I>
  requires(!std::same_as<I, bool>) field(std::string_view k, I v) : key(k), value(static_cast<std::uint64_t>(v)) {}
};

/// Call once, early in main; before it lines come out as JSON with an empty service. Thread-safe like all here.
void log_init(std::string_view service, std::string_view instance, level least, log_format format);

/// One line on stderr: {"ts":"2026-01-31T23:59:59.123Z","level":"info","service":…,"instance":…,"event":…, fields…}.
/// `event` is a stable name such as "order_claimed", never a sentence with values in it: those are fields.
void log(level l, std::string_view event, std::initializer_list<field> fields = {});

inline void log_debug(std::string_view event, std::initializer_list<field> fields = {}) {
  log(level::debug, event, fields);
}
inline void log_info(std::string_view event, std::initializer_list<field> fields = {}) {
  log(level::info, event, fields);
}
inline void log_warn(std::string_view event, std::initializer_list<field> fields = {}) {
  log(level::warn, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<field> fields = {}) {
  log(level::error, event, fields);
}

/// For tests: lines go to `sink` (without the newline) instead of stderr; an empty function undoes that.
void log_redirect(std::function<void(std::string_view line)> sink);

}  // namespace landfall::runtime
