#pragma once

#include <doctest/doctest.h>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <deque>
#include <string>
#include <vector>

#include "common/runtime/log.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/keys/master_secret.hpp"
#include "executor-service/keys/vault_key.hpp"
#include "executor-service/order/order_actor.hpp"
#include "tests/executor-service/order/core/example_order.hpp"
#include "tests/support/fake_chain_actor.hpp"

/// The order actor with everything around it made up, a clock and a scheduler that the test moves.
namespace landfall::executor::tests {

using domain::order_state;
using strings = std::vector<std::string>;

inline constexpr std::uint64_t output_amount = 225'000'000;

/// What the order actor did to the outside, in order: "store payout", "send", "move withdrawing", …
struct journal : landfall::tests::fake_chain {
  /// When the order may be claimed again, as it was last given back.
  std::optional<domain::utc_time> released_until;
  /// What the commit writer answers next; nothing queued is a success.
  std::deque<postgres::database_error> refusals;

  [[nodiscard]] std::ptrdiff_t count(const std::string& line) const {
    return std::count(lines.begin(), lines.end(), line);
  }
};

inline std::string named(const order_write& w) {
  struct {
    std::string operator()(const write::transition& m) const {
      return "move " + std::string{to_string(m.to)};
    }
    std::string operator()(const write::insert_attempt& i) const {
      return "store " + std::string{to_string(i.what.kind)};
    }
    std::string operator()(const write::mark_broadcast&) const {
      return "note";
    }
    std::string operator()(const write::confirm&) const {
      return "confirm";
    }
    std::string operator()(const write::unconfirm&) const {
      return "unconfirm";
    }
    std::string operator()(const write::resolve& r) const {
      return "resolve " + std::string{to_string(r.outcome)};
    }
    std::string operator()(const write::record_fill&) const {
      return "fill";
    }
    std::string operator()(const write::release&) const {
      return "release";
    }
  } name;
  return std::visit(name, w);
}

inline commit_writer_actor fake_ledger(caf::actor_system& system, std::shared_ptr<journal> j) {
  return system.spawn([j](commit_writer_actor::pointer) -> commit_writer_actor::behavior_type {
    return {[j](const commit_unit& request) {
              // What people read about a broadcast is beside the point here, and never refused.
              if (std::holds_alternative<write::mark_broadcast>(request.unit.writes.front()))
                return commit_reply{};
              if (!j->refusals.empty()) {
                const auto error = j->refusals.front();
                j->refusals.pop_front();
                j->lines.push_back("refused " + named(request.unit.writes.front()));
                return commit_reply{error};
              }
              for (const auto& w : request.unit.writes) {
                j->lines.push_back(named(w));
                if (const auto* release = std::get_if<write::release>(&w))
                  j->released_until = release->until;
              }
              return commit_reply{};
            },
            [](caf::flush_atom) {}};
  });
}

struct order_fixture {
  order_fixture()
      : config(make_config()),
        system(config),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    runtime::log_redirect([](std::string_view) {});
    std::array<std::uint8_t, 32> seed{};
    seed.fill(9);
    auto fee_payer = std::move(solana::keypair::from_seed(seed)).value();
    with->fee_payer = fee_payer.public_key();
    auto master = std::make_shared<const master_secret>(seed);
    o = example_order(order_state::ready_withdraw_output);
    o.vault = vault_keypair(master->bytes(), o.wallet).public_key();
    o.output_amount = domain::token_amount{output_amount};
    o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed),
                  example_attempt(attempt_kind::swap, 1, attempt_outcome::landed)};
    with->signer = spawn_signer(system, std::make_shared<const signer_keys>(signer_keys{std::move(fee_payer), master}));
    with->commit_writer = fake_ledger(system, j);
    with->chain = landfall::tests::spawn_fake_chain(system, j);
    with->clock = &clock;
    with->config.resolution.endpoints_configured = 2;
    j->accounts[with->fee_payer] = {1'000'000'000, solana::programs::system, {}, false};
    j->accounts[o.output_account] = landfall::tests::token_account(o.output.mint, o.vault, output_amount);
  }
  ~order_fixture() {
    anon_send_exit(worker, caf::exit_reason::kill);
    worker = nullptr;
    anon_send_exit(with->commit_writer, caf::exit_reason::kill);
    anon_send_exit(with->chain, caf::exit_reason::kill);
    anon_send_exit(with->signer, caf::exit_reason::kill);
    j->listener = nullptr;
    j->held_sends.clear();
    j->before_simulation = nullptr;
    j->before_accounts = nullptr;
    scheduler.run();
    // Timers hold their actors: let them all come due.
    scheduler.advance_time(std::chrono::hours{1});
    scheduler.run();
    with.reset();
    runtime::log_redirect({});
  }
  order_fixture(const order_fixture&) = delete;
  order_fixture& operator=(const order_fixture&) = delete;

  static caf::actor_system_config& make_config() {
    static thread_local std::unique_ptr<caf::actor_system_config> c;
    c = std::make_unique<caf::actor_system_config>();
    c->set("scheduler.policy", caf::atom("testing"));
    return *c;
  }

  void start() {
    worker = spawn_order(system, o, with);
    scheduler.run();
  }
  void pass(domain::milliseconds time) {
    clock.advance(time);
    scheduler.advance_time(time);
    scheduler.run();
  }
  /// What endpoint `rpc<n>` says about the attempt that is being watched.
  /// As often as it takes for `time` to go by, since timers are set one after the other.
  void pass_in_ticks(domain::milliseconds time) {
    for (domain::milliseconds gone{0}; gone < time; gone += with->config.rebroadcast)
      pass(with->config.rebroadcast);
  }
  /// The order as it is claimed again, with this attempt of it stored.
  void take_up(attempt stored, order_state state) {
    o.state = state;
    std::erase_if(o.attempts, [&](const attempt& a) { return a.kind == stored.kind; });
    o.attempts.push_back(std::move(stored));
  }
  void observe(int endpoint, std::uint64_t finalized_height, std::optional<signature_status> status) {
    REQUIRE(j->listener);
    observation seen;
    seen.endpoint = "rpc" + std::to_string(endpoint);
    seen.finalized_block_height = finalized_height;
    seen.finalized_slot = finalized_height;
    seen.status_context_slot = finalized_height + 31;
    seen.searched_history = true;
    seen.status = std::move(status);
    caf::anon_send(j->listener, chain::status_update{watched_signature(), seen});
    scheduler.run();
  }
  solana::signature watched_signature() const {
    return j->sent.empty() ? solana::signature{} : solana::parse_transaction(j->sent.back())->id();
  }

  caf::actor_system_config& config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  runtime::manual_clock clock{domain::from_unix_ms(10'000)};
  std::shared_ptr<journal> j = std::make_shared<journal>();
  std::shared_ptr<order_dependencies> with = std::make_shared<order_dependencies>();
  order o;
  order_actor worker;
};

inline postgres::database_error error_of(postgres::error_kind kind, const char* sqlstate = "") {
  return {kind, sqlstate, "as told"};
}

}  // namespace landfall::executor::tests
