#include "common/runtime/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "common/domain/time.hpp"
#include "common/json/writer.hpp"

namespace landfall::runtime {
namespace {

struct log_state {
  std::mutex mutex;
  std::string service;
  std::string instance;
  level least = level::info;
  log_format format = log_format::json;
  std::function<void(std::string_view)> redirect;
  std::shared_ptr<spdlog::logger> out;

  log_state() {
    out = std::make_shared<spdlog::logger>("landfall", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    out->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, std::string{"\n"}));
    out->set_level(spdlog::level::trace);
    out->flush_on(spdlog::level::trace);
  }
};

/// Never destroyed: threads may still log while the process ends.
log_state& state() {
  static auto* const s = new log_state;
  return *s;
}

void append_value(std::string& out, const field& f) {
  if (const auto* text = std::get_if<std::string_view>(&f.value))
    json::append_string(out, *text);
  else if (const auto* i = std::get_if<std::int64_t>(&f.value))
    out += std::to_string(*i);
  else if (const auto* u = std::get_if<std::uint64_t>(&f.value))
    out += std::to_string(*u);
  else
    out += std::get<bool>(f.value) ? "true" : "false";
}

std::string json_line(const log_state& s, level l, std::string_view event, std::initializer_list<field> fields,
                      std::string_view ts) {
  json::writer w;
  w.begin_object().member("ts", ts).member("level", to_string(l));
  w.member("service", s.service).member("instance", s.instance).member("event", event);
  for (const auto& f : fields)
    std::visit([&](const auto& value) { w.member(f.key, value); }, f.value);
  return w.end_object().take();
}

std::string text_line(level l, std::string_view event, std::initializer_list<field> fields, std::string_view ts) {
  std::string line{ts};
  line += ' ';
  line += to_string(l);
  line.append(l == level::info || l == level::warn ? 2 : 1, ' ');
  line += event;
  for (const auto& f : fields) {
    line += ' ';
    line += f.key;
    line += '=';
    append_value(line, f);
  }
  return line;
}

spdlog::level::level_enum spdlog_level(level l) {
  switch (l) {
    case level::debug:
      return spdlog::level::debug;
    case level::info:
      return spdlog::level::info;
    case level::warn:
      return spdlog::level::warn;
    case level::error:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

std::string_view to_string(level l) noexcept {
  switch (l) {
    case level::debug:
      return "debug";
    case level::info:
      return "info";
    case level::warn:
      return "warn";
    case level::error:
      break;
  }
  return "error";
}

std::optional<level> parse_level(std::string_view text) noexcept {
  for (const auto l : {level::debug, level::info, level::warn, level::error}) {
    if (text == to_string(l))
      return l;
  }
  return std::nullopt;
}

std::optional<log_format> parse_log_format(std::string_view text) noexcept {
  if (text == "json")
    return log_format::json;
  if (text == "text")
    return log_format::text;
  return std::nullopt;
}

void log_init(std::string_view service, std::string_view instance, level least, log_format format) {
  auto& s = state();
  const std::lock_guard lock{s.mutex};
  s.service = service;
  s.instance = instance;
  s.least = least;
  s.format = format;
}

void log(level l, std::string_view event, std::initializer_list<field> fields) {
  auto& s = state();
  const std::lock_guard lock{s.mutex};
  if (l < s.least)
    return;
  const auto ts = domain::to_iso8601(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  const auto line = s.format == log_format::json ? json_line(s, l, event, fields, ts) : text_line(l, event, fields, ts);
  if (s.redirect)
    s.redirect(line);
  else
    s.out->log(spdlog_level(l), spdlog::string_view_t{line.data(), line.size()});
}

void log_redirect(std::function<void(std::string_view)> sink) {
  auto& s = state();
  const std::lock_guard lock{s.mutex};
  s.redirect = std::move(sink);
}

}  // namespace landfall::runtime
