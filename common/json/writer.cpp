#include "common/json/writer.hpp"

#include <utility>

#include "common/domain/result.hpp"
#include "common/domain/text.hpp"
#include "common/json/number.hpp"

namespace landfall::json {

namespace {

void expect(bool in_order) {
  if (!in_order)
    domain::broken_invariant("JSON written out of order");
}

void append_ascii(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(c);
  if (code >= 0x20 && code != 0x7F) {
    out += c;
    return;
  }
  out += "\\u00";
  out += hex[code >> 4U];
  out += hex[code & 0xFU];
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto n = domain::utf8_length(text);
    if (n == 0)
      out += domain::replacement_character;
    else if (n == 1)
      append_ascii(out, text.front());
    else
      out += text.substr(0, n);
    text.remove_prefix(n == 0 ? 1 : n);
  }
  out += '"';
}

void writer::separate() {
  if (open_.empty())
    return;
  if (open_.back().has_element)
    out_ += ',';
  open_.back().has_element = true;
}

void writer::before_value() {
  expect(!finished_);
  if (open_.empty())
    return;
  expect(open_.back().object == open_.back().has_key);
  if (!open_.back().object)
    separate();
  open_.back().has_key = false;
}

void writer::after_value() {
  finished_ = open_.empty();
}

writer& writer::token(std::string_view text) {
  before_value();
  out_ += text;
  after_value();
  return *this;
}

writer& writer::begin(bool object) {
  before_value();
  out_ += object ? '{' : '[';
  open_.push_back({object});
  return *this;
}

writer& writer::end(bool object) {
  expect(!open_.empty() && open_.back().object == object && !open_.back().has_key);
  open_.pop_back();
  out_ += object ? '}' : ']';
  after_value();
  return *this;
}

writer& writer::begin_object() {
  return begin(true);
}

writer& writer::end_object() {
  return end(true);
}

writer& writer::begin_array() {
  return begin(false);
}

writer& writer::end_array() {
  return end(false);
}

writer& writer::key(std::string_view name) {
  expect(!open_.empty() && open_.back().object && !open_.back().has_key);
  separate();
  open_.back().has_key = true;
  append_string(out_, name);
  out_ += ':';
  return *this;
}

writer& writer::string(std::string_view text) {
  before_value();
  append_string(out_, text);
  after_value();
  return *this;
}

writer& writer::u64(std::uint64_t number) {
  return token(std::to_string(number));
}

writer& writer::i64(std::int64_t number) {
  return token(std::to_string(number));
}

writer& writer::boolean(bool value) {
  return token(value ? "true" : "false");
}

writer& writer::null() {
  return token("null");
}

writer& writer::raw_number(std::string_view digits) {
  expect(split_number(digits).has_value());
  return token(digits);
}

writer& writer::raw_json(std::string_view text) {
  expect(!text.empty());
  return token(text);
}

writer& writer::value(const json::value& v) {
  switch (v.kind()) {
    case kind::null:
      return null();
    case kind::boolean:
      return boolean(std::get<bool>(v.stored()));
    case kind::number:
      return raw_number(std::get<json::value::number_text>(v.stored()).text);
    case kind::string:
      return string(std::get<std::string>(v.stored()));
    case kind::array:
      begin_array();
      for (const auto& element : elements(&v))
        value(element);
      return end_array();
    case kind::object:
      break;
  }
  begin_object();
  for (const auto& m : members(&v))
    key(m.key).value(m.value);
  return end_object();
}

std::string writer::take() {
  expect(finished_);
  finished_ = false;
  return std::exchange(out_, {});
}

}  // namespace landfall::json
