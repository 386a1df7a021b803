#include "common/postgres/migrate.hpp"

#include <sodium.h>

#include <array>
#include <map>

#include "migrations/embedded.hpp"

namespace landfall::postgres {

namespace {

/// Any constant: all migrating programs must use the same.
constexpr std::string_view take_lock = "select pg_advisory_xact_lock(7236017)";
/// Who migrates at the same time is waited for as long as that takes; locks on tables are not.
constexpr std::string_view wait_for_others = "set local lock_timeout = 0";
constexpr std::string_view wait_no_more = "set local lock_timeout to default";
constexpr std::string_view create_table = R"(create table if not exists schema_migration (
  name text primary key, sha256 text not null, applied_at timestamptz not null default now()))";
constexpr std::string_view grant_table = "grant select on schema_migration to public";
constexpr std::string_view read_applied = "select name, sha256 from schema_migration";
constexpr std::string_view table_exists = "select to_regclass('schema_migration') is not null";
constexpr std::string_view record = "insert into schema_migration (name, sha256) values ($1, $2)";

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::string hex(hash.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  hex.pop_back();
  return hex;
}

std::map<std::string, std::string> applied(pqxx::transaction_base& work) {
  std::map<std::string, std::string> rows;
  if (!work.exec1(std::string{table_exists})[0].as<bool>())
    return rows;
  for (const auto& row : work.exec(std::string{read_applied}))
    rows.emplace(row[0].as<std::string>(), row[1].as<std::string>());
  return rows;
}

/// The first thing that makes the database unfit for this program; empty if there is none.
std::string mismatch(const std::map<std::string, std::string>& rows) {
  std::size_t known = 0;
  for (const auto& [name, sql] : landfall::migrations::all_statements) {
    const auto found = rows.find(std::string{name});
    if (found == rows.end())
      continue;
    ++known;
    if (found->second != sha256_hex(sql))
      return "migration " + std::string{name} +
             " was changed after it was applied: restore its text, and put the change into a new migration";
  }
  if (known != rows.size())
    return "the database holds migrations that this program does not know: use a newer program";
  return {};
}

}  // namespace

database_result<int> migrate(const database::options& opts, const std::function<void(const std::string&)>& progress) {
  auto longer = opts;
  longer.statement_timeout_ms = 600'000;
  database db{longer};
  int count = 0;
  for (const auto& [name, sql] : landfall::migrations::all_statements) {
    // One transaction a migration; the lock is held to its end, and what is applied is read under the lock.
    std::string refused;
    auto step = db.transact_raw([&](pqxx::work& work) {
      work.exec(std::string{wait_for_others});
      work.exec(std::string{take_lock});
      work.exec(std::string{wait_no_more});
      work.exec(std::string{create_table});
      work.exec(std::string{grant_table});
      const auto rows = applied(work);
      refused = mismatch(rows);
      if (!refused.empty() || rows.contains(std::string{name}))
        return false;
      work.exec(std::string{sql});
      work.exec("reset role");
      work.exec_params(std::string{record}, std::string{name}, sha256_hex(sql));
      return true;
    });
    if (!step.ok())
      return domain::failure{step.error()};
    if (!refused.empty())
      return domain::failure{database_error{error_kind::constraint, "", refused}};
    if (*step) {
      ++count;
      progress(std::string{name});
    }
  }
  return count;
}

database_result<bool> migrations_current(database& db) {
  return db.transact_raw([](pqxx::work& work) {
    const auto rows = applied(work);
    return mismatch(rows).empty() && rows.size() == landfall::migrations::all_statements.size();
  });
}

database_result<std::vector<migration_status>> migrations(const database::options& opts) {
  database db{opts};
  return db.transact_raw([](pqxx::work& work) {
    const auto rows = applied(work);
    std::vector<migration_status> list;
    for (const auto& [name, sql] : landfall::migrations::all_statements)
      list.push_back({std::string{name}, rows.contains(std::string{name})});
    return list;
  });
}

}  // namespace landfall::postgres
