#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/reader.hpp"

namespace landfall::json {

/// Appends `text` as a JSON string with its quotes. Quotes, backslashes and control characters (DEL too) are escaped;
/// bytes that are not UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// Writes JSON without blanks, one call a token; calls chain:
///     json::writer w;
///     w.begin_object().key("id").string(id).key("price").raw_number("0.10").end_object();
///     send(w.take());
/// Strings are written as `append_string` does. Tokens out of order stop the process.
class writer {
public:
  writer& begin_object();
  writer& end_object();
  writer& begin_array();
  writer& end_array();
  writer& key(std::string_view name);
  writer& string(std::string_view text);
  writer& u64(std::uint64_t number);
  writer& i64(std::int64_t number);
  writer& boolean(bool value);
  writer& null();
  /// An exact decimal, as it stands; has to be a JSON number.
  writer& raw_number(std::string_view digits);
  /// One whole value that is JSON already, as it stands: only what this process or PostgreSQL wrote.
  writer& raw_json(std::string_view text);
  /// A value that was parsed, unchanged.
  writer& value(const json::value& v);

  /// key and value in one.
  writer& member(std::string_view name, std::string_view text) {
    return key(name).string(text);
  }
  writer& member(std::string_view name, const std::string& text) {
    return key(name).string(text);
  }
  writer& member(std::string_view name, const char* text) {
    return key(name).string(text);
  }
  template <std::same_as<bool> B>
  writer& member(std::string_view name, B flag) {
    return key(name).boolean(flag);
  }
  template <std::signed_integral I>
  writer& member(std::string_view name, I number) {
    return key(name).i64(number);
  }
  template <std::unsigned_integral I>
  requires(!std::same_as<I, bool>) writer& member(std::string_view name, I number) {
    return key(name).u64(number);
  }

  /// The finished text; the writer is empty again.
  [[nodiscard]] std::string take();

private:
  /// What is open: an object or an array, with or without a first element, and whether a key waits for its value.
  struct frame {
    bool object = false;
    bool has_key = false;
    bool has_element = false;
  };
  writer& token(std::string_view text);
  writer& begin(bool object);
  writer& end(bool object);
  void before_value();
  void separate();
  void after_value();

  std::string out_;
  std::vector<frame> open_;
  bool finished_ = false;
};

}  // namespace landfall::json
