#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>

#include "common/domain/rule_error.hpp"
#include "migrations/embedded.hpp"

namespace landfall {

namespace {

/// Every SQLSTATE of ours that the texts of the migrations name, wherever it stands.
std::set<std::string> sqlstates_in_migrations() {
  std::set<std::string> found;
  for (const auto& migration : migrations::all_statements)
    for (auto at = migration.sql.find("'LF"); at != std::string_view::npos; at = migration.sql.find("'LF", at + 1))
      found.emplace(migration.sql.substr(at + 1, migration.sql.find('\'', at + 1) - at - 1));
  return found;
}

}  // namespace

TEST_CASE("the rules raise exactly the SQLSTATEs that the code knows") {
  const std::set<std::string> known(domain::rule_sqlstates.begin(), domain::rule_sqlstates.end());
  CHECK(known.size() == domain::rule_sqlstates.size());
  CHECK(sqlstates_in_migrations() == known);
}

TEST_CASE("every rule has a SQLSTATE and a name of its own") {
  std::set<std::string> names;
  for (std::size_t i = 0; i < domain::rule_sqlstates.size(); ++i) {
    const auto rule = static_cast<domain::rule_error>(i);
    CHECK(domain::sqlstate_of(rule) == domain::rule_sqlstates[i]);
    names.emplace(to_string(rule));
  }
  CHECK(names.size() == domain::rule_sqlstates.size());
  CHECK(to_string(domain::rule_error::signing_halted) == "signing_halted");
  CHECK(domain::sqlstate_of(domain::rule_error::signing_halted) == std::string{"LF011"});
}

}  // namespace landfall
