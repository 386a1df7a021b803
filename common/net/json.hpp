#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/domain/result.hpp"

namespace landfall::net {

struct json_limits {
  std::size_t max_bytes = 16 * 1024 * 1024;
  std::size_t max_depth = 64;
  std::size_t max_values = 1'000'000;
};

struct json_error {
  std::size_t offset = 0;  ///< of the byte where it went wrong
  std::string message{};   ///< a sentence that names the offset
};

enum class json_kind { null, boolean, number, string, array, object };

struct json_member;

/// A parsed value. Numbers keep their text, so none is ever rounded, and are told apart from strings.
class json_value {
public:
  struct number_text {
    std::string text;
  };
  using array = std::vector<json_value>;
  using object = std::vector<json_member>;
  using storage = std::variant<std::monostate, bool, number_text, std::string, array, object>;

  json_value() = default;
  explicit json_value(storage s) : storage_(std::move(s)) {}

  [[nodiscard]] json_kind kind() const noexcept {
    return static_cast<json_kind>(storage_.index());
  }
  [[nodiscard]] const storage& stored() const noexcept {
    return storage_;
  }
  [[nodiscard]] storage& stored() noexcept {
    return storage_;
  }

private:
  storage storage_;
};

struct json_member {
  std::string key{};
  json_value value{};
};

/// Strict JSON in UTF-8: no comments, no trailing anything, no lone surrogates. Never throws.
[[nodiscard]] domain::result<json_value, json_error> parse_json(std::string_view text, const json_limits& limits = {});

// Readers take a pointer and answer "none" for nullptr and for every other kind of value, so that they can be nested:
//     as_u64(find(find(&doc, "result"), "slot"))

/// The member of an object; of a repeated key the last.
[[nodiscard]] const json_value* find(const json_value* v, std::string_view key) noexcept;
[[nodiscard]] inline const json_value* find(const json_value& v, std::string_view key) noexcept {
  return find(&v, key);
}
/// The element of an array.
[[nodiscard]] const json_value* at(const json_value* v, std::size_t index) noexcept;

/// Empty unless it is an array (an object).
[[nodiscard]] std::span<const json_value> elements(const json_value* v) noexcept;
[[nodiscard]] std::span<const json_member> members(const json_value* v) noexcept;

[[nodiscard]] bool is(const json_value* v, json_kind kind) noexcept;
/// Absent or null.
[[nodiscard]] bool is_null(const json_value* v) noexcept;

/// Whether "123" in quotes is as good as 123.
enum class quoted { refused, accepted };

/// Whole numbers without fraction and exponent, and in range.
[[nodiscard]] std::optional<std::uint64_t> as_u64(const json_value* v, quoted q = quoted::refused) noexcept;
[[nodiscard]] std::optional<std::int64_t> as_i64(const json_value* v, quoted q = quoted::refused) noexcept;
/// The number in plain digits, exactly: "-12.50", and "0.0000001" for 1e-7. None beyond `max_decimal_digits`.
[[nodiscard]] std::optional<std::string> as_decimal_string(const json_value* v, quoted q = quoted::refused);
inline constexpr std::size_t max_decimal_digits = 128;
/// Refers to the value, which has to live on.
[[nodiscard]] std::optional<std::string_view> as_string(const json_value* v) noexcept;
[[nodiscard]] std::optional<bool> as_bool(const json_value* v) noexcept;

/// Writes JSON, one call a token; calls chain:
///     json_writer w;
///     w.begin_object().key("id").string(id).key("price").raw_number("0.10").end_object();
///     send(w.take());
/// Text that is not UTF-8 gets U+FFFD in place of the bad bytes. Tokens out of order stop the process.
class json_writer {
public:
  json_writer();
  ~json_writer();
  json_writer(json_writer&&) noexcept;
  json_writer& operator=(json_writer&&) noexcept;

  json_writer& begin_object();
  json_writer& end_object();
  json_writer& begin_array();
  json_writer& end_array();
  json_writer& key(std::string_view name);
  json_writer& string(std::string_view text);
  json_writer& u64(std::uint64_t number);
  json_writer& i64(std::int64_t number);
  json_writer& boolean(bool value);
  json_writer& null();
  /// An exact decimal, as it stands; has to be a JSON number.
  json_writer& raw_number(std::string_view digits);
  /// A value that was parsed, unchanged.
  json_writer& value(const json_value& v);

  /// key and value in one.
  json_writer& member(std::string_view name, std::string_view text) {
    return key(name).string(text);
  }
  json_writer& member(std::string_view name, const std::string& text) {
    return key(name).string(text);
  }
  json_writer& member(std::string_view name, const char* text) {
    return key(name).string(text);
  }
  template <std::same_as<bool> B>
  json_writer& member(std::string_view name, B flag) {
    return key(name).boolean(flag);
  }
  template <std::signed_integral I>
  json_writer& member(std::string_view name, I number) {
    return key(name).i64(number);
  }
  template <std::unsigned_integral I>
  requires(!std::same_as<I, bool>) json_writer& member(std::string_view name, I number) {
    return key(name).u64(number);
  }

  /// The finished text; the writer is empty again.
  [[nodiscard]] std::string take();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace landfall::net
