#include "common/net/json.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/domain/text.hpp"

namespace landfall::net {
namespace {

using rapidjson::SizeType;

/// Digits an exponent may add before a number counts as absurd; also keeps the arithmetic below from overflowing.
constexpr std::int64_t max_exponent = 1000;

/// Builds a `json_value` out of the parser's events. The parser calls numbers and strings by different events, which is
/// what keeps them apart.
class builder {
public:
  explicit builder(const json_limits& limits) : limits_(limits) {}

  bool Null() {
    return add(std::monostate{});
  }
  bool Bool(bool b) {
    return add(b);
  }
  bool RawNumber(const char* text, SizeType length, bool) {
    return add(json_value::number_text{std::string{text, length}});
  }
  bool String(const char* text, SizeType length, bool) {
    if (has_lone_surrogate({text, length}))
      return false;
    return add(std::string{text, length});
  }
  bool Key(const char* text, SizeType length, bool) {
    if (has_lone_surrogate({text, length}))
      return false;
    std::get<json_value::object>(open_.back()->stored()).push_back({std::string{text, length}, {}});
    return true;
  }
  bool StartObject() {
    return begin(json_value::object{});
  }
  bool StartArray() {
    return begin(json_value::array{});
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

  [[nodiscard]] json_value take() {
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
  bool begin(json_value::storage container) {
    if (open_.size() >= limits_.max_depth) {
      refusal_ = "Nested too deeply";
      return false;
    }
    auto* const place = put(std::move(container));
    if (place == nullptr)
      return false;
    open_.push_back(place);
    return true;
  }
  bool add(json_value::storage leaf) {
    return put(std::move(leaf)) != nullptr;
  }

  /// Pointers into `open_` stay valid: a container grows only while none of its elements is open.
  json_value* put(json_value::storage s) {
    if (++count_ > limits_.max_values) {
      refusal_ = "Too many values";
      return nullptr;
    }
    if (open_.empty()) {
      root_ = json_value{std::move(s)};
      return &root_;
    }
    auto& parent = open_.back()->stored();
    if (auto* array = std::get_if<json_value::array>(&parent))
      return &array->emplace_back(std::move(s));
    auto& member = std::get<json_value::object>(parent).back();
    member.value = json_value{std::move(s)};
    return &member.value;
  }

  const json_limits& limits_;
  json_value root_;
  std::vector<json_value*> open_;
  std::size_t count_ = 0;
  const char* refusal_ = nullptr;
};

/// RapidJSON 1.1 stops at a NUL as if the text ended there, so it is looked for beforehand.
std::optional<json_error> objection(std::string_view text, const json_limits& limits) {
  if (text.size() > limits.max_bytes)
    return json_error{limits.max_bytes, "The text is over " + std::to_string(limits.max_bytes) + " bytes."};
  if (const auto nul = text.find('\0'); nul != std::string_view::npos)
    return json_error{nul, "A NUL byte at offset " + std::to_string(nul) + "."};
  return std::nullopt;
}

const std::string* digits_of(const json_value* v, quoted q) noexcept {
  if (v == nullptr)
    return nullptr;
  if (const auto* number = std::get_if<json_value::number_text>(&v->stored()))
    return &number->text;
  return q == quoted::accepted ? std::get_if<std::string>(&v->stored()) : nullptr;
}

template <class Integer>
std::optional<Integer> as_integer(const json_value* v, quoted q) noexcept {
  const auto* const digits = digits_of(v, q);
  if (digits == nullptr)
    return std::nullopt;
  Integer out{};
  const auto* const end = digits->data() + digits->size();
  const auto [stopped, problem] = std::from_chars(digits->data(), end, out);
  if (problem != std::errc{} || stopped != end)
    return std::nullopt;
  return out;
}

/// The parts of a JSON number; none if `text` is not one.
struct number_parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

std::string_view take_digits(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

std::optional<number_parts> split_number(std::string_view text) {
  number_parts out;
  out.negative = take(text, "-");
  out.whole = take_digits(text);
  if (out.whole.empty() || (out.whole.size() > 1 && out.whole.front() == '0'))
    return std::nullopt;
  if (take(text, ".")) {
    out.fraction = take_digits(text);
    if (out.fraction.empty())
      return std::nullopt;
  }
  if (take(text, "eE")) {
    const bool negative = !text.empty() && text.front() == '-';
    take(text, "+-");
    const auto digits = take_digits(text);
    if (digits.empty())
      return std::nullopt;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out.exponent);
    if (problem != std::errc{})
      out.exponent = std::numeric_limits<std::int64_t>::max() / 2;
    if (negative)
      out.exponent = -out.exponent;
  }
  if (!text.empty())
    return std::nullopt;
  return out;
}

/// Moves the point by the exponent.
std::optional<std::string> plain(const number_parts& n) {
  if (n.exponent > max_exponent || n.exponent < -max_exponent)
    return std::nullopt;
  std::string digits{n.whole};
  digits += n.fraction;
  auto point = static_cast<std::int64_t>(n.whole.size()) + n.exponent;
  if (point < 1) {
    digits.insert(0, static_cast<std::size_t>(1 - point), '0');
    point = 1;
  }
  if (std::cmp_greater(point, digits.size()))
    digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  const auto at = static_cast<std::size_t>(point);
  if (digits.size() > max_decimal_digits)
    return std::nullopt;
  auto first = std::min(digits.find_first_not_of('0'), at - 1);
  std::string out = n.negative ? "-" : "";
  out += digits.substr(first, at - first);
  if (at < digits.size())
    out += "." + digits.substr(at);
  return out;
}

}  // namespace

domain::result<json_value, json_error> parse_json(std::string_view text, const json_limits& limits) {
  if (auto refused = objection(text, limits))
    return domain::failure{std::move(*refused)};
  constexpr unsigned flags = rapidjson::kParseFullPrecisionFlag | rapidjson::kParseNumbersAsStringsFlag |
                             rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  builder build{limits};
  rapidjson::Reader reader;
  rapidjson::MemoryStream in{text.data(), text.size()};
  const rapidjson::ParseResult parsed = reader.Parse<flags>(in, build);
  if (parsed.IsError()) {
    const std::string what = build.refusal() != nullptr ? build.refusal() : rapidjson::GetParseError_En(parsed.Code());
    return domain::failure{json_error{parsed.Offset(), what + " (at offset " + std::to_string(parsed.Offset()) + ")"}};
  }
  return build.take();
}

const json_value* find(const json_value* v, std::string_view key) noexcept {
  const json_value* found = nullptr;
  for (const auto& member : members(v)) {
    if (member.key == key)
      found = &member.value;
  }
  return found;
}

const json_value* at(const json_value* v, std::size_t index) noexcept {
  const auto all = elements(v);
  return index < all.size() ? &all[index] : nullptr;
}

std::span<const json_value> elements(const json_value* v) noexcept {
  const auto* const array = v == nullptr ? nullptr : std::get_if<json_value::array>(&v->stored());
  return array == nullptr ? std::span<const json_value>{} : std::span<const json_value>{*array};
}

std::span<const json_member> members(const json_value* v) noexcept {
  const auto* const object = v == nullptr ? nullptr : std::get_if<json_value::object>(&v->stored());
  return object == nullptr ? std::span<const json_member>{} : std::span<const json_member>{*object};
}

bool is(const json_value* v, json_kind kind) noexcept {
  return v != nullptr && v->kind() == kind;
}

bool is_null(const json_value* v) noexcept {
  return v == nullptr || v->kind() == json_kind::null;
}

std::optional<std::uint64_t> as_u64(const json_value* v, quoted q) noexcept {
  return as_integer<std::uint64_t>(v, q);
}

std::optional<std::int64_t> as_i64(const json_value* v, quoted q) noexcept {
  return as_integer<std::int64_t>(v, q);
}

std::optional<std::string> as_decimal_string(const json_value* v, quoted q) {
  const auto* const digits = digits_of(v, q);
  if (digits == nullptr)
    return std::nullopt;
  const auto parts = split_number(*digits);
  return parts ? plain(*parts) : std::nullopt;
}

std::optional<std::string_view> as_string(const json_value* v) noexcept {
  const auto* const text = v == nullptr ? nullptr : std::get_if<std::string>(&v->stored());
  return text == nullptr ? std::nullopt : std::optional<std::string_view>{*text};
}

std::optional<bool> as_bool(const json_value* v) noexcept {
  const auto* const flag = v == nullptr ? nullptr : std::get_if<bool>(&v->stored());
  return flag == nullptr ? std::nullopt : std::optional<bool>{*flag};
}

struct json_writer::impl {
  using buffer = rapidjson::StringBuffer;
  using writer = rapidjson::Writer<buffer, rapidjson::UTF8<>, rapidjson::UTF8<>, rapidjson::CrtAllocator,
                                   rapidjson::kWriteValidateEncodingFlag>;
  buffer out;
  writer w{out};
  /// What is open: a key was written and waits for its value, or not.
  struct frame {
    bool object = false;
    bool has_key = false;
  };
  std::vector<frame> open;
  bool finished = false;

  static void expect(bool in_order) {
    if (!in_order)
      domain::broken_invariant("JSON written out of order");
  }
  void before_value() {
    expect(!finished);
    if (open.empty())
      return;
    expect(!open.back().object || open.back().has_key);
    open.back().has_key = false;
  }
  void after_value() {
    finished = open.empty();
  }
  void begin(bool object) {
    before_value();
    open.push_back({object, false});
  }
  void end(bool object) {
    expect(!open.empty() && open.back().object == object && !open.back().has_key);
    open.pop_back();
  }
};

namespace {

std::string repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto n = domain::utf8_length(text);
    out += n == 0 ? domain::replacement_character : text.substr(0, n);
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace

json_writer::json_writer() : impl_(std::make_unique<impl>()) {}
json_writer::~json_writer() = default;
json_writer::json_writer(json_writer&&) noexcept = default;
json_writer& json_writer::operator=(json_writer&&) noexcept = default;

json_writer& json_writer::begin_object() {
  impl_->begin(true);
  impl_->w.StartObject();
  return *this;
}

json_writer& json_writer::end_object() {
  impl_->end(true);
  impl_->w.EndObject();
  impl_->after_value();
  return *this;
}

json_writer& json_writer::begin_array() {
  impl_->begin(false);
  impl_->w.StartArray();
  return *this;
}

json_writer& json_writer::end_array() {
  impl_->end(false);
  impl_->w.EndArray();
  impl_->after_value();
  return *this;
}

json_writer& json_writer::key(std::string_view name) {
  impl::expect(!impl_->open.empty() && impl_->open.back().object && !impl_->open.back().has_key);
  impl_->open.back().has_key = true;
  const auto fit = repaired(name);
  impl_->w.Key(fit.data(), static_cast<SizeType>(fit.size()));
  return *this;
}

json_writer& json_writer::string(std::string_view text) {
  impl_->before_value();
  const auto fit = repaired(text);
  impl_->w.String(fit.data(), static_cast<SizeType>(fit.size()));
  impl_->after_value();
  return *this;
}

json_writer& json_writer::u64(std::uint64_t number) {
  impl_->before_value();
  impl_->w.Uint64(number);
  impl_->after_value();
  return *this;
}

json_writer& json_writer::i64(std::int64_t number) {
  impl_->before_value();
  impl_->w.Int64(number);
  impl_->after_value();
  return *this;
}

json_writer& json_writer::boolean(bool value) {
  impl_->before_value();
  impl_->w.Bool(value);
  impl_->after_value();
  return *this;
}

json_writer& json_writer::null() {
  impl_->before_value();
  impl_->w.Null();
  impl_->after_value();
  return *this;
}

json_writer& json_writer::raw_number(std::string_view digits) {
  impl::expect(split_number(digits).has_value());
  impl_->before_value();
  impl_->w.RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
  impl_->after_value();
  return *this;
}

json_writer& json_writer::value(const json_value& v) {
  switch (v.kind()) {
    case json_kind::null:
      return null();
    case json_kind::boolean:
      return boolean(std::get<bool>(v.stored()));
    case json_kind::number:
      return raw_number(std::get<json_value::number_text>(v.stored()).text);
    case json_kind::string:
      return string(std::get<std::string>(v.stored()));
    case json_kind::array:
      begin_array();
      for (const auto& element : elements(&v))
        value(element);
      return end_array();
    case json_kind::object:
      break;
  }
  begin_object();
  for (const auto& member : members(&v))
    key(member.key).value(member.value);
  return end_object();
}

std::string json_writer::take() {
  impl::expect(impl_->finished);
  std::string out{impl_->out.GetString(), impl_->out.GetSize()};
  impl_ = std::make_unique<impl>();
  return out;
}

}  // namespace landfall::net
