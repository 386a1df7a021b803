#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <string_view>

namespace landfall::tests {

/// A migrated database of its own for one test case, dropped at the end of its life.
///
/// The environment variable LANDFALL_TEST_POSTGRES names the cluster: a libpq connection string of the form `key=value
/// …` for a superuser, on a cluster that trusts its local users. The first scratch database of a process migrates a
/// template once; every other is a copy of it.
class scratch_database {
public:
  /// Throws std::runtime_error if LANDFALL_TEST_POSTGRES is not set or a migration fails.
  scratch_database();
  ~scratch_database();
  scratch_database(const scratch_database&) = delete;
  scratch_database& operator=(const scratch_database&) = delete;

  /// Connection string of this database for a role, such as "landfall_executor".
  [[nodiscard]] std::string conninfo(std::string_view role) const;
  [[nodiscard]] std::unique_ptr<pqxx::connection> connect_as(std::string_view role) const;
  /// The superuser of LANDFALL_TEST_POSTGRES, in this database.
  [[nodiscard]] std::unique_ptr<pqxx::connection> connect_as_admin() const;
  [[nodiscard]] const std::string& name() const {
    return name_;
  }

private:
  std::string name_;
};

/// Runs all migrations through this connection, each in one transaction.
void apply_migrations(pqxx::connection& connection);

/// Runs the statements in one transaction and commits. Returns "" or the SQLSTATE of the refusal, after which nothing
/// of it has happened.
[[nodiscard]] std::string sqlstate_of(pqxx::connection& connection, const std::string& sql);

}  // namespace landfall::tests
