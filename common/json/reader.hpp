#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/domain/result.hpp"

namespace landfall::json {

/// What `parse` refuses beyond.
struct limits {
  std::size_t max_bytes = 16 * 1024 * 1024;
  std::size_t max_depth = 64;
  std::size_t max_values = 1'000'000;
};

/// Why a text is no JSON, or more than `limits` allow.
struct error {
  std::size_t offset = 0;  ///< of the byte where it went wrong
  std::string message{};   ///< a sentence that names the offset
};

/// In the order of the alternatives of `value::storage`.
enum class kind { null, boolean, number, string, array, object };

struct member;

/// A parsed value. Numbers keep their text, so none is ever rounded, and are distinct from strings.
class value {
public:
  struct number_text {
    std::string text;
  };
  using array = std::vector<value>;
  using object = std::vector<member>;
  using storage = std::variant<std::monostate, bool, number_text, std::string, array, object>;

  value() = default;
  explicit value(storage s) : storage_(std::move(s)) {}

  [[nodiscard]] json::kind kind() const noexcept {
    return static_cast<json::kind>(storage_.index());
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

/// One key of an object with its value.
struct member {
  std::string key{};
  json::value value{};
};

/// Strict JSON in UTF-8: no comments, no trailing anything, no lone surrogates. Never throws.
[[nodiscard]] domain::result<value, error> parse(std::string_view text, const limits& bounds = {});

// Readers take a pointer and answer "none" for nullptr and for every other kind of value, so that they can be nested:
//     as_u64(find(find(&doc, "result"), "slot"))

/// The member of an object; of a repeated key the last.
[[nodiscard]] const value* find(const value* v, std::string_view key) noexcept;
[[nodiscard]] inline const value* find(const value& v, std::string_view key) noexcept {
  return find(&v, key);
}
/// The element of an array.
[[nodiscard]] const value* at(const value* v, std::size_t index) noexcept;

/// Empty unless it is an array (an object).
[[nodiscard]] std::span<const value> elements(const value* v) noexcept;
[[nodiscard]] std::span<const member> members(const value* v) noexcept;

[[nodiscard]] bool is(const value* v, kind expected) noexcept;
/// Absent or null.
[[nodiscard]] bool is_null(const value* v) noexcept;

/// Whether "123" in quotes is as good as 123.
enum class quoted { refused, accepted };

/// Whole numbers without fraction and exponent, and in range.
[[nodiscard]] std::optional<std::uint64_t> as_u64(const value* v, quoted q = quoted::refused) noexcept;
[[nodiscard]] std::optional<std::int64_t> as_i64(const value* v, quoted q = quoted::refused) noexcept;
/// The number in plain digits, exactly: "-12.50", and "0.0000001" for 1e-7. None beyond `max_decimal_digits`.
[[nodiscard]] std::optional<std::string> as_decimal_string(const value* v, quoted q = quoted::refused);
inline constexpr std::size_t max_decimal_digits = 128;
/// Refers to the value, which has to live on.
[[nodiscard]] std::optional<std::string_view> as_string(const value* v) noexcept;
[[nodiscard]] std::optional<bool> as_bool(const value* v) noexcept;

}  // namespace landfall::json
