// The verifier against a migrated database and endpoints that the test sets up.
#include "executor-service/verify/verifier_actor.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/runtime/actor_system.hpp"
#include "common/runtime/log.hpp"
#include "tests/executor-service/verify/fake_chain.hpp"
#include "tests/support/fixtures.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

using namespace landfall;
using namespace landfall::executor;
using landfall::executor::tests::fake_chain;
using landfall::tests::fixtures;
using landfall::tests::order_fixture;
using landfall::tests::scratch_database;
using landfall::tests::sol_mint;
using landfall::tests::sqlstate_of;
using landfall::tests::usdc_mint;

namespace {

constexpr std::uint64_t input = 1'000'000'000;
constexpr std::uint64_t output = 150;

struct world {
  scratch_database database;
  fixtures rows{database};
  runtime::manual_clock clock;
  runtime::metrics metrics;
  runtime::health health{{"verifier"}};
  std::vector<std::shared_ptr<fake_chain>> chains;

  explicit world(std::size_t endpoints = 2) {
    runtime::log_redirect([](std::string_view) {});
    for (std::size_t i = 0; i < endpoints; ++i)
      chains.push_back(std::make_shared<fake_chain>("rpc" + std::to_string(i)));
  }
  ~world() {
    runtime::log_redirect({});
  }

  std::vector<std::shared_ptr<rpc_api>> endpoints() const {
    return {chains.begin(), chains.end()};
  }
  verifier_config config() const {
    verifier_config c;
    c.database.conninfo = database.conninfo("landfall_verifier");
    c.instance = "verifier-1";
    return c;
  }
  std::unique_ptr<verifier> make() {
    return std::make_unique<verifier>(config(), endpoints(), clock, verifier_reports{&metrics, &health, "verifier"});
  }
  verify_summary once(const verify_request& request = {}) {
    postgres::database::options opts;
    opts.conninfo = database.conninfo("landfall_operator");
    for (auto& c : chains)
      c->meanwhile = [p = c.get()] { ++p->finalized; };
    return verify_once(opts, endpoints(), request);
  }

  template <class Change>
  void everywhere(Change change) {
    for (auto& c : chains)
      change(*c);
  }
  void next_slot() {
    everywhere([](fake_chain& c) { c.finalized += 10; });
  }

  std::string column(const order_fixture& o, const std::string& name) {
    return rows.value("select " + name + " from price_order where id = $1", o.id);
  }
  std::string signature(const order_fixture& o, const std::string& kind) {
    return rows.value("select signature from attempt where id = $1", rows.last_attempt(o, kind));
  }

  /// An order and a chain that agree.
  order_fixture order_in(std::string_view state) {
    auto o = rows.order_in(state);
    const auto out = column(o, "output_account");
    const auto has = [&](const char* kind) { return !rows.last_attempt(o, kind).empty(); };
    everywhere([&](fake_chain& c) {
      c.landed(signature(o, "deposit"), 1100, {{o.deposit.order_account, sol_mint, 0, input}});
      if (!has("swap"))
        c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input);
      else {
        c.landed(signature(o, "swap"), 1100,
                 {{o.deposit.order_account, sol_mint, input, 0}, {out, usdc_mint, 0, output}});
        if (!has("payout"))
          c.holds(out, usdc_mint, o.deposit.vault, output);
        else
          c.landed(signature(o, "payout"), 1100, {{out, usdc_mint, output, 0}});
      }
    });
    return o;
  }

  std::string open(const std::string& kind) {
    return rows.value("select count(*) from discrepancy where closed_at is null and kind = $1", kind);
  }
  std::string any_open() {
    return rows.value("select count(*) from discrepancy where closed_at is null and $1 = ''", "");
  }
  bool held(const order_fixture& o) {
    return column(o, "held_at is not null") == "t";
  }
};

}  // namespace

TEST_SUITE("verifier") {
  TEST_CASE("a database that agrees with the chain gives no finding, and movements are read once") {
    world w;
    for (const auto* state : {"pending_deposit", "open", "executing", "ready_withdraw_output", "fill_success"}) {
      if (std::string_view{state} == "pending_deposit")
        (void)w.rows.order();
      else
        (void)w.order_in(state);
    }
    const auto v = w.make();
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");
    CHECK(w.rows.value("select count(*) from attempt_movement where $1 = ''", "") ==
          w.rows.value("select count(*) from attempt where outcome = 'landed' and $1 = ''", ""));
    const auto asked = w.chains[0]->transactions_asked;
    CHECK(asked > 0);
    REQUIRE(v->look());
    CHECK(w.chains[0]->transactions_asked == asked);
    REQUIRE(v->look_at_sums());
    CHECK(w.any_open() == "0");
    CHECK(w.health.ready());
    const auto summary = w.once();
    CHECK(summary.clean());
    CHECK(summary.orders == 5);
    CHECK(summary.sums.size() == 2);
  }

  TEST_CASE(
      "a missing deposit is found once, holds its order at the second later look, and is closed when it is back") {
    world w;
    const auto o = w.order_in("open");
    w.everywhere([&](fake_chain& c) { c.closes(o.deposit.order_account); });
    const auto v = w.make();
    REQUIRE(v->look());
    CHECK(w.open("order_account_short") == "1");
    CHECK_FALSE(w.held(o));
    // The same slot again tells nothing new.
    REQUIRE(v->look());
    CHECK_FALSE(w.held(o));
    w.next_slot();
    REQUIRE(v->look());
    CHECK(w.held(o));
    CHECK(w.column(o, "held_reason").starts_with("verifier: order_account_short, discrepancy "));
    CHECK(w.open("order_account_short") == "1");
    CHECK(w.rows.value("select times_seen || ' ' || times_agreed from discrepancy where order_id = $1", o.id) == "3 2");

    // An operator knows better: the same finding does not hold it again.
    REQUIRE(sqlstate_of(w.rows.as("operator"), "update price_order set held_at = null, held_reason = null") == "");
    w.next_slot();
    REQUIRE(v->look());
    CHECK_FALSE(w.held(o));

    w.everywhere([&](fake_chain& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input); });
    w.next_slot();
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");
    CHECK(w.rows.value("select count(*) from discrepancy where order_id = $1", o.id) == "1");
    // It comes again as another row, which holds anew.
    w.everywhere([&](fake_chain& c) { c.closes(o.deposit.order_account); });
    for (int i = 0; i < 2; ++i) {
      w.next_slot();
      REQUIRE(v->look());
    }
    CHECK(w.rows.value("select count(*) from discrepancy where order_id = $1", o.id) == "2");
    CHECK(w.held(o));
  }

  TEST_CASE("one endpoint alone holds nothing: contradicted it finds nothing, unanswered it only notes") {
    world w;
    const auto o = w.order_in("open");
    const auto v = w.make();
    w.chains[0]->closes(o.deposit.order_account);
    for (int i = 0; i < 3; ++i) {
      w.next_slot();
      REQUIRE(v->look());
    }
    CHECK(w.any_open() == "0");
    w.chains[1]->down = true;
    for (int i = 0; i < 3; ++i) {
      w.next_slot();
      REQUIRE(v->look());
    }
    CHECK(w.open("order_account_short") == "1");
    CHECK(w.rows.value("select times_agreed from discrepancy where order_id = $1", o.id) == "0");
    CHECK_FALSE(w.held(o));
  }

  TEST_CASE("of three endpoints one that lies keeps no order from being held, and no signing from being halted") {
    world w{3};
    const auto o = w.order_in("open");
    const auto v = w.make();
    REQUIRE(v->look());
    for (const auto liar : {0U, 2U})
      w.chains[liar]->closes(o.deposit.order_account);
    for (int i = 0; i < 3; ++i) {
      w.next_slot();
      REQUIRE(v->look());
      REQUIRE(v->look_at_sums());
    }
    CHECK(w.open("order_account_short") == "1");
    CHECK(w.held(o));
    CHECK(w.rows.value("select shortfall from signing_halt where mint = $1", std::string{sol_mint}) ==
          std::to_string(input));
  }

  TEST_CASE("endpoints that contradict each other are counted in each look and told once an hour") {
    world w;
    const auto o = w.order_in("open");
    const auto v = w.make();
    REQUIRE(v->look());
    w.chains[0]->closes(o.deposit.order_account);
    std::vector<std::string> told;
    runtime::log_redirect([&](std::string_view line) {
      if (line.find("endpoints_disagree") != std::string_view::npos)
        told.emplace_back(line);
    });
    for (int i = 0; i < 3; ++i) {
      w.next_slot();
      REQUIRE(v->look());
    }
    const auto counted = [&](const std::string& count) {
      return w.metrics.render().find("landfall_verifier_disputes_total{kind=\"order_account_short\"} " + count +
                                     "\n") != std::string::npos;
    };
    CHECK(counted("3"));
    REQUIRE(told.size() == 1);
    for (const auto* part : {"order_account_short", "rpc0", "rpc1"})
      CHECK(told[0].find(part) != std::string::npos);
    CHECK(told[0].find(o.id) != std::string::npos);
    w.clock.advance(std::chrono::hours{1});
    REQUIRE(v->look());
    CHECK(told.size() == 2);
    // Another kind of question is told at once.
    REQUIRE(v->look_at_sums());
    CHECK(told.size() == 3);

    const auto summary = w.once();
    CHECK(summary.findings.empty());
    REQUIRE(summary.disputed.size() == 2);
    CHECK(to_json(summary).find(R"("foundBy":["rpc0"],"rightBy":["rpc1"])") != std::string::npos);
    CHECK(to_table(summary).find("found by rpc0, right by rpc1") != std::string::npos);
  }

  TEST_CASE("where one endpoint is configured, its word at two slots is enough") {
    world w{1};
    const auto o = w.order_in("open");
    w.chains[0]->closes(o.deposit.order_account);
    const auto v = w.make();
    for (int i = 0; i < 2; ++i) {
      w.next_slot();
      REQUIRE(v->look());
    }
    CHECK(w.held(o));
  }

  TEST_CASE("an order that moves while it is looked at is left for the next look") {
    world w;
    const auto o = w.order_in("executing");
    w.everywhere([&](fake_chain& c) { c.closes(o.deposit.order_account); });
    bool done = false;
    w.chains[0]->meanwhile = [&] {
      if (!std::exchange(done, true))
        (void)w.rows.store_attempt(o, "swap");
    };
    const auto v = w.make();
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");
    // From now on an attempt is unresolved: in flight as well.
    w.next_slot();
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");
  }

  TEST_CASE("an attempt that nobody knows and that yet took the deposit is found, and holds its order") {
    world w;
    const auto taken = w.order_in("executing");
    const auto attempt = w.rows.store_attempt(taken, "swap");
    const auto dying = w.order_in("executing");
    (void)w.rows.store_attempt(dying, "swap");
    w.everywhere([&](fake_chain& c) {
      c.closes(taken.deposit.order_account);
      c.finalized_height = fixtures::last_valid_block_height + 1;
    });
    const auto v = w.make();
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");

    // One of two is past its life, or knows it: that proves nothing.
    w.next_slot();
    ++w.chains[0]->finalized_height;
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");
    w.next_slot();
    ++w.chains[1]->finalized_height;
    w.chains[1]->landed(w.signature(taken, "swap"), 1500, {});
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");

    w.chains[1]->known.erase(*solana::signature::parse(w.signature(taken, "swap")));
    for (int i = 0; i < 2; ++i) {
      w.next_slot();
      REQUIRE(v->look());
    }
    CHECK(w.open("neither_landed_nor_dead") == "1");
    CHECK(w.any_open() == "1");
    CHECK(w.rows.value("select attempt_id from discrepancy where kind = $1", "neither_landed_nor_dead") == attempt);
    CHECK(w.held(taken));
    CHECK_FALSE(w.held(dying));
    const auto summary = w.once();
    REQUIRE(summary.findings.size() == 1);
    CHECK(summary.findings[0].kind == verify::finding_kind::neither_landed_nor_dead);

    // They know it after all.
    w.everywhere([&](fake_chain& c) { c.landed(w.signature(taken, "swap"), 1500, {}); });
    w.next_slot();
    REQUIRE(v->look());
    CHECK(w.any_open() == "0");
  }

  TEST_CASE("signatures are held against outcomes") {
    world w;
    const auto unknown = w.order_in("fill_success");
    const auto failed = w.order_in("fill_success");
    const auto dead = w.order_in("executing");
    const auto attempt = w.rows.store_attempt(dead, "swap");
    w.rows.resolve(dead, attempt, "dead");
    w.everywhere([&](fake_chain& c) {
      c.known.erase(*solana::signature::parse(w.signature(unknown, "payout")));
      c.known[*solana::signature::parse(w.signature(failed, "payout"))].err = "{}";
    });
    const auto v = w.make();
    REQUIRE(v->look());
    CHECK(w.open("landed_not_found") == "1");
    CHECK(w.open("landed_but_failed") == "1");
    CHECK(w.any_open() == "2");
    w.everywhere([&](fake_chain& c) { c.landed(w.signature(dead, "swap"), 1500, {}); });
    w.next_slot();
    REQUIRE(v->look());
    CHECK(w.open("dead_but_landed") == "1");
    CHECK(w.rows.value("select attempt_id from discrepancy where kind = $1", "dead_but_landed") == attempt);
    w.next_slot();
    REQUIRE(v->look());
    CHECK(w.held(dead));
    CHECK(w.held(unknown));
  }

  TEST_CASE("a deposit that arrived and made no order in time is told until it is gone, or has its order") {
    world w;
    const auto arrived = w.rows.deposit_request();
    const auto late = w.rows.deposit_request();
    const auto never = w.rows.deposit_request();
    const auto used = w.rows.order();
    w.everywhere([&](fake_chain& c) {
      for (const auto& d : {arrived, late, used.deposit})
        c.holds(d.order_account, sol_mint, d.vault, input);
    });
    const auto v = w.make();
    const auto look = [&] {
      w.next_slot();
      REQUIRE(v->look_at_deposits());
      return w.open("deposit_without_order");
    };
    // Its order may still come.
    CHECK(look() == "0");
    for (const auto& d : {arrived, late, never, used.deposit})
      w.rows.expire(d);
    CHECK(look() == "2");
    CHECK(w.rows.value("select touches_money::text || coalesce(order_id::text, ' no order') from discrepancy "
                       "where subject = $1",
                       arrived.id) == "true no order");
    const auto summary = w.once();
    CHECK(summary.findings.size() == 2);
    CHECK(look() == "2");

    w.chains[0]->closes(arrived.order_account);
    CHECK(look() == "2");
    w.chains[1]->closes(arrived.order_account);
    CHECK(look() == "1");
    CHECK(sqlstate_of(w.rows.as("admin"),
                      "set session_replication_role = replica; "
                      "update deposit_request set consumed_at = now() where id = '" +
                          late.id + "'; set session_replication_role = origin") == "");
    CHECK(look() == "0");
    CHECK(w.once().clean());
  }

  TEST_CASE("the walk over deposits without an order comes to each of them, the newest in every look") {
    world w;
    std::vector<landfall::tests::deposit_fixture> deposits;
    for (int i = 0; i < 7; ++i) {
      deposits.push_back(w.rows.deposit_request());
      w.rows.expire(deposits.back());
    }
    w.everywhere([&](fake_chain& c) { c.holds(deposits[0].order_account, sol_mint, deposits[0].vault, input); });
    auto config = w.config();
    config.deposits = 4;
    verifier v{config, w.endpoints(), w.clock};
    int looks = 0;
    while (w.open("deposit_without_order") == "0" && looks < 10) {
      REQUIRE(v.look_at_deposits());
      ++looks;
    }
    CHECK(looks == 4);
    deposits.push_back(w.rows.deposit_request());
    w.rows.expire(deposits.back());
    w.everywhere([&](fake_chain& c) { c.holds(deposits[7].order_account, sol_mint, deposits[7].vault, input); });
    REQUIRE(v.look_at_deposits());
    CHECK(w.open("deposit_without_order") == "2");
  }

  TEST_CASE("a sum that lacks something in three looks halts signing until an operator releases it") {
    world w;
    const auto o = w.order_in("open");
    const auto executing = w.order_in("executing");
    const auto v = w.make();
    REQUIRE(v->look());
    w.everywhere([&](fake_chain& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input - 7); });
    const auto halted = [&] {
      return w.rows.value("select count(*) from signing_halt where released_at is null and $1 = ''", "") == "1";
    };
    for (int i = 0; i < 3; ++i) {
      CHECK_FALSE(halted());
      w.next_slot();
      REQUIRE(v->look_at_sums());
    }
    REQUIRE(halted());
    CHECK(w.rows.value("select shortfall || ' ' || side from signing_halt where mint = $1", std::string{sol_mint}) ==
          "7 input");
    CHECK_THROWS_AS((void)w.rows.store_attempt(executing, "swap"), pqxx::sql_error);

    REQUIRE(sqlstate_of(w.rows.as("operator"), "update signing_halt set released_at = now(), released_by = 'ann'") ==
            "");
    w.next_slot();
    REQUIRE(v->look_at_sums());
    CHECK_FALSE(halted());
    w.everywhere([&](fake_chain& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input - 8); });
    w.next_slot();
    REQUIRE(v->look_at_sums());
    CHECK(halted());

    w.everywhere([&](fake_chain& c) { c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input); });
    w.next_slot();
    REQUIRE(v->look_at_sums());
    CHECK(w.open("sum_short") == "0");
    // The halt stands: only an operator releases it.
    CHECK(halted());
  }

  TEST_CASE("two short looks with a good one between do not halt, nor do endpoints that disagree") {
    world w;
    const auto o = w.order_in("open");
    const auto v = w.make();
    REQUIRE(v->look());
    const auto look_with = [&](std::uint64_t at_first, std::uint64_t at_second) {
      w.chains[0]->holds(o.deposit.order_account, sol_mint, o.deposit.vault, at_first);
      w.chains[1]->holds(o.deposit.order_account, sol_mint, o.deposit.vault, at_second);
      w.next_slot();
      REQUIRE(v->look_at_sums());
    };
    for (int i = 0; i < 3; ++i) {
      look_with(1, 1);
      look_with(1, 1);
      look_with(input, input);
    }
    for (int i = 0; i < 5; ++i)
      look_with(1, input);
    CHECK(w.rows.value("select count(*) from signing_halt where $1 = ''", "") == "0");
  }

  TEST_CASE("the dust of strangers moves no sum, and what is missing elsewhere is not covered by it") {
    world w;
    const auto rich = w.order_in("open");
    const auto poor = w.order_in("open");
    const auto v = w.make();
    REQUIRE(v->look());
    w.everywhere([&](fake_chain& c) { c.holds(rich.deposit.order_account, sol_mint, rich.deposit.vault, 9 * input); });
    w.next_slot();
    REQUIRE(v->look_at_sums());
    CHECK(w.open("sum_short") == "0");
    w.everywhere([&](fake_chain& c) { c.closes(poor.deposit.order_account); });
    w.next_slot();
    REQUIRE(v->look_at_sums());
    CHECK(w.open("sum_short") == "1");
  }

  TEST_CASE("once, for an operator: nothing is written, findings are confirmed at a later slot, sums are shown") {
    world w;
    const auto good = w.order_in("open");
    const auto bad = w.order_in("ready_withdraw_output");
    w.everywhere([&](fake_chain& c) { c.closes(w.column(bad, "output_account")); });
    const auto all = w.once();
    CHECK_FALSE(all.clean());
    REQUIRE(all.findings.size() == 1);
    CHECK(all.findings[0].kind == verify::finding_kind::output_account_short);
    CHECK(all.findings[0].agreed);
    CHECK(to_json(all).find("\"clean\":false") != std::string::npos);
    CHECK(to_table(all).find("output_account_short") != std::string::npos);
    CHECK(w.once({domain::order_id::parse(good.id)}).clean());
    CHECK_FALSE(w.once({domain::order_id::parse(bad.id)}).clean());
    CHECK_FALSE(w.once({domain::order_id::random()}).trouble.empty());
    CHECK(w.rows.value("select count(*) from discrepancy where $1 = ''", "") == "0");
    w.everywhere([](fake_chain& c) { c.down = true; });
    CHECK_FALSE(w.once().clean());
  }

  TEST_CASE("without endpoints it is not well, and it is again when they answer") {
    world w;
    (void)w.order_in("open");
    const auto v = w.make();
    w.everywhere([](fake_chain& c) { c.down = true; });
    CHECK_FALSE(v->look());
    CHECK_FALSE(w.health.ready());
    w.everywhere([](fake_chain& c) { c.down = false; });
    CHECK(v->look());
    CHECK(w.health.ready());
  }

  TEST_CASE("with fewer endpoints than have to agree it says that nothing follows from what it sees") {
    world w;
    const auto o = w.order_in("open");
    const auto d = w.rows.deposit_request();
    w.rows.expire(d);
    const auto v = w.make();
    const auto looks = [&] {
      w.next_slot();
      return v->look() && v->look_at_deposits() && v->look_at_sums();
    };
    REQUIRE(looks());
    CHECK(w.health.ready());
    w.chains[1]->down = true;
    REQUIRE(looks());
    CHECK_FALSE(w.health.ready());
    CHECK(w.health.to_json().find("1 of 2 endpoints answered, and 2 have to agree: nothing is held or halted") !=
          std::string::npos);
    CHECK(w.once().trouble == "1 of 2 endpoints answered, and 2 have to agree: nothing is held or halted");
    w.chains[1]->down = false;
    // A part of the work that sees well does not speak for the others.
    w.next_slot();
    REQUIRE(v->look_at_sums());
    CHECK_FALSE(w.health.ready());
    REQUIRE(looks());
    CHECK(w.health.ready());
    CHECK(w.once().clean());

    // Half an answer is none: what became of the deposit is asked for while its movement is not stored.
    const auto fresh = w.order_in("open");
    w.everywhere([&](fake_chain& c) { c.records.clear(); });
    w.chains[1]->without_statuses = true;
    w.next_slot();
    REQUIRE(v->look());
    CHECK_FALSE(w.health.ready());
    w.chains[1]->without_statuses = false;
    REQUIRE(looks());
    CHECK(w.health.ready());

    world alone{1};
    const auto single = alone.make();
    (void)alone.order_in("open");
    REQUIRE(single->look());
    CHECK(alone.health.ready());
  }

  TEST_CASE("as an actor it looks by itself and ends when it is told to") {
    world w;
    const auto o = w.order_in("open");
    w.everywhere([&](fake_chain& c) { c.closes(o.deposit.order_account); });
    caf::actor_system_config system_config;
    runtime::configure_actor_system(system_config, 1);
    caf::actor_system system{system_config};
    auto config = w.config();
    config.pace = domain::milliseconds{10};
    config.sum_pace = domain::milliseconds{10};
    std::vector<caf::strong_actor_ptr> actors{
        caf::actor_cast<caf::strong_actor_ptr>(spawn_verifier(system, config, w.endpoints(), w.clock))};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while (w.open("order_account_short") == "0" && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    CHECK(w.open("order_account_short") == "1");
    CHECK(runtime::stop_actors(system, std::move(actors), std::chrono::minutes{1}) == 0);
  }

  TEST_CASE("settings that would let one look decide are refused") {
    verifier_config c;
    CHECK(c.validate());
    c.policy.looks_before_hold = 1;
    CHECK_FALSE(c.validate());
    c = {};
    c.batch = 0;
    CHECK_FALSE(c.validate());
    c = {};
    c.deposits = 101;
    CHECK_FALSE(c.validate());
  }
}
