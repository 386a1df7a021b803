#include "tests/support/scratch_database.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace landfall::tests {

namespace {

std::string admin_conninfo() {
  const char* text = std::getenv("LANDFALL_TEST_POSTGRES");
  if (text == nullptr || *text == '\0')
    throw std::runtime_error("LANDFALL_TEST_POSTGRES is not set: give a connection string of a superuser");
  return text;
}

std::string conninfo_for(std::string_view database, std::string_view role) {
  // Of a keyword given twice libpq takes the last.
  auto text = admin_conninfo() + " dbname=" + std::string{database};
  if (!role.empty())
    text += " user=" + std::string{role};
  return text;
}

void run_outside_transaction(const std::string& sql) {
  pqxx::connection connection{admin_conninfo()};
  pqxx::nontransaction work{connection};
  work.exec(sql);
}

void drop(const std::string& name) noexcept {
  try {
    run_outside_transaction("drop database if exists " + name + " with (force)");
  } catch (const std::exception&) {
    // Nothing a test could do about it: the cluster is private and goes away as a whole.
  }
}

/// The migrated database all others are copied from; one a process.
class template_database {
public:
  template_database() : name_("landfall_template_" + std::to_string(::getpid())) {
    drop(name_);
    run_outside_transaction("create database " + name_ + " template template0");
    pqxx::connection connection{conninfo_for(name_, "")};
    apply_migrations(connection);
  }
  ~template_database() {
    drop(name_);
  }
  template_database(const template_database&) = delete;
  template_database& operator=(const template_database&) = delete;

  void copy_to(const std::string& name) const {
    // A backend that has just left the template may still be counted.
    constexpr int tries = 100;
    for (int i = 1;; ++i) {
      try {
        run_outside_transaction("create database " + name + " template " + name_);
        return;
      } catch (const pqxx::sql_error& e) {
        if (e.sqlstate() != "55006" || i == tries)
          throw;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
      }
    }
  }

private:
  std::string name_;
};

const template_database& migrated_template() {
  static const template_database database;
  return database;
}

}  // namespace

void apply_migrations(pqxx::connection& connection) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{LANDFALL_MIGRATIONS_DIR})
    if (entry.path().extension() == ".sql" && std::isdigit(entry.path().filename().string().front()) != 0)
      files.push_back(entry.path());
  if (files.empty())
    throw std::runtime_error("no migrations in " LANDFALL_MIGRATIONS_DIR);
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ostringstream sql;
    sql << std::ifstream{file}.rdbuf();
    try {
      pqxx::work work{connection};
      work.exec(sql.str());
      work.commit();
    } catch (const std::exception& e) {
      throw std::runtime_error(file.filename().string() + ": " + e.what());
    }
  }
}

scratch_database::scratch_database() {
  static int count = 0;
  name_ = "landfall_scratch_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  migrated_template().copy_to(name_);
}

scratch_database::~scratch_database() {
  drop(name_);
}

std::string scratch_database::conninfo(std::string_view role) const {
  return conninfo_for(name_, role);
}

std::unique_ptr<pqxx::connection> scratch_database::connect_as(std::string_view role) const {
  return std::make_unique<pqxx::connection>(conninfo(role));
}

std::unique_ptr<pqxx::connection> scratch_database::connect_as_admin() const {
  return std::make_unique<pqxx::connection>(conninfo(""));
}

std::string sqlstate_of(pqxx::connection& connection, const std::string& sql) {
  try {
    pqxx::work work{connection};
    work.exec(sql);
    work.commit();
    return {};
  } catch (const pqxx::serialization_failure&) {
    return "40001";
  } catch (const pqxx::deadlock_detected&) {
    return "40P01";
  } catch (const pqxx::insufficient_privilege&) {
    // libpqxx 6.4 gives this one no SQLSTATE.
    return "42501";
  } catch (const pqxx::sql_error& e) {
    return e.sqlstate().empty() ? "(no SQLSTATE) " + std::string{e.what()} : e.sqlstate();
  }
}

}  // namespace landfall::tests
