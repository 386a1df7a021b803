#pragma once

#include <doctest/doctest.h>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor-service/chain/chain_actor.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_rpc.hpp"

namespace landfall::executor::tests {

using domain::milliseconds;

using landfall::tests::key;
using landfall::tests::rpc_failure;
using landfall::tests::signature;

/// A fake endpoint that also checks what the chain actor asks for.
class checked_rpc final : public landfall::tests::fake_rpc {
public:
  using fake_rpc::fake_rpc;

  void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) override {
    CHECK(level == commitment::confirmed);
    fake_rpc::latest_blockhash(level, std::move(done));
  }
  void send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) override {
    CHECK(options.skip_preflight);
    fake_rpc::send_transaction(std::move(transaction), options, std::move(done));
  }
  void signature_statuses(std::vector<solana::signature> asked, bool search_history,
                          rpc_done<statuses_view> done) override {
    CHECK(search_history);
    CHECK(asked.size() <= max_statuses_per_call);
    fake_rpc::signature_statuses(std::move(asked), search_history, std::move(done));
  }
  void address_signatures(solana::pubkey account, std::optional<solana::signature> before,
                          std::optional<std::uint64_t> min_slot,
                          rpc_done<std::vector<address_signature_view>> done) override {
    CHECK(min_slot == finalized.absolute_slot);
    fake_rpc::address_signatures(account, before, min_slot, std::move(done));
  }
};

/// The chain actor over two endpoints.
struct chain_fixture : landfall::tests::actor_fixture {
  chain_fixture() : actor_fixture(domain::from_unix_ms(1'790'000'000'000)) {}

  runtime::metrics metrics;
  runtime::health health{{"rpc"}};
  std::shared_ptr<checked_rpc> a = std::make_shared<checked_rpc>("a");
  std::shared_ptr<checked_rpc> b = std::make_shared<checked_rpc>("b");
  std::vector<chain::status_update> updates;
  chain_config config;
  chain_actor actor;
  caf::scoped_actor self{system};

  void start() {
    actor = spawn_chain(system, config, {a, b}, *clock, {&metrics, &health, "rpc"});
    run();
  }
  ~chain_fixture() {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    a->hold = b->hold = false;
    run();
    a->held.clear();
    b->held.clear();
  }

  chain::status_listener listen() {
    return system.spawn([this](chain::status_listener::pointer) -> chain::status_listener::behavior_type {
      return {[this](const chain::status_update& u) { updates.push_back(u); }};
    });
  }
  void watch(std::size_t n, const chain::status_listener& to) {
    caf::anon_send(actor, chain::watch{signature(n), to});
    run();
  }
  /// Advances the time by one poll, and both endpoints by `blocks`.
  void poll(std::uint64_t blocks = 1) {
    a->add_blocks(blocks);
    b->add_blocks(blocks);
    advance(milliseconds{config.poll_ms});
  }
  /// The endpoint's updates for a signature, latest last.
  std::vector<observation> updates_of(const std::string& endpoint, std::size_t n) {
    std::vector<observation> list;
    for (const auto& u : updates)
      if (u.id == signature(n) && u.seen.endpoint == endpoint)
        list.push_back(u.seen);
    return list;
  }

  /// The answer to a request, or the error's sentence.
  template <class Reply, class Request>
  std::optional<Reply> ask(const Request& request, caf::error* why = nullptr) {
    std::optional<Reply> answer;
    auto pending = self->request(actor, caf::infinite, request);
    run();
    pending.receive([&](const Reply& r) { answer = r; },
                    [&](const caf::error& e) {
                      if (why != nullptr)
                        *why = e;
                    });
    return answer;
  }
};

}  // namespace landfall::executor::tests
