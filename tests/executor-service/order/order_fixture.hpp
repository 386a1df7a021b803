#pragma once

#include <doctest/doctest.h>

#include <caf/all.hpp>
#include <deque>
#include <string>
#include <vector>

#include "common/solana/curve.hpp"
#include "common/solana/system.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/keys/master_secret.hpp"
#include "executor-service/keys/vault_key.hpp"
#include "executor-service/order/order_actor.hpp"
#include "tests/executor-service/order/core/example_order.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_chain_actor.hpp"
#include "tests/support/keypairs.hpp"

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

inline commit_writer_actor fake_commit_writer(caf::actor_system& system, std::shared_ptr<journal> j) {
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

struct order_fixture : landfall::tests::actor_fixture {
  order_fixture() : actor_fixture(domain::from_unix_ms(10'000)) {
    auto fee_payer = landfall::tests::keypair(9);
    with->fee_payer = fee_payer.public_key();
    auto master = std::make_shared<const master_secret>(landfall::tests::filled<32>(9));
    o = example_order(order_state::ready_withdraw_output);
    o.vault = vault_keypair(master->bytes(), o.wallet).public_key();
    o.output_amount = domain::token_amount{output_amount};
    o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed),
                  example_attempt(attempt_kind::swap, 1, attempt_outcome::landed)};
    with->signer = spawn_signer(system, std::make_shared<const signer_keys>(signer_keys{std::move(fee_payer), master}));
    with->commit_writer = fake_commit_writer(system, j);
    with->chain = landfall::tests::spawn_fake_chain(system, j);
    with->clock = clock.get();
    with->config.resolution.endpoints_configured = 2;
    j->accounts[with->fee_payer] = {1'000'000'000, solana::programs::system, {}, false};
    j->accounts[o.output_account] = landfall::tests::token_account(o.output.mint, o.vault, output_amount);
  }
  ~order_fixture() {
    kill(std::exchange(worker, nullptr), with->commit_writer, with->chain, with->signer);
    j->listener = nullptr;
    j->held_sends.clear();
    j->before_simulation = nullptr;
    j->before_accounts = nullptr;
    run();
    // Timers hold their actors: let them all come due.
    advance(std::chrono::hours{1});
  }

  void start() {
    worker = spawn_order(system, o, with);
    run();
  }
  void advance_in_broadcasts(domain::milliseconds time) {
    advance_in_steps(time, with->config.rebroadcast);
  }
  /// The order as it is claimed again, with this attempt of it stored.
  void take_up(attempt stored, order_state state) {
    o.state = state;
    std::erase_if(o.attempts, [&](const attempt& a) { return a.kind == stored.kind; });
    o.attempts.push_back(std::move(stored));
  }
  /// Shows the attempt that is watched as endpoint `rpc<n>` knows it.
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
    run();
  }
  solana::signature watched_signature() const {
    return j->sent.empty() ? solana::signature{} : solana::parse_transaction(j->sent.back())->id();
  }

  std::shared_ptr<journal> j = std::make_shared<journal>();
  std::shared_ptr<order_dependencies> with = std::make_shared<order_dependencies>();
  order o;
  order_actor worker;
};

inline postgres::database_error error_of(postgres::error_kind kind, const char* sqlstate = "") {
  return {kind, sqlstate, "fake error"};
}

}  // namespace landfall::executor::tests
