#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/domain/result.hpp"
#include "common/domain/rule_error.hpp"

namespace landfall::postgres {

/// The kinds of failed database calls.
enum class error_kind : std::uint8_t {
  /// Nothing was committed: no connection, server shutting down, too many connections, disk full, timeout before
  /// commit.
  /// Safe to try again.
  unavailable,
  /// Nothing was committed: serialization failure or deadlock. Safe to try again.
  conflict,
  /// The database refused: a constraint, a rule (SQLSTATE LFnnn) or a missing right. Trying again gives the same
  /// answer.
  constraint,
  /// The connection broke during COMMIT: it may or may not have happened. Never repeat; read back by key first.
  in_doubt,
  /// Our statement is wrong (syntax, types): a bug.
  defect,
};

[[nodiscard]] std::string_view to_string(error_kind kind);

struct database_error {
  error_kind kind = error_kind::defect;
  /// Five characters where the server gave one, else empty.
  std::string sqlstate;
  std::string message;

  /// Whether it is this rule of the database that refused.
  [[nodiscard]] bool is(domain::rule_error rule) const noexcept {
    return sqlstate == domain::sqlstate_of(rule);
  }
};

template <class T>
using database_result = domain::result<T, database_error>;

}  // namespace landfall::postgres
