#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "executor-service/chain/protocol.hpp"
#include "tests/support/keys.hpp"
#include "tests/support/token_accounts.hpp"

namespace landfall::tests {

/// What a fake chain actor answers, and what it was asked.
struct fake_chain {
  /// In order: "watch", "send", "search history". A fixture adds its own lines.
  std::vector<std::string> lines;
  std::vector<solana::bytes> sent;
  executor::chain::status_listener listener;
  std::optional<executor::chain::history_request> history_request;

  std::map<solana::pubkey, executor::account_info> accounts;
  std::optional<executor::transaction_view> transaction;
  bool simulation_fails = false;
  bool watch_refused = false;
  /// Broadcasts are answered by the test, through `held_sends`.
  bool holds_sends = false;
  std::deque<caf::typed_response_promise<executor::chain::sent>> held_sends;
  /// Called before the answer, so that a test can act in between.
  std::function<void()> before_simulation;
  std::function<void()> before_accounts;
};

/// A chain actor that answers at once from `state`. A broadcast is expected to be a repeat unless it is the first.
[[nodiscard]] inline executor::chain_actor spawn_fake_chain(caf::actor_system& system,
                                                            const std::shared_ptr<fake_chain>& state) {
  namespace chain = executor::chain;
  return system.spawn([s = state](executor::chain_actor::pointer self) -> executor::chain_actor::behavior_type {
    return {
        [s](const chain::watch& w) -> caf::result<void> {
          if (s->watch_refused)
            return executor::unavailable("too many signatures are watched");
          s->lines.push_back("watch");
          s->listener = w.to;
          return caf::unit;
        },
        [s](const chain::unwatch&) { s->listener = nullptr; },
        [s, self](const chain::broadcast& b) {
          CHECK(b.again == !s->sent.empty());
          s->lines.push_back("send");
          s->sent.push_back(b.transaction);
          auto answer = self->make_response_promise<chain::sent>();
          if (s->holds_sends)
            s->held_sends.push_back(answer);
          else
            answer.deliver(chain::sent{});
          return answer;
        },
        [s](const chain::history_request& r) {
          s->lines.push_back("search history");
          s->history_request = r;
        },
        [](const chain::blockhash_request&) {
          return chain::fresh_blockhash{"rpc0", 50, *solana::blockhash::from_bytes(key(77).view()), 200, 150};
        },
        [s](const chain::simulate_request&) {
          if (s->before_simulation)
            s->before_simulation();
          chain::simulated reply;
          reply.endpoint = "rpc0";
          reply.result.units_consumed = 30'000;
          if (s->simulation_fails)
            reply.result.err = R"({"InstructionError":[2,{"Custom":17}]})";
          return reply;
        },
        [s](const chain::accounts_request& r) {
          if (s->before_accounts)
            s->before_accounts();
          chain::accounts_read read;
          read.endpoint = "rpc0";
          read.view.context_slot = std::max<std::uint64_t>(50, r.min_context_slot.value_or(0));
          for (const auto& k : r.keys) {
            const auto found = s->accounts.find(k);
            read.view.accounts.push_back(found == s->accounts.end() ? std::nullopt : std::optional{found->second});
          }
          return read;
        },
        [s](const chain::transaction_request&) {
          return chain::transaction_found{"rpc0", s->transaction};
        },
        [](const chain::statuses_request&) { return chain::statuses_read{}; },
        [](const chain::rent_request&) { return chain::rent{token_account_rent}; },
        [](const chain::fee_request&) {
          return chain::fee_estimate{1'000, true};
        },
        [](const chain::health_request&) { return chain::health_report{}; },
        [](const chain::tick&) {},
        [](const chain::arrived&) {},
    };
  });
}

}  // namespace landfall::tests
