// migrations/schema.sql against a migrated database.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/scratch_database.hpp"

using namespace landfall::tests;

namespace {

/// What scripts/lib/schema.sh prints of a database.
std::string schema_of(const std::string& conninfo) {
  const auto command =
      "bash -euo pipefail -c '. " LANDFALL_ROOT_DIR "/scripts/lib/schema.sh; schema_of \"$0\"' '" + conninfo + "'";
  auto* out = ::popen(command.c_str(), "r");
  REQUIRE(out != nullptr);
  std::string text;
  std::array<char, 4096> part{};
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), out)) > 0;)
    text.append(part.data(), got);
  REQUIRE(::pclose(out) == 0);
  return text;
}

/// The first line in which two texts differ, of both, or "".
std::string first_difference(const std::string& stored, const std::string& migrated) {
  std::istringstream left{stored};
  std::istringstream right{migrated};
  std::string a;
  std::string b;
  for (int line = 1;; ++line) {
    const bool more_left = static_cast<bool>(std::getline(left, a));
    const bool more_right = static_cast<bool>(std::getline(right, b));
    if (!more_left && !more_right)
      return {};
    if (more_left != more_right || a != b)
      return "line " + std::to_string(line) + " is '" + (more_left ? a : "") + "', the migrated database has '" +
             (more_right ? b : "") + "'";
  }
}

}  // namespace

TEST_CASE("schema.sql is the schema of a migrated database") {
  scratch_database database;
  std::ostringstream stored;
  stored << std::ifstream{LANDFALL_ROOT_DIR "/migrations/schema.sql"}.rdbuf();
  const auto difference = first_difference(stored.str(), schema_of(database.conninfo("")));
  CHECK_MESSAGE(difference.empty(), "migrations/schema.sql is not what the migrations make; run scripts/schema. ",
                difference);
}
