#pragma once

#include <doctest/doctest.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/log.hpp"
#include "executor-service/chain/chain_actor.hpp"

namespace landfall::executor::tests {

using domain::milliseconds;

inline solana::signature signature(std::size_t n) {
  std::array<std::uint8_t, 64> raw{};
  raw[0] = static_cast<std::uint8_t>(n);
  raw[1] = static_cast<std::uint8_t>(n >> 8U);
  raw[2] = 1;
  return solana::signature{raw};
}

inline rpc_error error(rpc_error::kind what, std::int64_t code = 0) {
  rpc_error e;
  e.what = what;
  e.code = code;
  e.message = "as told";
  return e;
}

/// An endpoint that answers at once from what the test set up, and counts what it was asked.
class fake_endpoint final : public rpc_api {
public:
  explicit fake_endpoint(std::string n) : name_(std::move(n)) {}

  const std::string& name() const noexcept override {
    return name_;
  }

  template <class T>
  void answer(const char* method, rpc_done<T> done, T value) {
    ++calls[method];
    order.emplace_back(method);
    rpc_result<T> r = fails ? rpc_result<T>{domain::failure{*fails}} : rpc_result<T>{std::move(value)};
    if (hold)
      held.push_back([done, r] { done(r); });
    else
      done(std::move(r));
  }
  /// Answers the question that is held longest; what it leads to is held as before.
  void release_one() {
    const auto first = std::move(held.front());
    held.pop_front();
    first();
  }
  void release() {
    hold = false;
    while (!held.empty()) {
      held.front()();
      held.pop_front();
    }
  }

  void epoch_info(commitment level, rpc_done<epoch_view> done) override {
    answer("epoch", std::move(done), level == commitment::finalized ? finalized : confirmed);
  }
  void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) override {
    CHECK(level == commitment::confirmed);
    answer("blockhash", std::move(done), latest_blockhash_view{confirmed.absolute_slot, {}, last_valid});
  }
  void send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) override {
    CHECK(options.skip_preflight);
    sent.push_back(std::move(transaction));
    answer("send", std::move(done), signature(0));
  }
  void simulate(solana::bytes, simulate_options, rpc_done<simulation> done) override {
    simulation s;
    s.context_slot = confirmed.absolute_slot;
    answer("simulate", std::move(done), std::move(s));
  }
  void signature_statuses(std::vector<solana::signature> asked, bool search_history,
                          rpc_done<statuses_view> done) override {
    CHECK(search_history);
    CHECK(asked.size() <= max_statuses_per_call);
    statuses_view view;
    view.context_slot = context_slot;
    for (const auto& id : asked) {
      const auto found = statuses.find(id);
      view.statuses.push_back(found == statuses.end() ? std::nullopt : std::optional{found->second});
    }
    if (short_reply)
      view.statuses.pop_back();
    answer("statuses", std::move(done), std::move(view));
  }
  void address_signatures(solana::pubkey, std::optional<solana::signature> before,
                          std::optional<std::uint64_t> min_slot,
                          rpc_done<std::vector<address_signature_view>> done) override {
    CHECK(min_slot == finalized.absolute_slot);
    auto from = history.begin();
    if (before)
      from = std::ranges::find(history, *before, &address_signature_view::id) + 1;
    const auto count = std::min<std::ptrdiff_t>(history.end() - from, max_address_signatures_per_call);
    answer("history", std::move(done), std::vector<address_signature_view>{from, from + count});
  }
  void accounts(std::vector<solana::pubkey> keys, commitment, std::optional<std::uint64_t>,
                rpc_done<accounts_view> done) override {
    if (order_account)
      return answer("accounts", std::move(done), accounts_view{confirmed.absolute_slot, {keys.size(), order_account}});
    answer("accounts", std::move(done), accounts_view{confirmed.absolute_slot, {keys.size(), std::nullopt}});
  }
  void transaction(solana::signature, commitment, rpc_done<std::optional<transaction_view>> done) override {
    answer("transaction", std::move(done), landed);
  }
  void minimum_balance_for_rent_exemption(std::uint64_t space, rpc_done<std::uint64_t> done) override {
    answer("rent", std::move(done), (space + 128) * 6'960);
  }
  void recent_prioritization_fees(std::vector<solana::pubkey>,
                                  rpc_done<std::vector<priority_fee_sample>> done) override {
    answer("fees", std::move(done), fees);
  }
  void is_blockhash_valid(solana::blockhash, commitment, std::optional<std::uint64_t>,
                          rpc_done<blockhash_validity> done) override {
    answer("valid", std::move(done), blockhash_validity{});
  }
  void health(rpc_done<domain::done> done) override {
    answer("health", std::move(done), domain::done{});
  }
  void genesis_hash(rpc_done<solana::blockhash> done) override {
    answer("genesis", std::move(done), solana::blockhash{});
  }

  bool has_spare() const override {
    return spare;
  }

  void move_on(std::uint64_t blocks = 1) {
    finalized.absolute_slot += blocks;
    finalized.block_height += blocks;
    confirmed.absolute_slot += blocks;
    confirmed.block_height += blocks;
    context_slot += blocks;
    last_valid += blocks;
  }

  epoch_view finalized{1'200, 1'000};
  epoch_view confirmed{1'230, 1'030};
  std::uint64_t context_slot = 1'232;
  std::uint64_t last_valid = 1'180;
  std::map<solana::signature, status_view> statuses;
  std::optional<transaction_view> landed;
  std::vector<priority_fee_sample> fees;
  std::vector<address_signature_view> history;
  std::optional<account_info> order_account;
  std::optional<rpc_error> fails;
  bool short_reply = false;
  bool hold = false;
  bool spare = true;
  std::deque<std::function<void()>> held;
  std::map<std::string, int> calls;
  std::vector<solana::bytes> sent;
  std::vector<std::string> order;

private:
  std::string name_;
};

struct listener_state {
  std::vector<chain::observed>* heard = nullptr;
};

inline chain::observer::behavior_type listener(chain::observer::stateful_pointer<listener_state> self,
                                               std::vector<chain::observed>* heard) {
  self->state.heard = heard;
  return {[self](const chain::observed& o) { self->state.heard->push_back(o); }};
}

inline caf::actor_system_config& scheduled_by_test(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
  return config;
}

/// The chain actor over two endpoints, with a clock and a scheduler that the test moves.
struct chain_fixture {
  chain_fixture() {
    runtime::log_redirect([](std::string_view) {});
  }

  caf::actor_system_config system_config;
  caf::actor_system system{scheduled_by_test(system_config)};
  caf::scheduler::test_coordinator& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  runtime::manual_clock clock{domain::from_unix_ms(1'790'000'000'000)};
  runtime::metrics metrics;
  runtime::health health{{"rpc"}};
  std::shared_ptr<fake_endpoint> a = std::make_shared<fake_endpoint>("a");
  std::shared_ptr<fake_endpoint> b = std::make_shared<fake_endpoint>("b");
  std::vector<chain::observed> heard;
  chain_config config;
  chain_actor actor;
  caf::scoped_actor self{system};

  void start() {
    actor = spawn_chain(system, config, {a, b}, clock, {&metrics, &health, "rpc"});
    scheduler.run();
  }
  ~chain_fixture() {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    a->hold = b->hold = false;
    scheduler.run();
    a->held.clear();
    b->held.clear();
    runtime::log_redirect({});
  }

  chain::observer listen() {
    return system.spawn(listener, &heard);
  }
  void watch(std::size_t n, const chain::observer& to) {
    caf::anon_send(actor, chain::watch{signature(n), to});
    scheduler.run();
  }
  /// One poll later; both endpoints have moved on by a block unless told otherwise.
  void round(std::uint64_t blocks = 1) {
    a->move_on(blocks);
    b->move_on(blocks);
    pass(milliseconds{config.poll_ms});
  }
  void pass(milliseconds time) {
    clock.advance(time);
    scheduler.advance_time(time);
    scheduler.run();
  }
  /// What the endpoint was heard to say of a signature, latest last.
  std::vector<observation> said(const std::string& endpoint, std::size_t n) {
    std::vector<observation> list;
    for (const auto& o : heard)
      if (o.id == signature(n) && o.seen.endpoint == endpoint)
        list.push_back(o.seen);
    return list;
  }

  /// The answer to a request, or the error's sentence.
  template <class Reply, class Request>
  std::optional<Reply> ask(const Request& request, caf::error* why = nullptr) {
    std::optional<Reply> answer;
    auto pending = self->request(actor, caf::infinite, request);
    scheduler.run();
    pending.receive([&](const Reply& r) { answer = r; },
                    [&](const caf::error& e) {
                      if (why != nullptr)
                        *why = e;
                    });
    return answer;
  }
};

}  // namespace landfall::executor::tests
