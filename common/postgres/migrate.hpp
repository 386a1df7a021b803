#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/postgres/database.hpp"

namespace landfall::postgres {

struct migration_status {
  std::string name;
  bool applied = false;
};

/// Applies what is missing, in order, one transaction each, under an advisory lock: any number of processes may run it
/// at once. Refuses (constraint) when an applied migration's checksum differs from the built-in one, or when the
/// database holds a migration that this program does not know. `progress` gets each name as it is applied. Returns the
/// number of migrations applied.
database_result<int> migrate(const database::options& opts, const std::function<void(const std::string&)>& progress);

/// Whether all built-in migrations are applied, for readiness. Needs only the right to read `schema_migration`.
database_result<bool> migrations_current(database& db);

/// The built-in migrations and which of them are applied.
database_result<std::vector<migration_status>> migrations(const database::options& opts);

}  // namespace landfall::postgres
