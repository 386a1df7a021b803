// The operator's command line: reads the views, holds and releases orders, migrates the database, makes keys.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "common/domain/uuid.hpp"
#include "common/json/writer.hpp"
#include "common/net/threads.hpp"
#include "common/postgres/database.hpp"
#include "common/postgres/migrate.hpp"
#include "executor-service/chain/rpc/rpc_endpoint.hpp"
#include "executor-service/verify/verify_once.hpp"
#include "landfallctl/keys.hpp"
#include "landfallctl/sql.hpp"
#include "landfallctl/table.hpp"

namespace {

using namespace landfall;

struct common_options {
  std::string postgres_url;
  int port_base = 18000;
  bool json = false;

  [[nodiscard]] postgres::database::options database(const std::string& role) const {
    postgres::database::options opts;
    opts.conninfo = postgres_url.empty()
                        ? "host=127.0.0.1 port=" + std::to_string(port_base + 2) + " dbname=landfall user=" + role
                        : postgres_url;
    opts.application_name = "landfallctl";
    return opts;
  }
};

int fail(const std::string& sentence) {
  std::cerr << "landfallctl: " << sentence << '\n';
  return 1;
}

int fail(const postgres::database_error& e) {
  return fail("the database " +
              std::string{e.kind == postgres::error_kind::unavailable ? "cannot be reached: " : "refused: "} +
              e.message);
}

enum class layout { table, record };

/// Runs one statement as the operator and prints what it returns. `none` is the error when there is no row.
template <class... Args>
int query(const common_options& opts, layout how, const std::string& none, std::string_view sql, const Args&... args) {
  postgres::database db{opts.database("landfall_operator")};
  const auto rows = db.transact([&](postgres::transaction& t) { return t.run(sql, args...); });
  if (!rows.ok())
    return fail(rows.error());
  if (rows->empty() && !none.empty())
    return fail(none);
  if (opts.json)
    ctl::print_json(std::cout, *rows);
  else if (how == layout::record)
    ctl::print_record(std::cout, (*rows)[0]);
  else
    ctl::print_table(std::cout, *rows);
  return 0;
}

int migrate(const common_options& opts, bool status) {
  const auto database = opts.database("postgres");
  if (status) {
    const auto list = postgres::migrations(database);
    if (!list.ok())
      return fail(list.error());
    for (const auto& m : *list)
      std::cout << (m.applied ? "applied  " : "missing  ") << m.name << '\n';
    return 0;
  }
  const auto count =
      postgres::migrate(database, [](const std::string& name) { std::cout << "applied " << name << std::endl; });
  if (!count.ok())
    return fail(count.error());
  std::cout << (*count == 0 ? "nothing to apply: the database is current" : "the database is current") << '\n';
  return 0;
}

/// Compares the database with the finalized chain, once. Zero only if nothing was found.
int verify(const common_options& opts, std::vector<std::string> rpc_urls, const std::optional<std::string>& order) {
  net::initialize_threads(2);
  if (rpc_urls.empty())
    for (const int offset : {10, 11})
      rpc_urls.push_back("http://127.0.0.1:" + std::to_string(opts.port_base + offset));
  std::vector<std::shared_ptr<executor::rpc_api>> endpoints;
  for (const auto& url : rpc_urls)
    endpoints.push_back(std::make_shared<executor::rpc_endpoint>("rpc" + std::to_string(endpoints.size()), url));
  namespace verification = executor::verify;
  const auto only = order ? domain::order_id::parse(*order) : std::nullopt;
  const auto summary = verification::verify_once(opts.database("landfall_operator"), endpoints, only);
  std::cout << (opts.json ? verification::to_json(summary) + "\n" : verification::to_table(summary));
  return summary.clean() ? 0 : 1;
}

std::optional<std::string> read_file(const std::string& path) {
  if (path == "-")
    return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
  std::ifstream file{path};
  if (!file)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

const CLI::Validator order_id_check{
    [](std::string& text) { return domain::order_id::parse(text) ? std::string{} : "\"" + text + "\" is no order id"; },
    "ID"};

/// What the command line says; CLI11 fills it in. Each command leaves its exit code.
struct command_line {
  common_options opts;
  int exit_code = 0;
  std::string order;
  std::optional<std::string> state;
  std::optional<std::string> wallet;
  std::optional<std::string> order_filter;
  std::string reason;
  std::string file;
  std::vector<std::string> rpc_urls;
  std::string operator_name;
  std::string fee_payer = "fee-payer.json";
  std::string master_secret = "master-secret";
  int limit = 50;
  bool status = false;
  bool unresolved = false;
};

// Each of these adds a command with its subcommands. `c` outlives the parsing.

void add_migrate(CLI::App& app, command_line& c) {
  auto* command = app.add_subcommand("migrate", "apply the migrations that are missing");
  command->add_flag("--status", c.status, "only list which are applied");
  command->callback([&c] { c.exit_code = migrate(c.opts, c.status); });
}

void add_limit(CLI::App& command, command_line& c) {
  command.add_option("--limit", c.limit, "how many at most (default 50)")->check(CLI::Range(1, 10000));
}

void add_orders(CLI::App& app, command_line& c) {
  auto* orders = app.add_subcommand("orders", "show orders, hold and release them")->require_subcommand(1);
  auto* list = orders->add_subcommand("list", "orders, newest first");
  list->add_option("--state", c.state, "only orders in this state");
  list->add_option("--wallet", c.wallet, "only orders of this wallet");
  add_limit(*list, c);
  list->callback(
      [&c] { c.exit_code = query(c.opts, layout::table, "", ctl::sql::orders_list, c.state, c.wallet, c.limit); });
  const auto with_order = [&](const char* name, const char* text) {
    auto* command = orders->add_subcommand(name, text);
    command->add_option("order", c.order, "the order's id")->required()->check(order_id_check);
    return command;
  };
  with_order("show", "one order, everything about it")->callback([&c] {
    c.exit_code = query(c.opts, layout::record, "there is no order " + c.order, ctl::sql::orders_show, c.order);
  });
  with_order("history", "the transitions of one order")->callback([&c] {
    c.exit_code = query(c.opts, layout::table, "there is no order " + c.order, ctl::sql::orders_history, c.order);
  });
  auto* hold = with_order("hold", "let only the operator change an order's state");
  hold->add_option("--reason", c.reason, "why, for whoever finds it")->required();
  hold->callback([&c] {
    c.exit_code = query(c.opts, layout::record, "there is no order " + c.order + " that is not held already",
                        ctl::sql::orders_hold, c.order, c.reason);
  });
  with_order("release", "release the hold on an order")->callback([&c] {
    c.exit_code = query(c.opts, layout::record, "order " + c.order + " is not held", ctl::sql::orders_release, c.order);
  });
}

void add_attempts(CLI::App& app, command_line& c) {
  auto* attempts = app.add_subcommand("attempts", "show signed transactions")->require_subcommand(1);
  auto* list = attempts->add_subcommand("list", "attempts, newest first");
  list->add_option("--order", c.order_filter, "only of this order")->check(order_id_check);
  list->add_flag("--unresolved", c.unresolved, "only those whose fate is not proven");
  add_limit(*list, c);
  list->callback([&c] {
    c.exit_code = query(c.opts, layout::table, "", ctl::sql::attempts_list, c.order_filter, c.unresolved, c.limit);
  });
}

void add_tokens(CLI::App& app, command_line& c) {
  auto* tokens = app.add_subcommand("tokens", "the tokens that may be traded")->require_subcommand(1);
  tokens->add_subcommand("list", "all tokens")->callback([&c] {
    c.exit_code = query(c.opts, layout::table, "", ctl::sql::tokens_list);
  });
  auto* import_command = tokens->add_subcommand("import", "add or update tokens from a JSON file");
  import_command
      ->add_option("file", c.file, "[{\"symbol\",\"mint\",\"decimals\",\"priceFeedId\"}, …], or - for standard input")
      ->required();
  import_command->callback([&c] {
    const auto text = read_file(c.file);
    c.exit_code = text ? query(c.opts, layout::table, "the file holds no tokens", ctl::sql::tokens_import, *text)
                       : fail(c.file + " cannot be read");
  });
}

void add_verify(CLI::App& app, command_line& c) {
  auto* command = app.add_subcommand("verify", "compare the database with the finalized chain");
  command->add_option("--order", c.order_filter, "only this order")->check(order_id_check);
  command
      ->add_option("--rpc-urls", c.rpc_urls,
                   "Solana JSON-RPC endpoints, with commas (default: port base + 10 and + 11)")
      ->delimiter(',')
      ->envname("LANDFALL_RPC_URLS");
  command->callback([&c] { c.exit_code = verify(c.opts, c.rpc_urls, c.order_filter); });
}

void add_halts(CLI::App& app, command_line& c) {
  auto* halts = app.add_subcommand("halts", "a halt of all new signing")->require_subcommand(1);
  halts->add_subcommand("list", "halts, newest first")->callback([&c] {
    c.exit_code = query(c.opts, layout::table, "", ctl::sql::halts_list);
  });
  auto* release = halts->add_subcommand("release", "let the executors sign again");
  release->add_option("--by", c.operator_name, "who releases it")->required();
  release->callback([&c] {
    c.exit_code = query(c.opts, layout::table, "no halt is in force", ctl::sql::halts_release, c.operator_name);
  });
}

int show_keys(const command_line& c) {
  std::string error;
  const auto address = ctl::fee_payer_address(c.fee_payer, error);
  if (!error.empty())
    return fail(error);
  if (c.opts.json)
    std::cout << json::writer{}.begin_object().member("feePayer", address).end_object().take() << '\n';
  else
    std::cout << "fee payer  " << address << '\n';
  return 0;
}

void add_keys(CLI::App& app, command_line& c) {
  auto* keys = app.add_subcommand("keys", "make and show keys")->require_subcommand(1);
  auto* generate = keys->add_subcommand("generate", "make a fee-payer key and a master secret");
  auto* show = keys->add_subcommand("show", "the fee payer's address");
  for (auto* command : {generate, show})
    command->add_option("--fee-payer-key", c.fee_payer, "file of the fee payer's key (default fee-payer.json)");
  generate->add_option("--master-secret", c.master_secret, "file of the master secret (default master-secret)");
  generate->callback([&c] {
    const auto error = ctl::generate_keys(c.fee_payer, c.master_secret);
    c.exit_code = error.empty() ? show_keys(c) : fail(error);
  });
  show->callback([&c] { c.exit_code = show_keys(c); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Landfall's command line for operators. Exit 0 only when it did what was asked."};
  app.require_subcommand(1);
  app.fallthrough();
  command_line c;
  app.add_option(
         "--postgres-url", c.opts.postgres_url,
         "connection string or URL (default: port base + 2 on loopback, role landfall_operator; postgres for migrate)")
      ->envname("LANDFALL_POSTGRES_URL");
  app.add_option("--port-base", c.opts.port_base, "first of Landfall's ports (default 18000)")->envname("PORT_BASE");
  app.add_flag("--json", c.opts.json, "JSON for programs instead of tables");
  for (const auto& add : {add_migrate, add_orders, add_attempts, add_tokens, add_verify, add_halts, add_keys})
    add(app, c);
  CLI11_PARSE(app, argc, argv);
  return c.exit_code;
}
