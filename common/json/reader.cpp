#include "common/json/reader.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "common/domain/parse_number.hpp"

namespace landfall::json {
namespace {

using rapidjson::SizeType;

/// Builds a `value` out of the parser's events. The parser calls numbers and strings by different events, which is
/// what keeps them apart.
class builder {
public:
  explicit builder(const limits& bounds) : bounds_(bounds) {}

  bool Null() {
    return add(std::monostate{});
  }
  bool Bool(bool b) {
    return add(b);
  }
  bool RawNumber(const char* text, SizeType length, bool) {
    return add(value::number_text{std::string{text, length}});
  }
  bool String(const char* text, SizeType length, bool) {
    if (has_lone_surrogate({text, length}))
      return false;
    return add(std::string{text, length});
  }
  bool Key(const char* text, SizeType length, bool) {
    if (has_lone_surrogate({text, length}))
      return false;
    std::get<value::object>(open_.back()->stored()).push_back({std::string{text, length}, {}});
    return true;
  }
  bool StartObject() {
    return begin(value::object{});
  }
  bool StartArray() {
    return begin(value::array{});
  }
  bool EndObject(SizeType) {
    open_.pop_back();
    return true;
  }
  bool EndArray(SizeType) {
    open_.pop_back();
    return true;
  }
  // Numbers come as text only.
  bool Int(int) {
    return false;
  }
  bool Uint(unsigned) {
    return false;
  }
  bool Int64(std::int64_t) {
    return false;
  }
  bool Uint64(std::uint64_t) {
    return false;
  }
  bool Double(double) {
    return false;
  }

  [[nodiscard]] value take() {
    return std::move(root_);
  }
  [[nodiscard]] const char* refusal() const {
    return refusal_;
  }

private:
  /// RapidJSON 1.1 lets an escaped low surrogate without its high one through.
  bool has_lone_surrogate(std::string_view text) {
    for (auto at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1)) {
      if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) {
        refusal_ = "A lone surrogate";
        return true;
      }
    }
    return false;
  }
  bool begin(value::storage container) {
    if (open_.size() >= bounds_.max_depth) {
      refusal_ = "Nested too deeply";
      return false;
    }
    auto* const opened = put(std::move(container));
    if (opened == nullptr)
      return false;
    open_.push_back(opened);
    return true;
  }
  bool add(value::storage leaf) {
    return put(std::move(leaf)) != nullptr;
  }

  /// Pointers into `open_` stay valid: a container grows only while none of its elements is open.
  value* put(value::storage s) {
    if (++count_ > bounds_.max_values) {
      refusal_ = "Too many values";
      return nullptr;
    }
    if (open_.empty()) {
      root_ = value{std::move(s)};
      return &root_;
    }
    auto& parent = open_.back()->stored();
    if (auto* array = std::get_if<value::array>(&parent))
      return &array->emplace_back(std::move(s));
    auto& last = std::get<value::object>(parent).back();
    last.value = value{std::move(s)};
    return &last.value;
  }

  const limits& bounds_;
  value root_;
  std::vector<value*> open_;
  std::size_t count_ = 0;
  const char* refusal_ = nullptr;
};

/// RapidJSON 1.1 stops at a NUL as if the text ended there, so it is searched for beforehand.
std::optional<error> objection(std::string_view text, const limits& bounds) {
  if (text.size() > bounds.max_bytes)
    return error{bounds.max_bytes, "The text is over " + std::to_string(bounds.max_bytes) + " bytes."};
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return error{nul, "A NUL byte at offset " + std::to_string(nul) + "."};
  return std::nullopt;
}

const std::string* digits_of(const value* v, quoted q) noexcept {
  if (v == nullptr)
    return nullptr;
  if (const auto* number = std::get_if<value::number_text>(&v->stored()))
    return &number->text;
  return q == quoted::accepted ? std::get_if<std::string>(&v->stored()) : nullptr;
}

template <class Integer>
std::optional<Integer> as_integer(const value* v, quoted q) noexcept {
  const auto* const digits = digits_of(v, q);
  if (digits == nullptr)
    return std::nullopt;
  return domain::parse_number<Integer>(*digits);
}

}  // namespace

domain::result<value, error> parse(std::string_view text, const limits& bounds) {
  if (auto refused = objection(text, bounds))
    return domain::failure{std::move(*refused)};
  constexpr unsigned flags = rapidjson::kParseFullPrecisionFlag | rapidjson::kParseNumbersAsStringsFlag |
                             rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  builder build{bounds};
  rapidjson::Reader reader;
  rapidjson::MemoryStream in{text.data(), text.size()};
  const rapidjson::ParseResult parsed = reader.Parse<flags>(in, build);
  if (parsed.IsError()) {
    const std::string what = build.refusal() != nullptr ? build.refusal() : rapidjson::GetParseError_En(parsed.Code());
    return domain::failure{error{parsed.Offset(), what + " (at offset " + std::to_string(parsed.Offset()) + ")"}};
  }
  return build.take();
}

const value* find(const value* v, std::string_view key) noexcept {
  const value* found = nullptr;
  for (const auto& m : members(v))
    if (m.key == key)
      found = &m.value;
  return found;
}

const value* at(const value* v, std::size_t index) noexcept {
  const auto all = elements(v);
  return index < all.size() ? &all[index] : nullptr;
}

std::span<const value> elements(const value* v) noexcept {
  const auto* const array = v == nullptr ? nullptr : std::get_if<value::array>(&v->stored());
  return array == nullptr ? std::span<const value>{} : std::span<const value>{*array};
}

std::span<const member> members(const value* v) noexcept {
  const auto* const object = v == nullptr ? nullptr : std::get_if<value::object>(&v->stored());
  return object == nullptr ? std::span<const member>{} : std::span<const member>{*object};
}

bool is(const value* v, kind expected) noexcept {
  return v != nullptr && v->kind() == expected;
}

bool is_null(const value* v) noexcept {
  return v == nullptr || v->kind() == kind::null;
}

std::optional<std::uint64_t> as_u64(const value* v, quoted q) noexcept {
  return as_integer<std::uint64_t>(v, q);
}

std::optional<std::int64_t> as_i64(const value* v, quoted q) noexcept {
  return as_integer<std::int64_t>(v, q);
}

std::optional<std::string> as_decimal_string(const value* v, quoted q) {
  const auto* const digits = digits_of(v, q);
  if (digits == nullptr)
    return std::nullopt;
  const auto parts = split_number(*digits);
  return parts ? plain_digits(*parts) : std::nullopt;
}

std::optional<std::string_view> as_string(const value* v) noexcept {
  const auto* const text = v == nullptr ? nullptr : std::get_if<std::string>(&v->stored());
  return text == nullptr ? std::nullopt : std::optional<std::string_view>{*text};
}

std::optional<bool> as_bool(const value* v) noexcept {
  const auto* const flag = v == nullptr ? nullptr : std::get_if<bool>(&v->stored());
  return flag == nullptr ? std::nullopt : std::optional<bool>{*flag};
}

}  // namespace landfall::json
