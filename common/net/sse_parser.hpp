#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace landfall::net {

/// One server-sent event.
struct sse_event {
  std::string name = "message";
  std::string data{};  ///< several data lines are joined by newlines
  std::string id{};    ///< the last id seen on the stream

  friend bool operator==(const sse_event&, const sse_event&) = default;
};

/// Cuts an event stream into events, however the bytes are cut into pieces. Knows no I/O.
class sse_parser {
public:
  /// `max_event_bytes` bounds a line and the data of an event.
  explicit sse_parser(std::size_t max_event_bytes = 1024 * 1024);

  /// Calls `on_event` for each event that `bytes` complete. False, now and for good, if a bound was exceeded.
  [[nodiscard]] bool feed(std::string_view bytes, const std::function<void(sse_event)>& on_event);

private:
  void line(std::string_view text, const std::function<void(sse_event)>& on_event);

  std::size_t max_event_bytes_;
  std::string buffer_;
  std::string name_;
  std::string data_;
  std::string id_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  bool failed_ = false;
};

}  // namespace landfall::net
