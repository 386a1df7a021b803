#pragma once

#include <cstddef>
#include <optional>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "common/domain/text.hpp"
#include "common/domain/time.hpp"

namespace landfall::postgres {

/// A stored value that our own rules exclude: the database and this program disagree, and nothing may be decided on it.
/// Comes out of `transact` as a defect.
template <class Optional>
auto stored(Optional&& value, const char* what) {
  if (!value)
    throw std::runtime_error{std::string{"stored "} + what + " cannot be read"};
  return *std::forward<Optional>(value);
}

/// A column of a type that parses its own text: an id, an address, an amount.
template <class Value>
Value column(const pqxx::field& field) {
  return stored(Value::parse(field.template as<std::string>()), field.name());
}

/// The same where it may be null.
template <class Value>
std::optional<Value> nullable(const pqxx::field& field) {
  if (field.is_null())
    return std::nullopt;
  return column<Value>(field);
}

/// A column of a type that libpqxx knows, where it may be null.
template <class Value>
std::optional<Value> nullable_plain(const pqxx::field& field) {
  if (field.is_null())
    return std::nullopt;
  return field.template as<Value>();
}

/// A column with one of the names that `parse` knows: a state, a kind.
template <class Parse>
auto column_as(const pqxx::field& field, Parse parse) {
  return stored(parse(field.as<std::string>()), field.name());
}

/// The same where it may be null.
template <class Parse>
auto nullable_as(const pqxx::field& field, Parse parse) -> decltype(parse(std::string{})) {
  if (field.is_null())
    return std::nullopt;
  return column_as(field, parse);
}

/// A column in milliseconds since 1970.
[[nodiscard]] inline domain::utc_time time_of(const pqxx::field& field) {
  return domain::from_unix_ms(field.as<long long>());
}

/// The same where it may be null.
[[nodiscard]] inline std::optional<domain::utc_time> nullable_time(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{time_of(field)};
}

/// For parameters: null where there is no text, else as much of it as a text column takes, whoever wrote it.
[[nodiscard]] inline std::optional<std::string> text_or_null(std::string_view text,
                                                             std::size_t max_bytes = std::string_view::npos) {
  return text.empty() ? std::nullopt : std::optional{domain::storable_text(text, max_bytes)};
}

}  // namespace landfall::postgres
