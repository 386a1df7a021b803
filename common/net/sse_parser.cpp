#include "common/net/sse_parser.hpp"

#include <utility>

#include "common/domain/parse_number.hpp"

namespace landfall::net {

sse_parser::sse_parser(std::size_t max_event_bytes) : max_event_bytes_(max_event_bytes) {}

std::optional<unsigned> sse_parser::retry_ms() const noexcept {
  return retry_ms_;
}

bool sse_parser::feed(std::string_view bytes, const std::function<void(sse_event)>& on_event) {
  while (!bytes.empty() && !failed_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    buffer_ += bytes.substr(0, end);
    if (buffer_.size() > max_event_bytes_) {
      failed_ = true;
      break;
    }
    if (end == std::string_view::npos)
      break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const auto complete = std::exchange(buffer_, {});
    line(complete, on_event);
  }
  return !failed_;
}

void sse_parser::line(std::string_view text, const std::function<void(sse_event)>& on_event) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (std::exchange(at_start_, false) && text.starts_with(byte_order_mark))
    text.remove_prefix(byte_order_mark.size());
  if (text.empty()) {
    sse_event event{name_.empty() ? "message" : std::exchange(name_, {}), std::exchange(data_, {}), id_};
    name_.clear();
    if (std::exchange(has_data_, false))
      on_event(std::move(event));
    return;
  }
  const auto colon = text.find(':');
  const auto field = text.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (field == "data") {
    if (data_.size() + value.size() + 1 > max_event_bytes_) {
      failed_ = true;
      return;
    }
    if (has_data_)
      data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (field == "event") {
    name_ = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  } else if (field == "retry") {
    if (const auto ms = domain::parse_number<unsigned>(value))
      retry_ms_ = *ms;
  }
}

}  // namespace landfall::net
