#pragma once

#include "common/fault/fault_point.hpp"
#include "common/postgres/error.hpp"

namespace landfall::fault {

/// A database that was not there before the commit, or whose answer to it was lost.
inline domain::failure<postgres::database_error> database_fault(moment when) {
  const auto kind = when == moment::before ? postgres::error_kind::unavailable : postgres::error_kind::in_doubt;
  return domain::failure{postgres::database_error{kind, {}, "fault point"}};
}

}  // namespace landfall::fault
