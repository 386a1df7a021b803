#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/all.hpp>

#include "common/runtime/log.hpp"
#include "executor-service/verify/verifier_actor.hpp"
#include "executor-service/verify/verify_once.hpp"
#include "tests/executor-service/verify/fake_node.hpp"
#include "tests/support/actor_system_fixture.hpp"
#include "tests/support/fixtures.hpp"

namespace landfall::executor::verify::tests {

using landfall::executor::tests::fake_node;
using landfall::tests::fixtures;
using landfall::tests::order_fixture;
using landfall::tests::scratch_database;
using landfall::tests::sol_mint;
using landfall::tests::sqlstate_of;
using landfall::tests::usdc_mint;

inline constexpr std::uint64_t input = 1'000'000'000;
inline constexpr std::uint64_t output = 150;

/// A verifier that makes a pass when the test says so.
class running_verifier {
public:
  running_verifier(const verifier_config& config, std::vector<std::shared_ptr<rpc_api>> endpoints,
                   const runtime::clock& clock, verifier_reports reports) {
    auto database = spawn_database(system_, {config.database, config.instance, config.rules});
    auto checker = spawn_checker(system_, config.checks, database, std::move(endpoints));
    verifier_ = spawn_verifier(system_, config, checker, database, clock, std::move(reports));
    actors_ = {caf::actor_cast<caf::strong_actor_ptr>(verifier_), caf::actor_cast<caf::strong_actor_ptr>(checker),
               caf::actor_cast<caf::strong_actor_ptr>(database)};
  }
  ~running_verifier() {
    verifier_ = nullptr;
    runtime::stop_actors(system_, std::move(actors_), std::chrono::minutes{1});
  }
  running_verifier(const running_verifier&) = delete;
  running_verifier& operator=(const running_verifier&) = delete;

  bool check_orders() {
    return pass(pass_kind::orders);
  }
  bool check_deposits() {
    return pass(pass_kind::deposits);
  }
  bool check_sums() {
    return pass(pass_kind::sums);
  }

private:
  bool pass(pass_kind over) {
    bool ok = false;
    caf::scoped_actor me{system_};
    me->request(verifier_, std::chrono::minutes{1}, make_pass{over})
        .receive([&](const pass_made& made) { ok = made.ok; }, [](const caf::error& e) { FAIL(caf::to_string(e)); });
    return ok;
  }

  landfall::tests::actor_system_fixture threads_;
  caf::actor_system& system_ = threads_.system;
  verifier_actor verifier_;
  std::vector<caf::strong_actor_ptr> actors_;
};

/// A database, endpoints, and what the verifier reports.
struct verifier_fixture {
  scratch_database database;
  fixtures rows{database};
  runtime::manual_clock clock;
  runtime::metrics metrics;
  runtime::health health{{"verifier"}};
  std::vector<std::shared_ptr<fake_node>> chains;

  explicit verifier_fixture(std::size_t endpoints = 2) {
    runtime::log_redirect([](std::string_view) {});
    for (std::size_t i = 0; i < endpoints; ++i)
      chains.push_back(std::make_shared<fake_node>("rpc" + std::to_string(i)));
  }
  ~verifier_fixture() {
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
  std::unique_ptr<running_verifier> make(const verifier_config& c) {
    return std::make_unique<running_verifier>(c, endpoints(), clock, verifier_reports{&metrics, &health, "verifier"});
  }
  std::unique_ptr<running_verifier> make() {
    return make(config());
  }
  summary once(std::optional<domain::order_id> order = {}) {
    postgres::database::options opts;
    opts.conninfo = database.conninfo("landfall_operator");
    for (auto& c : chains)
      c->before_accounts = [p = c.get()] { p->finalize(1); };
    return verify_once(opts, endpoints(), order);
  }

  template <class Change>
  void everywhere(Change change) {
    for (auto& c : chains)
      change(*c);
  }
  void next_slot() {
    everywhere([](fake_node& c) { c.finalize(10); });
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
    everywhere([&](fake_node& c) {
      c.lands(signature(o, "deposit"), 1100, {{o.deposit.order_account, sol_mint, 0, input}});
      if (!has("swap"))
        c.holds(o.deposit.order_account, sol_mint, o.deposit.vault, input);
      else {
        c.lands(signature(o, "swap"), 1100,
                {{o.deposit.order_account, sol_mint, input, 0}, {out, usdc_mint, 0, output}});
        if (!has("payout"))
          c.holds(out, usdc_mint, o.deposit.vault, output);
        else
          c.lands(signature(o, "payout"), 1100, {{out, usdc_mint, output, 0}});
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

}  // namespace landfall::executor::verify::tests
