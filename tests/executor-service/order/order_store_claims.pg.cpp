// Claims beside a backlog of 100,000: what is read, who comes next, how many rounds it takes.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "executor-service/order/order_store.hpp"
#include "executor-service/order/sql.hpp"
#include "tests/support/fixtures.hpp"

using namespace landfall;
using namespace landfall::executor;
using domain::order_state;
using tests::fixtures;
using tests::scratch_database;

namespace {

/// Runs out only where a test says so.
constexpr domain::milliseconds lease{600'000};
constexpr domain::milliseconds grace{15'000};
constexpr int backlog_size = 100'000;
constexpr std::size_t batch = 64;

/// Orders in bulk, copies of one that went along allowed moves, each with its own request, accounts and attempts.
struct backlog {
  scratch_database scratch;
  fixtures rows{scratch};
  tests::order_fixture model;

  backlog() : model(rows.order_in("executing")) {
    (void)rows.store_attempt(model, "swap");
    // Statistics are made where a test says so, and not on the way by a server that found the time.
    for (const std::string table : {"deposit_request", "price_order", "attempt"})
      as_admin("alter table " + table + " set (autovacuum_enabled = false)");
  }

  void as_admin(const std::string& sql) const {
    auto admin = scratch.connect_as_admin();
    pqxx::work work{*admin};
    work.exec("set session_replication_role = replica");
    work.exec(sql);
    work.commit();
  }

  /// Whose orders they are: each one's own wallet's, or all of them the model's.
  enum class owner { each_its_own, the_model };

  /// Numbers `first` to `last`, with SQL for what their lease and their next time are.
  void copies(int first, int last, const std::string& state, const std::string& lease_until, const std::string& due,
              bool deposit_final, bool swap_unresolved, owner of = owner::each_its_own) const {
    // A digit 0 is no base58, so numbers are written in letters.
    const auto number = [](const std::string& column) {
      return "overlay(" + column + " placing translate(to_char(n, 'FM0000000'), '0123456789', 'ABCDEFGHJK') from 5)";
    };
    const auto id = [](const std::string& prefix) {
      return "('" + prefix + "0000-0000-4000-8000-' || to_char(n, 'FM000000000000'))::uuid";
    };
    copy("deposit_request", "m.id = '" + model.deposit.id + "'",
         {{"id", id("aaaa")}, {"order_account", number("m.order_account")}}, first, last);
    copy("price_order", "m.id = '" + model.id + "'",
         {{"id", id("bbbb")},
          {"deposit_request_id", id("aaaa")},
          {"order_account", number("m.order_account")},
          {"output_account", number("m.output_account")},
          {"wallet", of == owner::the_model ? "m.wallet" : number("m.wallet")},
          {"state", "'" + state + "'"},
          {"lease_epoch", "3"},
          {"lease_holder", lease_until == "null" ? "null" : "'executor-gone'"},
          {"lease_until", lease_until},
          {"next_attempt_at", due}},
         first, last);
    const auto copy_attempt = [&](const std::string& prefix, const std::string& kind,
                                  std::map<std::string, std::string> changes) {
      changes.emplace("id", id(prefix));
      changes.emplace("order_id", id("bbbb"));
      changes.emplace("order_account", number("m.order_account"));
      changes.emplace("signature", "overlay(" + number("m.signature") + " placing '" + prefix[0] + "' from 12)");
      copy("attempt", "m.order_id = '" + model.id + "' and m.kind = '" + kind + "'", changes, first, last);
    };
    if (deposit_final)
      copy_attempt("cccc", "deposit", {{"outcome", "'landed'"}, {"slot", "1"}, {"resolved_at", "now()"}});
    else
      copy_attempt("cccc", "deposit", {{"outcome", "null"}, {"slot", "null"}, {"resolved_at", "null"}});
    if (swap_unresolved)
      copy_attempt("dddd", "swap", {});
  }

  /// The rows `of` a table, once for each n from `first` to `last`, with `changes` by column.
  void copy(const std::string& table, const std::string& of, const std::map<std::string, std::string>& changes,
            int first, int last) const {
    auto admin = scratch.connect_as_admin();
    pqxx::work work{*admin};
    std::string columns;
    std::string values;
    for (const auto& row : work.exec("select attname from pg_attribute where attrelid = '" + table +
                                     "'::regclass and attnum > 0 and not attisdropped")) {
      const auto column = row[0].as<std::string>();
      const auto changed = changes.find(column);
      columns += (columns.empty() ? "" : ", ") + column;
      values += (values.empty() ? "" : ", ") + (changed == changes.end() ? "m." + column : changed->second);
    }
    // No rule stands in the way of its owner.
    work.exec("set session_replication_role = replica");
    work.exec("insert into " + table + " (" + columns + ") select " + values + " from generate_series(" +
              std::to_string(first) + ", " + std::to_string(last) + ") n, " + table + " m where " + of);
    work.commit();
  }

  /// Orders with an unresolved swap whose executor is gone, the lower numbers for longer.
  void in_flight(int first, int last, owner of = owner::each_its_own) const {
    copies(first, last, "executing", "now() - interval '2 hours' + n * interval '1 millisecond'",
           "now() - interval '3 hours'", true, true, of);
  }

  /// How many rows of price_order were read so far, by those who have gone.
  [[nodiscard]] long orders_read() const {
    auto admin = scratch.connect_as_admin();
    pqxx::nontransaction look{*admin};
    // A connection counts what it read when it ends.
    while (look.exec("select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
                     "and application_name like 'executor-%'")
               .size() > 0)
      std::this_thread::yield();
    return look.exec("select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'price_order'")[0][0]
        .as<long>();
  }

  [[nodiscard]] order_store store_of(const std::string& instance) const {
    postgres::database::options opts;
    opts.conninfo = scratch.conninfo("landfall_executor");
    opts.application_name = instance;
    opts.statement_timeout_ms = 60'000;
    return {opts, instance};
  }

  /// What PostgreSQL did for a claim of `limit`, as it prints it; nothing of the claim stays.
  [[nodiscard]] std::string explained(std::string_view sql, std::size_t limit) const {
    auto executor = scratch.connect_as("landfall_executor");
    pqxx::work work{*executor};
    std::string statement{sql};
    const std::map<std::string, std::string> parameters{{"$1", "'executor-1'"},
                                                        {"$2", std::to_string(lease.count())},
                                                        {"$3", std::to_string(limit)},
                                                        {"$4", std::to_string(grace.count())}};
    for (const auto& [name, value] : parameters)
      for (auto at = statement.find(name); at != std::string::npos; at = statement.find(name))
        statement.replace(at, name.size(), value);
    // The statement opens with comment lines.
    std::string plan;
    for (const auto& line : work.exec("explain (analyze, costs off, timing off, summary off, buffers) " +
                                      statement.substr(statement.find("\nwith "))))
      plan += line[0].as<std::string>() + "\n";
    return plan;
  }
};

template <class T>
T expect(postgres::database_result<T> result) {
  REQUIRE_MESSAGE(result.ok(), (result.ok() ? std::string{} : result.error().message));
  return std::move(result).value();
}

bool has(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

/// The greatest number behind `what` in a plan: of rows that a node read or threw away.
long greatest(const std::string& plan, std::string_view what) {
  long most = 0;
  for (auto at = plan.find(what); at != std::string::npos; at = plan.find(what, at + 1))
    most = std::max(most, std::stol(plan.substr(at + what.size())));
  return most;
}

void check_reads_only_a_batch(const std::string& plan) {
  INFO(plan);
  CHECK(!has(plan, "Seq Scan"));
  CHECK(!has(plan, "Sort Key"));
  CHECK(!has(plan, "Bitmap"));
  CHECK(greatest(plan, "rows=") <= 2 * static_cast<long>(batch));
  CHECK(greatest(plan, "Rows Removed by Filter: ") <= 2 * static_cast<long>(batch));
}

/// 100,000 in flight, made once. The cases that share it are in the order in which they may use it.
backlog& large_backlog() {
  static backlog b;
  static const bool made = [] {
    b.in_flight(1, backlog_size);
    return true;
  }();
  (void)made;
  return b;
}

}  // namespace

TEST_CASE("while 100,000 are being taken over, a new order is claimed in the next round") {
  auto& b = large_backlog();
  b.as_admin("analyze");
  auto store = b.store_of("executor-1");
  const claim_policy policy{512, batch, 25};
  in_flight_count counts;
  std::map<std::string, int> rounds_waited;
  int placed = 0;
  std::vector<std::size_t> started_a_round;
  constexpr int rounds = 40;
  constexpr int rounds_a_place_is_held = 8;
  for (int round = 0; round < rounds; ++round) {
    // One that the trigger service decided on just now: due later than all the others.
    ++placed;
    b.copies(900'000 + placed, 900'000 + placed, "ready_execute", "null", "clock_timestamp()", true, false);
    const auto room = capacity_to_claim(policy, counts);
    const auto claimed = expect(store.claim(room, lease, grace));
    const auto begun = std::ranges::count(claimed, order_state::ready_execute, &order::state);
    CHECK(begun == 1);
    counts.new_work += static_cast<std::size_t>(begun);
    const auto taken_over = claimed.size() - static_cast<std::size_t>(begun);
    counts.started += taken_over;
    started_a_round.push_back(taken_over);
    if (round >= rounds_a_place_is_held)
      counts.started -= started_a_round[static_cast<std::size_t>(round - rounds_a_place_is_held)];
    CHECK(counts.new_work + counts.started <= policy.max_in_flight);
  }
  // And the backlog is not kept waiting for it.
  std::size_t taken_over = 0;
  for (const auto n : started_a_round)
    taken_over += n;
  CHECK(taken_over >= rounds * batch / 2);
}

TEST_CASE("a claim from 100,000 reads a few times its batch, with all that it loads") {
  auto& b = large_backlog();
  b.as_admin("analyze");
  constexpr int claims = 5;
  const auto before = b.orders_read();
  {
    auto store = b.store_of("executor-1");
    for (int i = 0; i < claims; ++i)
      REQUIRE(expect(store.claim({0, batch, batch}, lease, grace)).size() == batch);
  }
  const auto read = b.orders_read() - before;
  MESSAGE("orders read by ", claims, " claims: ", read);
  CHECK(read >= claims * static_cast<long>(batch));
  CHECK(read < 10 * claims * static_cast<long>(batch));
}

TEST_CASE("a claim reads a batch, whatever else is due, leased, resting or open") {
  auto& b = large_backlog();
  // As many that rest until tomorrow, and as many open ones whose deposit is final.
  b.copies(200'001, 220'000, "pending_deposit", "null", "now() + interval '1 day'", true, false);
  b.copies(300'001, 320'000, "open", "null", "now() - interval '3 hours'", true, false);
  b.copies(400'001, 420'000, "open", "null", "now() - interval '3 hours'", false, false);
  b.copies(500'001, 520'000, "ready_execute", "null", "now() - interval '1 hour'", true, false);
  for (const bool analyzed : {false, true}) {
    CAPTURE(analyzed);
    if (analyzed)
      b.as_admin("analyze");
    check_reads_only_a_batch(b.explained(sql::claim_started, batch));
    check_reads_only_a_batch(b.explained(sql::claim_new, batch));
    check_reads_only_a_batch(b.explained(sql::claim_deposits, batch));
    check_reads_only_a_batch(b.explained(sql::claim_expired, batch));
  }
  // Orders under a lease in force are not looked at either.
  b.as_admin(
      "update price_order set lease_holder = 'executor-2', lease_until = now() + interval '5 minutes' "
      "where state = 'executing' and id < 'bbbb0000-0000-4000-8000-000000050000'");
  const auto plan = b.explained(sql::claim_started, batch);
  INFO(plan);
  CHECK(greatest(plan, "Rows Removed by Filter: ") == 0);
}

TEST_CASE(
    "the oldest lease that ran out is taken over first, and one that keeps running out queues behind the others") {
  backlog b;
  b.in_flight(1, 300);
  auto store = b.store_of("executor-1");
  std::set<std::string> seen;
  for (int round = 0; round < 3; ++round)
    for (const auto& o : expect(store.claim({0, 100, 100}, lease, grace))) {
      CHECK(o.lease_epoch == 4);
      CHECK(o.unresolved() != nullptr);
      const auto number = std::stoi(o.id.to_string().substr(24));
      CHECK(number > round * 100);
      CHECK(number <= (round + 1) * 100);
      CHECK(seen.insert(o.id.to_string()).second);
      // The one that is never finished: its lease runs out again at once.
      if (number == 1)
        b.as_admin("update price_order set lease_until = now() - interval '1 second' where id = '" + o.id.to_string() +
                   "'");
    }
  CHECK(seen.size() == 300);
  const auto again = expect(store.claim({0, 100, 100}, lease, grace));
  REQUIRE(again.size() == 1);
  CHECK(again[0].lease_epoch == 5);
}

TEST_CASE("deposits and expired orders do not wait for the end of a backlog of started work") {
  backlog b;
  b.in_flight(1, 2'000);
  b.copies(300'001, 300'010, "open", "null", "now()", false, false);
  b.copies(400'001, 400'010, "open", "null", "now()", true, false);
  b.as_admin(
      "update price_order set expires_at = now() - interval '1 hour' where id > "
      "'bbbb0000-0000-4000-8000-000000400000'");
  auto store = b.store_of("executor-1");
  std::size_t open = 0;
  for (int round = 0; round < 3; ++round)
    for (const auto& o : expect(store.claim({0, batch, batch}, lease, grace)))
      open += o.state == order_state::open ? 1U : 0U;
  CHECK(open == 20);
}

TEST_CASE("the accounts of a wallet with ten thousand unfinished orders are read once for a batch of them") {
  constexpr int unfinished = 10'000;
  backlog b;
  b.in_flight(1, unfinished, backlog::owner::the_model);
  // Twice as many that it finished; and other people's, for which no executor is wanted.
  b.copies(200'001, 220'000, "fill_success", "null", "now()", true, false, backlog::owner::the_model);
  b.copies(300'001, 320'000, "open", "null", "now()", true, false);
  for (const bool analyzed : {false, true}) {
    CAPTURE(analyzed);
    if (analyzed)
      b.as_admin("analyze");
    const auto before = b.orders_read();
    std::vector<order> claimed;
    {
      auto store = b.store_of("executor-1");
      claimed = expect(store.claim({0, batch, batch}, lease, grace));
    }
    const auto read = b.orders_read() - before;
    MESSAGE("orders read for a batch of ", batch, ": ", read);
    // Once for their accounts, and once by the claim, which may sort what is due while there are no statistics.
    CHECK(read < 3 * unfinished);
    REQUIRE(claimed.size() == batch);
    REQUIRE(claimed.front().wallet_accounts);
    // With the model's.
    CHECK(claimed.front().wallet_accounts->size() == 2 * unfinished + 2);
    for (const auto& o : claimed)
      CHECK(o.wallet_accounts == claimed.front().wallet_accounts);
  }
}
