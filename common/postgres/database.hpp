#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "common/postgres/error.hpp"
#include "common/postgres/reply_deadline.hpp"

namespace landfall::postgres {

class database;

/// One transaction in progress. Statements are named constants made from .sql files; each is prepared once a
/// connection.
class transaction {
public:
  /// `sql` must be one of the embedded constants: its address identifies the prepared statement.
  template <class... Args>
  pqxx::result run(std::string_view sql, Args&&... args) {
    expect_reply();
    return work_.exec_prepared(prepared(sql), std::forward<Args>(args)...);
  }
  /// Runs one statement and expects at most one row.
  template <class... Args>
  std::optional<pqxx::row> run_optional(std::string_view sql, Args&&... args) {
    auto rows = run(sql, std::forward<Args>(args)...);
    if (rows.empty())
      return std::nullopt;
    return rows[0];
  }

  /// Runs `body(transaction&)` under a savepoint: what the database refuses (`constraint`) undoes the body's writes
  /// alone and is returned; any other failure ends the whole transaction.
  template <class Body>
  std::optional<database_error> attempt(Body&& body) {
    return guarded_part([&] { body(*this); });
  }

private:
  friend class database;
  transaction(database& owner, pqxx::work& work) : owner_(owner), work_(work) {}
  const std::string& prepared(std::string_view sql);
  void expect_reply();
  std::optional<database_error> guarded_part(const std::function<void()>& body);

  database& owner_;
  pqxx::work& work_;
};

/// One connection, owned by one thread. Blocking: belongs in a detached actor. Reconnects by itself on the next call
/// after a failure. libpqxx exceptions end here and come out as `database_error`.
class database {
public:
  struct options {
    /// libpq connection string or URL.
    std::string conninfo;
    /// Shown in pg_stat_activity.
    std::string application_name;
    int connect_timeout_s = 5;
    /// The server ends a statement after this; a reply that does not come within this and `reply_grace` more, nor an
    /// error, ends the connection.
    int statement_timeout_ms = 10'000;
  };

  /// How much longer than a statement may take its reply is waited for.
  static constexpr std::chrono::milliseconds reply_grace{2'000};

  explicit database(options opts);
  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  /// Runs `body(transaction&)` and commits. The body must have no effects but its statements: it may not have happened.
  /// It is run once; retry on `unavailable` and `conflict` where that is right, never on `in_doubt`.
  template <class Body>
  auto transact(Body&& body) -> database_result<std::invoke_result_t<Body, transaction&>> {
    using value = std::invoke_result_t<Body, transaction&>;
    std::optional<value> out;
    if (auto error = guarded([&](pqxx::work& work) {
          transaction t{*this, work};
          out.emplace(body(t));
        }))
      return domain::failure{std::move(*error)};
    return std::move(*out);
  }

  /// As `transact`, with libpqxx's own transaction: for tools and tests whose statements are not embedded constants.
  /// The whole body has the time of one statement to end in.
  template <class Body>
  auto transact_raw(Body&& body) -> database_result<std::invoke_result_t<Body, pqxx::work&>> {
    using value = std::invoke_result_t<Body, pqxx::work&>;
    std::optional<value> out;
    if (auto error = guarded([&](pqxx::work& work) { out.emplace(body(work)); }))
      return domain::failure{std::move(*error)};
    return std::move(*out);
  }

  /// As `transact`, but tried again up to `retries` times after `conflict` (nothing was committed then).
  template <class Body>
  auto transact_retrying(int retries, Body&& body) -> database_result<std::invoke_result_t<Body, transaction&>> {
    for (;;) {
      auto result = transact(body);
      if (result.ok() || result.error().kind != error_kind::conflict || retries-- <= 0)
        return result;
    }
  }

  /// Drops the connection; the next call opens a new one.
  void disconnect() noexcept;

private:
  friend class transaction;
  std::optional<database_error> guarded(const std::function<void(pqxx::work&)>& body);
  void connect();

  options options_;
  std::unique_ptr<pqxx::connection> connection_;
  reply_deadline reply_;
  std::unordered_map<const char*, std::string> prepared_;
};

/// A connection that only listens. A notification is a hint: a poll runs beside it. Own thread.
class listener {
public:
  listener(database::options opts, std::string channel);
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  /// Waits up to `timeout` and returns the payloads that came. A broken connection is an error; the next call rebuilds
  /// it, and whatever was notified meanwhile is lost. A connection can be dead without a sign of it: after as long a
  /// silence as a reply may take the server is asked whether it is there.
  database_result<std::vector<std::string>> wait(std::chrono::milliseconds timeout);

private:
  struct receiver;
  void connect();
  void ask_after_silence();

  database::options options_;
  std::string channel_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<receiver> receiver_;
  reply_deadline reply_;
  std::chrono::steady_clock::time_point heard_;
};

/// A text array literal for `unnest($1::text[])`: batches go in one statement.
[[nodiscard]] std::string array_literal(const std::vector<std::string>& items);
/// The same where an element may be null.
[[nodiscard]] std::string array_literal(const std::vector<std::optional<std::string>>& items);
/// "\x…" for bytea parameters given as text.
[[nodiscard]] std::string bytea_literal(const std::vector<std::uint8_t>& bytes);
[[nodiscard]] std::vector<std::uint8_t> bytea_value(const pqxx::field& field);

}  // namespace landfall::postgres
