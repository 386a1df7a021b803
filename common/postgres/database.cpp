#include "common/postgres/database.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <new>
#include <pqxx/except>

namespace landfall::postgres {

std::string_view to_string(error_kind kind) {
  switch (kind) {
    case error_kind::unavailable:
      return "unavailable";
    case error_kind::conflict:
      return "conflict";
    case error_kind::constraint:
      return "constraint";
    case error_kind::in_doubt:
      return "in_doubt";
    case error_kind::defect:
      return "defect";
  }
  domain::broken_invariant("error kind outside its enumeration");
}

namespace {

error_kind kind_of(const std::string& sqlstate) {
  const auto starts = [&](std::string_view prefix) { return sqlstate.starts_with(prefix); };
  if (starts("40"))
    return error_kind::conflict;
  // 08 connection, 53 resources, 55P03 lock timeout, 57 operator intervention, 58 system error, 25P03 idle for too long
  if (starts("08") || starts("53") || starts("57") || starts("58") || sqlstate == "55P03" || sqlstate == "25006" ||
      sqlstate == "25P03")
    return error_kind::unavailable;
  if (starts("23") || starts("LF") || sqlstate == "42501" || starts("22"))
    return error_kind::constraint;
  return error_kind::defect;
}

/// libpqxx drops the state of this one error.
constexpr const char* insufficient_privilege_state = "42501";

bool is_refusal(const pqxx::sql_error& e) {
  return kind_of(e.sqlstate()) == error_kind::constraint;
}

/// The only code that distinguishes libpqxx's exceptions.
template <class Body>
std::optional<database_error> caught(Body&& body) {
  try {
    body();
    return std::nullopt;
  } catch (const pqxx::in_doubt_error& e) {
    return database_error{error_kind::in_doubt, "", e.what()};
  } catch (const pqxx::transaction_rollback& e) {
    return database_error{error_kind::conflict, "", e.what()};
  } catch (const pqxx::broken_connection& e) {
    return database_error{error_kind::unavailable, "", e.what()};
  } catch (const pqxx::insufficient_privilege& e) {
    return database_error{error_kind::constraint, insufficient_privilege_state, e.what()};
  } catch (const pqxx::sql_error& e) {
    // libpqxx reports a server that went away during a statement as an error without a state.
    return database_error{e.sqlstate().empty() ? error_kind::unavailable : kind_of(e.sqlstate()), e.sqlstate(),
                          e.what()};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return database_error{error_kind::defect, "", e.what()};
  }
}

std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\')
      text.push_back('\\');
    text.push_back(c);
  }
  text.push_back('\'');
  return text;
}

/// A process that is stopped in the middle of a transaction keeps its locks no longer than this: who takes its orders
/// over skips locked rows, and other writers wait for them.
constexpr int idle_in_transaction_ms = 5'000;

/// The given connection string or URL with our own settings behind it, as key=value pairs.
std::string complete_conninfo(const database::options& opts) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> given{
      PQconninfoParse(opts.conninfo.c_str(), &error), &PQconninfoFree};
  const std::string why = error == nullptr ? "" : error;
  PQfreemem(error);
  if (!given)
    throw pqxx::broken_connection{"the connection string cannot be read: " + why};
  std::string text;
  for (const auto* option = given.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr)
      text += std::string{option->keyword} + "=" + quoted(option->val) + " ";
  return text + "application_name=" + quoted(opts.application_name) +
         " connect_timeout=" + std::to_string(opts.connect_timeout_s) +
         " tcp_user_timeout=15000 keepalives_idle=10 keepalives_interval=5 keepalives_count=3" + " options=" +
         quoted("-c statement_timeout=" + std::to_string(opts.statement_timeout_ms) +
                " -c lock_timeout=5000 -c idle_in_transaction_session_timeout=" +
                std::to_string(idle_in_transaction_ms) + " -c timezone=UTC" +
                // The server lets go of what a session holds when its connection is dead, too.
                " -c tcp_user_timeout=15000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c "
                "tcp_keepalives_count=3");
}

std::chrono::milliseconds reply_bound(const database::options& opts) {
  return std::chrono::milliseconds{opts.statement_timeout_ms} + database::reply_grace;
}

/// Adds to the error that the connection ended because the server did not answer in time.
void mark_deadline(std::optional<database_error>& error, const reply_deadline& reply) {
  if (error && reply.passed())
    error->message = "no reply within " + std::to_string(reply.bound().count()) + " ms: " + error->message;
}

}  // namespace

void transaction::expect_reply() {
  owner_.reply_.start();
}

const std::string& transaction::prepared(std::string_view sql) {
  auto& known = owner_.prepared_;
  if (const auto found = known.find(sql.data()); found != known.end())
    return found->second;
  auto name = "s" + std::to_string(known.size());
  owner_.connection_->prepare(name, std::string{sql});
  return known.emplace(sql.data(), std::move(name)).first->second;
}

std::optional<database_error> transaction::guarded_part(const std::function<void()>& body) {
  expect_reply();
  work_.exec0("savepoint part");
  const auto undone = [&](const char* sqlstate, const char* what) {
    expect_reply();
    work_.exec0("rollback to savepoint part");
    return database_error{error_kind::constraint, sqlstate, what};
  };
  try {
    body();
  } catch (const pqxx::insufficient_privilege& e) {
    return undone(insufficient_privilege_state, e.what());
  } catch (const pqxx::sql_error& e) {
    if (!is_refusal(e))
      throw;
    return undone(e.sqlstate().c_str(), e.what());
  }
  expect_reply();
  work_.exec0("release savepoint part");
  return std::nullopt;
}

database::database(options opts) : options_(std::move(opts)), reply_(reply_bound(options_)) {}
database::~database() = default;

void database::disconnect() noexcept {
  prepared_.clear();
  connection_.reset();
  reply_.detach();
}

namespace {

struct waiting_for_reply {
  explicit waiting_for_reply(reply_deadline& of) : reply(of) {
    reply.start();
  }
  ~waiting_for_reply() {
    reply.stop();
  }
  waiting_for_reply(const waiting_for_reply&) = delete;
  waiting_for_reply& operator=(const waiting_for_reply&) = delete;
  reply_deadline& reply;
};

/// The server sends on an idle connection only to close it.
bool is_quiet(const pqxx::connection& connection) {
  pollfd socket{connection.sock(), POLLIN, 0};
  return ::poll(&socket, 1, 0) == 0;
}

}  // namespace

void database::connect() {
  if (connection_ && connection_->is_open() && is_quiet(*connection_))
    return;
  disconnect();
  connection_ = std::make_unique<pqxx::connection>(complete_conninfo(options_));
  reply_.attach(connection_->sock());
}

std::optional<database_error> database::guarded(const std::function<void(pqxx::work&)>& body) {
  auto error = caught([&] {
    connect();
    // From the first statement to the last, a rollback included; each statement begins it anew.
    const waiting_for_reply waiting{reply_};
    pqxx::work work{*connection_};
    body(work);
    reply_.start();
    work.commit();
  });
  mark_deadline(error, reply_);
  if (error && (error->kind == error_kind::unavailable || error->kind == error_kind::in_doubt))
    disconnect();
  return error;
}

struct listener::receiver : pqxx::notification_receiver {
  receiver(pqxx::connection_base& connection, const std::string& channel)
      : pqxx::notification_receiver(connection, channel) {}
  void operator()(const std::string& payload, int) override {
    payloads.push_back(payload);
  }
  std::vector<std::string> payloads;
};

listener::listener(database::options opts, std::string channel)
    : options_(std::move(opts)), channel_(std::move(channel)), reply_(reply_bound(options_)) {}
listener::~listener() = default;

void listener::connect() {
  connection_ = std::make_unique<pqxx::connection>(complete_conninfo(options_));
  reply_.attach(connection_->sock());
  const waiting_for_reply waiting{reply_};
  receiver_ = std::make_unique<receiver>(*connection_, channel_);
  heard_ = std::chrono::steady_clock::now();
}

void listener::ask_after_silence() {
  const auto now = std::chrono::steady_clock::now();
  if (!receiver_->payloads.empty())
    heard_ = now;
  if (now - heard_ < reply_.bound())
    return;
  const waiting_for_reply waiting{reply_};
  pqxx::nontransaction{*connection_}.exec("select 1");
  heard_ = now;
}

database_result<std::vector<std::string>> listener::wait(std::chrono::milliseconds timeout) {
  auto error = caught([&] {
    if (!connection_)
      connect();
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
    connection_->await_notification(static_cast<long>(microseconds / 1'000'000),
                                    static_cast<long>(microseconds % 1'000'000));
    if (!connection_->is_open())
      throw pqxx::broken_connection{"the listening connection was closed"};
    ask_after_silence();
  });
  if (error) {
    mark_deadline(error, reply_);
    receiver_.reset();
    connection_.reset();
    reply_.detach();
    return domain::failure{std::move(*error)};
  }
  return std::exchange(receiver_->payloads, {});
}

namespace {

void append_element(std::string& text, const std::string& item) {
  text.push_back('"');
  for (const char c : item) {
    if (c == '"' || c == '\\')
      text.push_back('\\');
    text.push_back(c);
  }
  text.push_back('"');
}

}  // namespace

std::string array_literal(const std::vector<std::string>& items) {
  std::string text = "{";
  for (const auto& item : items) {
    if (text.size() > 1)
      text.push_back(',');
    append_element(text, item);
  }
  return text + "}";
}

std::string array_literal(const std::vector<std::optional<std::string>>& items) {
  std::string text = "{";
  for (const auto& item : items) {
    if (text.size() > 1)
      text.push_back(',');
    if (item)
      append_element(text, *item);
    else
      text += "NULL";
  }
  return text + "}";
}

std::string bytea_literal(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + bytes.size() * 2);
  for (const auto byte : bytes) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 15U]);
  }
  return text;
}

std::vector<std::uint8_t> bytea_value(const pqxx::field& field) {
  const pqxx::binarystring raw{field};
  return {raw.begin(), raw.end()};
}

}  // namespace landfall::postgres
