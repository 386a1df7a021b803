#include "tests/simulation/postgres_replay.hpp"

#include <algorithm>
#include <array>
#include <variant>

#include "replay/api_sql.hpp"
#include "replay/operator_sql.hpp"
#include "replay/verifier_sql.hpp"
#include "tests/simulation/hostile_writes.hpp"

namespace landfall::simulation {

namespace {

constexpr int most_processes = 3;
/// Of the claims that find nothing one in so many is made in PostgreSQL too: there are hundreds a schedule.
constexpr std::uint64_t idle_claims_skipped = 8;
/// Of the executors' commits so many are followed by a hostile one.
constexpr int hostile_permille = 250;
constexpr const char* instance = "replay-1";

class unobserved final : public write_observer {
  void makes_transition(const stored_order& /*o*/, domain::order_state /*to*/, domain::role /*by*/,
                        std::uint64_t /*epoch*/) override {}
  void inserts(const stored_order& /*o*/, const executor::attempt& /*a*/, std::uint64_t /*epoch*/) override {}
  void resolves(const stored_order& /*o*/, const executor::attempt& /*a*/, const executor::write::resolve& /*w*/,
                std::uint64_t /*epoch*/) override {}
  void confirms(const stored_order& /*o*/, const executor::attempt& /*a*/) override {}
};

postgres::database::options options_for(const tests::scratch_database& scratch, const std::string& role) {
  postgres::database::options opts;
  opts.conninfo = scratch.conninfo("landfall_" + role);
  opts.application_name = "replay";
  return opts;
}

solana::pubkey address(std::string_view what, std::size_t order) {
  auto bytes = bytes_of<32>(order + 1);
  std::copy(what.begin(), what.end(), bytes.begin() + 8);
  return solana::pubkey{bytes};
}

std::string order_account(std::size_t order) {
  return address("order account", order).to_string();
}

std::string request_id(std::size_t order) {
  return domain::order_id{bytes_of<16>(1'000 + order)}.to_string();
}

std::string verdict_of(const postgres::database_error& error) {
  if (error.kind == postgres::error_kind::constraint)
    return error.sqlstate;
  return std::string{to_string(error.kind)} + " " + error.sqlstate + ": " + error.message;
}

template <class T>
std::string verdict_of(const postgres::database_result<T>& result) {
  return result.ok() ? "done" : verdict_of(result.error());
}

std::string verdict_of(const commit_result& result) {
  return std::string{result.what == commit_status::done ? "done" : result.sqlstate};
}

std::string text_of(const executor::attempt& a) {
  std::string text{to_string(a.kind)};
  text += " " + std::to_string(a.ordinal) + " " + a.id.to_string();
  text += a.signature ? " signed " + a.signature->to_string() : " unsigned";
  text += " valid to " + std::to_string(a.last_valid_block_height);
  if (a.confirmed_slot)
    text += " confirmed in " + std::to_string(*a.confirmed_slot);
  if (a.outcome)
    text += " " + std::string{to_string(*a.outcome)};
  if (a.slot)
    text += " in " + std::to_string(*a.slot);
  return text;
}

std::string text_of(const std::vector<executor::order_write>& writes) {
  constexpr std::array<std::string_view, std::variant_size_v<executor::order_write>> names{
      "transition", "attempt", "broadcast", "confirmation", "rollback", "outcome", "fill", "release"};
  std::string text;
  for (const auto& w : writes)
    text += (text.empty() ? "" : " and ") + std::string{names[w.index()]};
  return text;
}

/// What an executor acts on, of a row as it is loaded.
std::string text_of(const executor::order& o) {
  auto text = std::string{to_string(o.state)} + ", epoch " + std::to_string(o.lease_epoch) + ", " +
              std::to_string(o.attempts_made) + " tries";
  if (o.output_amount)
    text += ", brought " + o.output_amount->to_string();
  std::vector<std::string> attempts;
  for (const auto& a : o.attempts)
    attempts.push_back(text_of(a));
  std::sort(attempts.begin(), attempts.end());
  for (const auto& a : attempts)
    text += "; " + a;
  return text;
}

constexpr const char* clocks = R"(
create schema replay;
create sequence replay.clock;
create function replay.now() returns timestamptz language sql stable as
  $$ select timestamptz 'epoch' + last_value * interval '1 millisecond' from replay.clock $$;
create function replay.clock_timestamp() returns timestamptz language sql stable as $$ select replay.now() $$;
create function replay.statement_timestamp() returns timestamptz language sql stable as $$ select replay.now() $$;
grant usage on schema replay to public;
grant select on sequence replay.clock to public;
alter table price_order alter column next_attempt_at set default replay.now();
set role landfall_owner;
create or replace function rule_time() returns timestamptz language sql volatile
  set search_path = pg_catalog, public, pg_temp as $$ select replay.now() $$;
reset role)";

}  // namespace

postgres_replay::postgres_replay(tests::scratch_database& scratch)
    : rows_(scratch),
      trigger_((replace_clocks(), options_for(scratch, "trigger")), instance),
      api_(options_for(scratch, "api")),
      verifier_(options_for(scratch, "verifier")),
      operator_(options_for(scratch, "operator")),
      admin_(rows_.as("admin")) {
  for (int holder = 0; holder < most_processes; ++holder)
    executors_.push_back(std::make_unique<executor::order_store>(options_for(scratch, "executor"),
                                                                 "executor-" + std::to_string(holder)));
  admin_.conn().prepare("set_clock", "select setval('replay.clock', $1)");
}

/// Before anybody connects: the search path in which statements find the simulated clock first is the database's.
void postgres_replay::replace_clocks() {
  pqxx::work work{rows_.as("admin")};
  work.exec(clocks);
  const auto name = work.quote_name(work.conn().dbname());
  for (const std::string role : {"executor", "trigger", "api", "verifier", "operator"})
    work.exec("alter role landfall_" + role + " in database " + name + " set search_path = replay, pg_catalog, public");
  for (std::size_t order = 0; order < max_orders; ++order)
    work.exec_params("insert into vault (wallet, vault) values ($1, $2)", address("wallet", order).to_string(),
                     address("vault", order).to_string());
  work.commit();
}

void postgres_replay::empty_tables() {
  admin_.exec(
      "set session_replication_role = replica; delete from order_transition; delete from evidence; delete from "
      "attempt; "
      "delete from price_order; delete from deposit_request; set session_replication_role = origin");
}

std::string postgres_replay::run(std::uint64_t seed, bool telling) {
  difference_.clear();
  clock_ = 0;
  empty_tables();
  world w{seed, mutant::none, telling};
  dice_ = random{seed};
  world_ = &w;
  w.database.tell_calls_to(*this);
  const auto result = w.run();
  world_ = nullptr;
  if (difference_.empty())
    difference_ = result.broken;
  return difference_;
}

void postgres_replay::set_clock() {
  set_clock(world_->time.now());
}

void postgres_replay::set_clock(instant now) {
  if (clock_ == now)
    return;
  clock_ = now;
  admin_.exec_prepared("set_clock", clock_);
}

void postgres_replay::compare(std::size_t order, std::string_view what, std::string_view simulated,
                              const std::string& in_postgres) {
  if (simulated == in_postgres) {
    ++verdicts_[simulated == "done" ? std::string{what} : in_postgres];
    return;
  }
  if (!difference_.empty())
    return;
  difference_ = "order " + std::to_string(order) + ", " + std::string{what} + ": the simulation says " +
                std::string{simulated} + ", PostgreSQL " + in_postgres;
  world_->tell("DIFFERENCE: ", difference_);
}

void postgres_replay::compare_row(const executor::order& row) {
  const auto number = static_cast<std::size_t>(number_of(row.id.bytes())) - 1;
  const auto expected = text_of(order(number).row);
  const auto found = text_of(row);
  compare(number, "load", expected == found ? "done" : expected, expected == found ? "done" : found);
}

void postgres_replay::created(const stored_order& o) {
  if (!difference_.empty())
    return;
  set_clock();
  const auto life = domain::unix_ms(o.row.deposit_expires_at) - clock_;
  const auto wallet = address("wallet", o.number).to_string();
  const auto vault = address("vault", o.number).to_string();
  const std::string input{tests::sol_mint};
  const std::string output{tests::usdc_mint};
  const auto result = api_.transact([&](postgres::transaction& t) {
    t.run(api_sql::insert_deposit_request, request_id(o.number), wallet, vault, order_account(o.number), input, output,
          o.row.input_amount.to_string(), "single", "\\x01", "hash", 1, life);
    t.run(api_sql::insert_order, o.row.id.to_string(), wallet, vault, request_id(o.number), order_account(o.number),
          address("output account", o.number).to_string(), input, output, input, o.row.input_amount.to_string(),
          "above", "200", std::optional<int>{}, domain::unix_ms(o.row.expires_at), instance);
    return 0;
  });
  compare(o.number, "creation", "done", verdict_of(result));
}

void postgres_replay::committed(const write_unit& unit, const commit_result& result) {
  if (!difference_.empty())
    return;
  set_clock();
  commit(unit, result, "commit of " + text_of(unit.writes));
  if (dice_.chance(hostile_permille))
    attack(unit);
}

void postgres_replay::commit(const write_unit& unit, const commit_result& result, const std::string& what) {
  const auto refusals = executor_of(0).commit(
      {{order(unit.order).row.id, address("order account", unit.order), unit.lease_epoch, unit.writes}});
  if (!refusals.ok())
    return compare(unit.order, what, verdict_of(result), verdict_of(refusals.error()));
  const auto& refused = refusals->front();
  compare(unit.order, what, verdict_of(result), refused ? verdict_of(*refused) : "done");
}

/// Judged on a copy of the rows, so that nobody who watches them is told of writes that do not stay; now, or about
/// when the lease ends.
void postgres_replay::attack(const write_unit& last) {
  if (const auto lease_end = order(last.order).lease_until; lease_end > clock_ && dice_.chance(400))
    set_clock(lease_end + dice_.between(-1, 1));
  const auto unit = hostile_unit(order(last.order), last, clock_, dice_);
  unobserved nobody;
  database copy{mutant::none, nobody};
  copy.orders() = world_->database.orders();
  commit(unit, copy.commit(unit, clock_),
         "hostile " + text_of({unit.writes.begin(), unit.writes.end() - 1}) + " under epoch " +
             std::to_string(unit.lease_epoch) + " at " + std::to_string(clock_));
}

/// Somebody's time is over in this very millisecond.
bool postgres_replay::at_a_boundary() const {
  const auto now = world_->time.now();
  const auto& orders = world_->database.orders();
  return std::any_of(orders.begin(), orders.end(),
                     [&](const auto& o) { return o.next_attempt_at == now || o.lease_until == now; });
}

void postgres_replay::claimed(int holder, std::int64_t lease_ms, std::int64_t expiry_grace_ms,
                              const std::vector<std::size_t>& orders) {
  if (!difference_.empty() || (orders.empty() && ++idle_claims_ % idle_claims_skipped != 0 && !at_a_boundary()))
    return;
  set_clock();
  const auto got = executor_of(holder).claim({max_orders, max_orders, max_orders}, domain::milliseconds{lease_ms},
                                             domain::milliseconds{expiry_grace_ms});
  if (!got.ok())
    return compare(0, "claim", "done", verdict_of(got.error()));
  std::string expected;
  for (const auto number : orders)
    expected += " " + std::to_string(number);
  std::vector<std::size_t> numbers;
  for (const auto& row : *got)
    numbers.push_back(static_cast<std::size_t>(number_of(row.id.bytes())) - 1);
  std::sort(numbers.begin(), numbers.end());
  std::string found;
  for (const auto number : numbers)
    found += " " + std::to_string(number);
  compare(orders.empty() ? numbers.empty() ? 0 : numbers.front() : orders.front(), "claim",
          expected.empty()    ? "nothing due"
          : expected == found ? "done"
                              : expected,
          found.empty()       ? "nothing due"
          : expected == found ? "done"
                              : found);
  for (const auto& row : *got)
    compare_row(row);
}

void postgres_replay::renewed(std::size_t number, std::uint64_t epoch, int holder, std::int64_t lease_ms, bool done) {
  if (!difference_.empty())
    return;
  set_clock();
  const auto got = executor_of(holder).renew({{order(number).row.id, epoch}}, domain::milliseconds{lease_ms});
  compare(number, "renewal", done ? "done" : "not renewed",
          !got.ok()      ? verdict_of(got.error())
          : got->empty() ? "not renewed"
                         : "done");
}

void postgres_replay::deposited(std::size_t number, const executor::attempt& deposit, const commit_result& result) {
  if (!difference_.empty())
    return;
  set_clock();
  const auto id = order(number).row.id.to_string();
  const auto got = api_.transact([&](postgres::transaction& t) {
    t.run(api_sql::insert_deposit_attempt, deposit.id.to_string(), id, order_account(number),
          deposit.signature->to_string(), postgres::bytea_literal(deposit.transaction), deposit.blockhash.to_string(),
          deposit.last_valid_block_height, instance, deposit.expected_input->to_string());
    t.run(api_sql::mark_depositing, id, deposit.id.to_string(), instance);
    return 0;
  });
  compare(number, "deposit", verdict_of(result), verdict_of(got));
}

void postgres_replay::opened(std::size_t number, std::uint64_t slot, const commit_result& result) {
  if (!difference_.empty())
    return;
  set_clock();
  const auto& row = order(number).row;
  const auto deposit = row.latest(executor::attempt_kind::deposit)->id.to_string();
  const auto got = api_.transact([&](postgres::transaction& t) {
    t.run(api_sql::confirm_deposit, deposit, slot);
    t.run(api_sql::open_order, row.id.to_string(), deposit, instance);
    return 0;
  });
  compare(number, "opening", verdict_of(result), verdict_of(got));
}

void postgres_replay::decided(std::size_t number, domain::order_state to, bool done) {
  if (!difference_.empty())
    return;
  set_clock();
  const auto now = domain::from_unix_ms(clock_);
  trigger::decision d;
  d.order = order(number).row.id;
  d.to = to;
  d.reason = "replay";
  d.evidence.id = domain::evidence_id::random();
  d.evidence.source = "replay";
  d.evidence.price_usd = domain::decimal::parse("201");
  d.evidence.publish_time = now;
  d.evidence.received_at = now;
  d.evidence.gates = "{}";
  const auto got = trigger_.write({d});
  if (!got.ok())
    return compare(number, "decision", done ? "done" : "not_applied", verdict_of(got.error()));
  using trigger::write_outcome;
  const auto& written = got->front();
  compare(number, "decision", done ? "done" : "not_applied",
          written.outcome == write_outcome::applied       ? "done"
          : written.outcome == write_outcome::not_applied ? "not_applied"
                                                          : "refused " + written.error);
}

void postgres_replay::held(std::size_t number, bool on) {
  if (!difference_.empty())
    return;
  set_clock();
  const auto id = order(number).row.id.to_string();
  const auto got = on ? verifier_.transact([&](postgres::transaction& t) {
    t.run(verifier_sql::hold_order, id, "replay");
    return 0;
  })
                      : operator_.transact([&](postgres::transaction& t) {
                          t.run(operator_sql::orders_release, id);
                          return 0;
                        });
  compare(number, on ? "hold" : "release of a hold", "done", verdict_of(got));
}

}  // namespace landfall::simulation
