#pragma once

#include <optional>

#include "common/domain/order_state.hpp"
#include "common/domain/time.hpp"
#include "common/postgres/column.hpp"

namespace landfall::executor::api {

/// A column in milliseconds since 1970.
[[nodiscard]] inline domain::utc_time time_of(const pqxx::field& field) {
  return domain::from_unix_ms(field.as<long long>());
}

[[nodiscard]] inline std::optional<domain::utc_time> optional_time(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{time_of(field)};
}

[[nodiscard]] inline domain::order_state state_of(const pqxx::field& field) {
  return postgres::stored(domain::parse_order_state(field.as<std::string>()), field.name());
}

}  // namespace landfall::executor::api
