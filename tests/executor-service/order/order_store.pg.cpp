#include "executor-service/order/order_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <thread>

#include "executor-service/order/core/consequence.hpp"
#include "tests/support/fixtures.hpp"

using namespace landfall;
using namespace landfall::executor;
using domain::order_state;
using tests::fixtures;
using tests::scratch_database;

namespace {

/// Runs out only where a test says so.
constexpr domain::milliseconds lease{600'000};
constexpr domain::milliseconds no_grace{0};

claim_capacity room_for(std::size_t orders) {
  return {orders, orders, orders};
}

struct store_fixture {
  scratch_database scratch;
  fixtures rows{scratch};

  /// An order in `state` that nobody holds a lease of.
  tests::order_fixture order_in(std::string_view state) {
    const auto order = rows.order_in(state);
    let_leases_run_out();
    return order;
  }
  order_store store_of(const std::string& instance) const {
    postgres::database::options opts;
    opts.conninfo = scratch.conninfo("landfall_executor");
    opts.application_name = instance;
    return {opts, instance};
  }
  void as_admin(const std::string& sql) const {
    auto admin = scratch.connect_as_admin();
    pqxx::work work{*admin};
    work.exec(sql);
    work.commit();
  }
  /// Ends every lease, as time would. The rules are switched off for it: no role may write this.
  void let_leases_run_out() const {
    as_admin(
        "set session_replication_role = replica; update price_order set lease_until = now() - interval '1 second' "
        "where lease_until is not null");
  }
  std::string sql_value(const std::string& sql) const {
    auto admin = scratch.connect_as_admin();
    pqxx::nontransaction work{*admin};
    const auto rows_found = work.exec(sql);
    return rows_found.empty() || rows_found[0][0].is_null() ? "" : rows_found[0][0].as<std::string>();
  }
};

template <class T>
T expect(postgres::database_result<T> result) {
  REQUIRE_MESSAGE(result.ok(), (result.ok() ? std::string{} : result.error().message));
  return std::move(result).value();
}

write_unit unit_of(const order& o, std::vector<order_write> writes) {
  return {o.id, o.order_account, o.lease_epoch, std::move(writes)};
}

attempt swap_attempt(const std::string& signature_text, int ordinal = 1) {
  attempt a;
  a.id = domain::attempt_id::random();
  a.kind = attempt_kind::swap;
  a.ordinal = ordinal;
  a.signature = *solana::signature::parse(signature_text);
  a.transaction = {1, 2, 3, 0, 255};
  a.blockhash = *solana::blockhash::parse(tests::address_of(900));
  a.last_valid_block_height = 1'000;
  a.order_account_balance = domain::token_amount{1'000'000'000};
  a.expected_input = domain::token_amount{1'000'000'000};
  a.minimum_output = domain::token_amount{~0ULL};
  return a;
}

/// The only unit of a batch: its refusal, or nothing.
std::optional<postgres::database_error> commit_one(order_store& store, const write_unit& unit) {
  return expect(store.commit({unit})).front();
}

}  // namespace

TEST_CASE("a claim takes the lease once, and loads what is stored") {
  store_fixture w;
  const auto fixture = w.order_in("ready_execute");
  w.as_admin("set session_replication_role = replica; update price_order set triggered_at = now()");
  auto first = w.store_of("executor-1");
  auto second = w.store_of("executor-2");
  const auto claimed = expect(first.claim(room_for(10), lease, no_grace));
  REQUIRE(claimed.size() == 1);
  CHECK(claimed[0].id.to_string() == fixture.id);
  CHECK(claimed[0].state == order_state::ready_execute);
  CHECK(claimed[0].input_amount == domain::token_amount{1'000'000'000});
  CHECK(claimed[0].input.symbol == "SOL");
  CHECK(claimed[0].triggered_at.has_value());
  REQUIRE(claimed[0].attempts.size() == 1);
  CHECK(claimed[0].attempts[0].kind == attempt_kind::deposit);
  CHECK(expect(second.claim(room_for(10), lease, no_grace)).empty());
  CHECK(expect(first.claim(room_for(10), lease, no_grace)).empty());
}

TEST_CASE("with an order come the accounts of all its wallet's unfinished orders, and of no others") {
  store_fixture w;
  std::map<std::string, tests::order_fixture> orders;
  for (const auto& info : domain::order_states) {
    const std::string state{info.name};
    orders.emplace(state, w.rows.order());
    w.as_admin("set session_replication_role = replica; update price_order set state = '" + state + "' where id = '" +
               orders.at(state).id + "'");
  }
  const auto& claimed_one = orders.at("ready_execute");
  const auto stranger = w.order_in("open");
  w.as_admin("set session_replication_role = replica; update price_order set wallet = '" + claimed_one.deposit.wallet +
             "' where id <> '" + stranger.id + "'");
  auto store = w.store_of("executor-1");
  const auto claimed = expect(store.claim(room_for(100), lease, no_grace));
  const auto o = std::ranges::find(claimed, claimed_one.id, [](const order& each) { return each.id.to_string(); });
  REQUIRE(o != claimed.end());
  REQUIRE(o->wallet_accounts);
  const auto has = [&](const tests::order_fixture& which) {
    const auto output = w.sql_value("select output_account from price_order where id = '" + which.id + "'");
    const bool in = o->wallet_accounts->contains(*solana::pubkey::parse(which.deposit.order_account));
    CHECK(o->wallet_accounts->contains(*solana::pubkey::parse(output)) == in);
    return in;
  };
  std::size_t unfinished = 0;
  for (const auto& info : domain::order_states) {
    CAPTURE(info.name);
    CHECK(has(orders.at(std::string{info.name})) == !info.is_final);
    unfinished += info.is_final ? 0U : 1U;
  }
  CHECK_FALSE(has(stranger));
  CHECK(o->wallet_accounts->size() == 2 * unfinished);
}

TEST_CASE("a lease that ran out is taken over with a higher epoch, and the former holder writes nothing more") {
  store_fixture w;
  w.order_in("executing");
  auto zombie = w.store_of("executor-1");
  const auto before = expect(zombie.claim(room_for(10), lease, no_grace)).front();
  w.let_leases_run_out();
  auto successor = w.store_of("executor-2");
  const auto after = expect(successor.claim(room_for(10), lease, no_grace)).front();
  CHECK(after.lease_epoch == before.lease_epoch + 1);

  const auto signature = tests::signature_of(5'000);
  const auto stored = commit_one(zombie, unit_of(before, {write::insert_attempt{swap_attempt(signature), "{}"}}));
  REQUIRE(stored);
  CHECK(stored->sqlstate == "LF003");
  const auto moved = commit_one(
      zombie, unit_of(before, {write::transition{
                                  order_state::executing, order_state::execute_failed, "zombie", {}, {}, 1, {}}}));
  REQUIRE(moved);
  CHECK(moved->sqlstate == "LF003");
  CHECK(expect(zombie.renew({{before.id, before.lease_epoch}}, lease)).empty());
  CHECK(w.sql_value("select count(*) from attempt where kind = 'swap'") == "0");
  CHECK(!commit_one(successor, unit_of(after, {write::insert_attempt{swap_attempt(signature), "{}"}})));
}

TEST_CASE("an attempt comes back from the database byte for byte") {
  store_fixture w;
  w.order_in("executing");
  auto store = w.store_of("executor-1");
  const auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  const auto stored = swap_attempt(tests::signature_of(5'001));
  REQUIRE(!commit_one(store, unit_of(o, {write::insert_attempt{stored, R"({"outAmount":"1"})"}})));
  w.let_leases_run_out();
  const auto again = expect(store.claim(room_for(10), lease, no_grace)).front();
  const auto* loaded = again.unresolved();
  REQUIRE(loaded != nullptr);
  CHECK(loaded->id == stored.id);
  CHECK(loaded->signature == stored.signature);
  CHECK(loaded->transaction == stored.transaction);
  CHECK(loaded->blockhash == stored.blockhash);
  CHECK(loaded->last_valid_block_height == stored.last_valid_block_height);
  CHECK(loaded->minimum_output == stored.minimum_output);
  CHECK(loaded->order_account_balance == stored.order_account_balance);
  CHECK(!loaded->outcome);
}

TEST_CASE(
    "whatever a router, a maker or an endpoint wrote into its JSON is stored, unchanged where jsonb cannot hold it") {
  store_fixture w;
  auto store = w.store_of("executor-1");
  struct answer {
    std::string told;
    bool as_jsonb;
  };
  const std::vector<answer> answers{
      {R"({"outAmount":"1","x":-1.5e-10,"y":[1E+99,"9e123"],"z":"\u00df\ud83d\ude00"})", true},
      {R"({"outAmount":"1","x":"\u0000"})", false},
      {R"({"outAmount":"1","\u0000":1})", false},
      {R"({"outAmount":"1","x":"\ud800"})", false},
      {R"({"outAmount":"1","x":"\udc00"})", false},
      {R"({"outAmount":"1","x":1e999999})", false},
      {R"({"outAmount":"1","x":1e-20000})", false},
      {R"({"outAmount":"1","x":)" + std::string(140'000, '9') + "}", false},
      // jsonb would take these, and nobody could read them any more.
      {R"({"outAmount":"1","x":[1e131071, -1.5E+131071,1e131071]})", false},
      {R"({"outAmount":"1","x": 1e-16383})", false},
      {std::string(64, '[') + std::string(64, ']'), true},
      {std::string(1'000'000, '['), false},
      {"no JSON", false},
  };
  unsigned n = 5'000;
  for (const auto& [told, as_jsonb] : answers) {
    INFO(told.substr(0, 80));
    const auto fixture = w.order_in("executing");
    const auto claimed = expect(store.claim(room_for(100), lease, no_grace));
    const auto o = std::ranges::find(claimed, fixture.id, [](const order& each) { return each.id.to_string(); });
    REQUIRE(o != claimed.end());
    const auto stored = swap_attempt(tests::signature_of(++n));
    const auto refused = commit_one(
        store, unit_of(*o, {write::insert_attempt{stored, told},
                            write::resolve{stored.id, attempt_outcome::landed_failed, 1'100, {}, told, {}, {}}}));
    CHECK_MESSAGE(!refused, (refused ? refused->message : ""));
    for (const std::string column : {"quote", "error"}) {
      // Of an error as much is kept as of any other text.
      const auto kept = column == "error" ? told.substr(0, 2'000) : told;
      const auto where = " from attempt where id = '" + stored.id.to_string() + "'";
      CHECK(w.sql_value("select jsonb_typeof(" + column + ") <> 'string'" + where) == (as_jsonb ? "t" : "f"));
      CHECK((as_jsonb || w.sql_value("select " + column + " #>> '{}'" + where) == kept));
    }
  }
}

TEST_CASE("no text of a stranger's keeps a move from being stored, nor is more of it kept than is of use") {
  store_fixture w;
  auto store = w.store_of("executor-1");
  const std::string long_log = "ab" + std::string(5'000, 'x');
  std::string euros = "a";
  while (euros.size() < 5'000)
    euros += "€";
  const std::vector<std::pair<std::string, std::string>> details{
      {"HTTP 400: \xE2\x82", "HTTP 400: \uFFFD\uFFFD"},
      {std::string{"a\0b", 3}, "a\uFFFDb"},
      {"\xFF\xED\xA0\x80 {\"'", "\uFFFD\uFFFD\uFFFD\uFFFD {\"'"},
      {long_log, long_log.substr(0, 2'000)},
      {euros, euros.substr(0, 1'999)},
      {"", ""},
  };
  for (const auto& [told, kept] : details) {
    INFO(kept.substr(0, 80));
    const auto fixture = w.order_in("executing");
    const auto claimed = expect(store.claim(room_for(100), lease, no_grace));
    const auto o = std::ranges::find(claimed, fixture.id, [](const order& each) { return each.id.to_string(); });
    REQUIRE(o != claimed.end());
    const auto refused = commit_one(
        store,
        unit_of(*o, {write::transition{order_state::executing, order_state::execute_failed, "r", told, {}, 1, {}}}));
    CHECK_MESSAGE(!refused, (refused ? refused->message : ""));
    CHECK(w.sql_value("select last_detail from price_order where id = '" + fixture.id + "'") == kept);
  }
}

TEST_CASE("a maker's swap has no id until one is seen, and none again after a rollback") {
  store_fixture w;
  w.order_in("executing");
  auto store = w.store_of("executor-1");
  auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  auto stored = swap_attempt(tests::signature_of(5'001));
  stored.signature.reset();
  stored.maker = "maker.example";
  const auto id = stored.id;
  const auto as_stored = [&] {
    w.let_leases_run_out();
    o = expect(store.claim(room_for(10), lease, no_grace)).front();
    return *o.find(id);
  };
  REQUIRE(!commit_one(store, unit_of(o, {write::insert_attempt{stored, "{}"}})));
  CHECK(w.sql_value("select quote_id from attempt where kind = 'swap'") == stored.quote_id());
  CHECK(as_stored().maker == stored.maker);
  CHECK(!as_stored().signature);

  const auto first = *solana::signature::parse(tests::signature_of(5'004));
  const auto second = *solana::signature::parse(tests::signature_of(5'005));
  REQUIRE(!commit_one(store, unit_of(o, {write::confirm{id, 1'100, first}})));
  CHECK(as_stored().signature == first);
  REQUIRE(!commit_one(store, unit_of(o, {write::unconfirm{id}})));
  CHECK(!as_stored().signature);
  REQUIRE(!commit_one(store, unit_of(o, {write::resolve{id, attempt_outcome::landed, 1'101, {}, {}, {}, second}})));
  CHECK(as_stored().signature == second);
  CHECK(as_stored().outcome == attempt_outcome::landed);
}

TEST_CASE("a second unresolved attempt on an order account is refused, whatever the code thinks") {
  store_fixture w;
  w.order_in("executing");
  auto store = w.store_of("executor-1");
  const auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  REQUIRE(!commit_one(store, unit_of(o, {write::insert_attempt{swap_attempt(tests::signature_of(5'002)), {}}})));
  const auto second =
      commit_one(store, unit_of(o, {write::insert_attempt{swap_attempt(tests::signature_of(5'003), 2), {}}}));
  REQUIRE(second);
  CHECK(second->kind == postgres::error_kind::constraint);
}

TEST_CASE("a refused unit undoes all of itself and nothing of its neighbours") {
  store_fixture w;
  w.order_in("ready_execute");
  w.order_in("ready_execute");
  auto store = w.store_of("executor-1");
  const auto orders = expect(store.claim(room_for(10), lease, no_grace));
  REQUIRE(orders.size() == 2);
  const write::transition claim{order_state::ready_execute, order_state::executing, "claimed", {}, {}, 0, {}};
  auto bad = claim;
  bad.from = order_state::executing;
  bad.to = order_state::execute_success;
  const auto refusals = expect(store.commit({unit_of(orders[0], {claim, bad}), unit_of(orders[1], {claim})}));
  REQUIRE(refusals[0]);
  CHECK(refusals[0]->sqlstate == "LF009");
  CHECK(!refusals[1]);
  CHECK(w.sql_value("select count(*) from price_order where state = 'executing'") == "1");
}

TEST_CASE("a move of an order that somebody else moved is told apart from a lost lease") {
  store_fixture w;
  w.order_in("ready_execute");
  auto store = w.store_of("executor-1");
  const auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  const auto refused = commit_one(
      store,
      unit_of(o, {write::transition{order_state::depositing, order_state::open, "deposit_confirmed", {}, {}, 0, {}}}));
  REQUIRE(refused);
  CHECK(refused->sqlstate == "LF001");
}

TEST_CASE("a release makes the order due when it says, or at once if its state changed meanwhile") {
  store_fixture w;
  w.order_in("ready_execute");
  auto store = w.store_of("executor-1");
  const auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  const auto later = domain::from_unix_ms(4'000'000'000'000);
  REQUIRE(!commit_one(store, unit_of(o, {write::release{later, order_state::ready_execute}})));
  CHECK(expect(store.claim(room_for(10), lease, no_grace)).empty());
  CHECK(w.sql_value("select lease_holder from price_order").empty());

  store_fixture moved;
  moved.order_in("ready_execute");
  auto other = moved.store_of("executor-1");
  const auto known = expect(other.claim(room_for(10), lease, no_grace)).front();
  REQUIRE(!commit_one(other, unit_of(known, {write::release{later, order_state::depositing}})));
  CHECK(expect(other.claim(room_for(10), lease, no_grace)).size() == 1);
}

TEST_CASE("a release adds the tries that it tells of") {
  store_fixture w;
  w.order_in("withdrawing");
  auto store = w.store_of("executor-1");
  const auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  REQUIRE(!commit_one(store, unit_of(o, {write::release{domain::from_unix_ms(0), o.state, 1}})));
  const auto again = expect(store.claim(room_for(10), lease, no_grace)).front();
  CHECK(again.attempts_made == o.attempts_made + 1);
}

TEST_CASE("an order that a person moves out of fill_failed is refunded, and ends cancelled") {
  store_fixture w;
  const auto fixture = w.order_in("fill_failed");
  const auto by_operator = [&](const std::string& set) {
    pqxx::work work{w.rows.as("operator")};
    work.exec("update price_order set " + set);
    work.commit();
  };
  by_operator("held_at = now(), held_reason = 'looked at'");
  w.rows.move(fixture, "ready_to_cancel", "operator", {});
  auto store = w.store_of("executor-1");
  CHECK(expect(store.claim(room_for(10), lease, no_grace)).empty());
  by_operator("held_at = null, held_reason = null");

  auto claimed = expect(store.claim(room_for(10), lease, no_grace));
  REQUIRE(claimed.size() == 1);
  auto o = std::move(claimed.front());
  const auto write_down = [&](std::vector<order_write> writes) {
    const auto refused = commit_one(store, unit_of(o, writes));
    REQUIRE_MESSAGE(!refused, (refused ? refused->message : std::string{}));
    for (const auto& one : writes)
      apply(o, one);
  };
  const step_policy policy;
  const auto step_of = [&] { return next_step(o, domain::utc_time{}, policy); };
  const auto build = step_of();
  REQUIRE(std::holds_alternative<step::build>(build));
  CHECK(std::get<step::build>(build).kind == attempt_kind::refund);
  auto refund = swap_attempt(tests::signature_of(5'050));
  refund.kind = attempt_kind::refund;
  refund.minimum_output.reset();
  write_down(store_signed(o, refund, {}).writes);
  CHECK(std::holds_alternative<step::resolve>(step_of()));
  write_down(consequence_of(o, refund, fate::landed{1'100, true}, 5'000, {}, policy).writes);
  CHECK(std::holds_alternative<step::build>(step_of()));
  write_down(nothing_to_close(o).writes);
  CHECK(w.sql_value("select state from price_order") == "cancelled");
}

TEST_CASE("a held order is not claimed") {
  store_fixture w;
  w.order_in("ready_execute");
  w.as_admin(
      "set session_replication_role = replica; update price_order set held_at = now(), held_reason = 'looked at'");
  auto store = w.store_of("executor-1");
  CHECK(expect(store.claim(room_for(10), lease, no_grace)).empty());
}

TEST_CASE("the lease of a held order is not prolonged") {
  store_fixture w;
  w.order_in("executing");
  auto store = w.store_of("executor-1");
  const auto o = expect(store.claim(room_for(10), lease, no_grace)).front();
  CHECK(expect(store.renew({{o.id, o.lease_epoch}}, lease)).size() == 1);
  pqxx::work hold{w.rows.as("operator")};
  hold.exec("update price_order set held_at = now(), held_reason = 'looked at'");
  hold.commit();
  CHECK(expect(store.renew({{o.id, o.lease_epoch}}, lease)).empty());
  CHECK(!commit_one(store, unit_of(o, {write::release{domain::from_unix_ms(0), order_state::executing}})));
}

TEST_CASE("open orders are claimed only for their deposit or when their time is long over") {
  store_fixture w;
  w.order_in("open");
  w.as_admin(
      "set session_replication_role = replica; update attempt set outcome = null, slot = null, resolved_at = null");
  auto store = w.store_of("executor-1");
  constexpr domain::milliseconds long_grace{3'600'000};
  CHECK(expect(store.claim(room_for(10), lease, long_grace)).size() == 1);
  w.let_leases_run_out();
  w.as_admin(
      "set session_replication_role = replica; update attempt set outcome = 'landed', slot = 1, resolved_at = now()");
  CHECK(expect(store.claim(room_for(10), lease, no_grace)).empty());
  w.as_admin("set session_replication_role = replica; update price_order set expires_at = now() - interval '1 minute'");
  CHECK(expect(store.claim(room_for(10), lease, long_grace)).empty());
  CHECK(expect(store.claim(room_for(10), lease, no_grace)).size() == 1);
}

TEST_CASE("claims of many executors at once never overlap") {
  store_fixture w;
  for (int i = 0; i < 12; ++i)
    w.order_in("ready_execute");
  std::array<std::vector<order>, 4> claimed;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < claimed.size(); ++i)
      threads.emplace_back([&w, &claimed, i] {
        auto store = w.store_of("executor-" + std::to_string(i));
        for (int round = 0; round < 3; ++round)
          if (auto got = store.claim(room_for(2), lease, no_grace); got.ok())
            for (auto& o : *got)
              claimed[i].push_back(std::move(o));
      });
  }
  std::set<domain::order_id> seen;
  std::size_t count = 0;
  for (const auto& list : claimed)
    for (const auto& o : list) {
      seen.insert(o.id);
      ++count;
    }
  CHECK(count == 12);
  CHECK(seen.size() == 12);
}
