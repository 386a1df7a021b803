#include "executor-service/actors/chain.hpp"

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
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/runtime/log.hpp"
#include "common/solana/keypair.hpp"
#include "common/solana/programs.hpp"

namespace landfall::executor {

namespace {

using domain::milliseconds;

solana::signature signature(std::size_t n) {
  std::array<std::uint8_t, 64> raw{};
  raw[0] = static_cast<std::uint8_t>(n);
  raw[1] = static_cast<std::uint8_t>(n >> 8U);
  raw[2] = 1;
  return solana::signature{raw};
}

rpc_error error(rpc_error::kind what, std::int64_t code = 0) {
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
  void send_transaction(solana::bytes, send_options options, rpc_done<solana::signature> done) override {
    CHECK(options.skip_preflight);
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
  std::vector<std::string> order;

private:
  std::string name_;
};

struct listener_state {
  std::vector<chain::observed>* heard = nullptr;
};

chain::observer::behavior_type listener(chain::observer::stateful_pointer<listener_state> self,
                                        std::vector<chain::observed>* heard) {
  self->state.heard = heard;
  return {[self](const chain::observed& o) { self->state.heard->push_back(o); }};
}

caf::actor_system_config& scheduled_by_test(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
  return config;
}

struct fixture {
  fixture() {
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
  ~fixture() {
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

}  // namespace

TEST_CASE_FIXTURE(fixture, "a thousand watches cost four calls an endpoint and round") {
  start();
  const auto to = listen();
  for (std::size_t n = 0; n < 1'000; ++n)
    caf::anon_send(actor, chain::watch{signature(n), to});
  scheduler.run();
  a->calls.clear();
  b->calls.clear();
  round();
  CHECK(a->calls["statuses"] == 4);
  CHECK(b->calls["statuses"] == 4);
  CHECK(a->calls["epoch"] == 1);
  CHECK(heard.size() == 2'000);
  for (std::size_t n = 0; n < 1'000; ++n)
    CHECK(said("a", n).size() == 1);
}

TEST_CASE_FIXTURE(fixture, "the finalized height is asked for before the statuses it goes with") {
  start();
  const auto to = listen();
  watch(1, to);
  a->order.clear();
  round();
  CHECK(a->order == std::vector<std::string>{"epoch", "statuses"});
  const auto seen = said("a", 1).at(0);
  CHECK(seen.finalized_block_height == a->finalized.block_height);
  CHECK(seen.finalized_slot == a->finalized.absolute_slot);
  CHECK(seen.status_context_slot == a->context_slot);
  CHECK(seen.searched_history);
  CHECK_FALSE(seen.status);
}

TEST_CASE_FIXTURE(fixture, "a watcher hears what is new until it is final, then nothing more") {
  start();
  const auto to = listen();
  watch(1, to);
  round();
  round(0);
  CHECK(said("a", 1).size() == 1);
  round();
  CHECK(said("a", 1).size() == 2);
  a->statuses[signature(1)] = {1'233, commitment::confirmed, {}};
  round(0);
  CHECK(said("a", 1).back().status->level == confirmation::confirmed);
  a->statuses[signature(1)].level = commitment::finalized;
  round();
  CHECK(said("a", 1).back().status->level == confirmation::finalized);
  const auto heard_by_then = said("a", 1).size();
  const auto asked_by_then = a->calls["statuses"];
  round();
  CHECK(said("a", 1).size() == heard_by_then);
  CHECK(a->calls["statuses"] == asked_by_then);
  CHECK(b->calls["statuses"] > asked_by_then);
}

TEST_CASE_FIXTURE(fixture, "no error, nor a reply of another length, becomes an observation") {
  start();
  const auto to = listen();
  watch(1, to);
  using kind = rpc_error::kind;
  for (const auto what :
       {kind::unreachable, kind::timeout, kind::rate_limited, kind::server, kind::rpc, kind::malformed}) {
    a->fails = error(what);
    round(5);
    pass(milliseconds{5'000});
  }
  a->fails.reset();
  a->short_reply = true;
  round(5);
  CHECK(said("a", 1).empty());
  CHECK_FALSE(said("b", 1).empty());
  a->short_reply = false;
  round();
  CHECK(said("a", 1).size() == 1);
}

TEST_CASE_FIXTURE(fixture, "an endpoint that goes back in time is not listened to") {
  start();
  const auto to = listen();
  watch(1, to);
  a->statuses[signature(1)] = {1'233, commitment::confirmed, {}};
  round(10);
  REQUIRE(said("a", 1).size() == 1);
  a->statuses.clear();

  SUBCASE("in its finalized slot") {
    a->finalized.absolute_slot -= 5;
    round(1);
  }
  SUBCASE("in its finalized height") {
    a->finalized.block_height -= 5;
    round(1);
  }
  SUBCASE("in the slot of its statuses") {
    a->context_slot -= 5;
    round(1);
  }
  CHECK(said("a", 1).size() == 1);
  round(10);
  CHECK(said("a", 1).size() == 2);
  CHECK_FALSE(said("a", 1).back().status);
}

TEST_CASE_FIXTURE(fixture, "a watcher that comes later hears nothing from before its time either") {
  start();
  const auto early = listen();
  const auto late = listen();
  watch(1, early);
  round(10);
  heard.clear();
  watch(1, late);
  a->context_slot -= 5;
  round(1);
  CHECK(said("a", 1).empty());
  CHECK(said("b", 1).size() == 2);
}

TEST_CASE_FIXTURE(fixture, "an endpoint that does not answer holds up neither the other nor itself twice") {
  start();
  const auto to = listen();
  watch(1, to);
  a->hold = true;
  round();
  round();
  round();
  CHECK(said("b", 1).size() == 3);
  CHECK(a->held.size() == 1);
  a->release();
  scheduler.run();
  round();
  CHECK_FALSE(said("a", 1).empty());
}

TEST_CASE_FIXTURE(fixture, "a watch ends with its watcher or when it is taken back") {
  start();
  const auto to = listen();
  const auto other = listen();
  watch(1, to);
  watch(2, to);
  watch(2, other);
  const auto watches = [&] { return ask<chain::health_report>(chain::health_request{})->watches; };
  CHECK(watches() == 3);
  caf::anon_send(actor, chain::unwatch{signature(1), to});
  caf::anon_send(actor, chain::unwatch{signature(7), to});
  scheduler.run();
  CHECK(watches() == 2);
  caf::anon_send_exit(to, caf::exit_reason::user_shutdown);
  scheduler.run();
  CHECK(watches() == 1);
  caf::anon_send_exit(other, caf::exit_reason::kill);
  scheduler.run();
  CHECK(watches() == 0);
  a->calls.clear();
  round();
  CHECK(a->calls["statuses"] == 0);
}

TEST_CASE_FIXTURE(fixture, "watching again tells everything again and counts once") {
  start();
  const auto to = listen();
  a->statuses[signature(1)] = {1'000, commitment::finalized, {}};
  watch(1, to);
  round();
  CHECK(said("a", 1).size() == 1);
  watch(1, to);
  round();
  CHECK(said("a", 1).size() == 2);
  CHECK(ask<chain::health_report>(chain::health_request{})->watches == 1);
}

TEST_CASE_FIXTURE(fixture, "a watch beyond the bound is refused aloud") {
  config.max_watches = 1;
  start();
  const auto to = listen();
  watch(1, to);
  caf::error why;
  auto pending = self->request(actor, caf::infinite, chain::watch{signature(2), to});
  scheduler.run();
  pending.receive([] { FAIL("it was accepted"); }, [&](const caf::error& e) { why = e; });
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(fixture, "a broadcast goes to every endpoint, whatever the others answer") {
  start();
  a->fails = error(rpc_error::kind::timeout);
  caf::anon_send(actor, chain::broadcast{signature(1), {1, 2, 3}});
  scheduler.run();
  CHECK(a->calls["send"] == 1);
  CHECK(b->calls["send"] == 1);
}

TEST_CASE_FIXTURE(fixture, "a broadcast never waits behind an endpoint that is full") {
  config.max_in_flight_per_endpoint = 2;
  start();
  a->hold = true;
  const auto to = listen();
  for (int i = 0; i < 5; ++i) {
    caf::anon_send(actor, chain::broadcast{signature(1), {1}});
    scheduler.run();
  }
  CHECK(a->calls["send"] == 2);
  CHECK(b->calls["send"] == 5);
  watch(1, to);
  a->calls.clear();
  round();
  CHECK(a->calls["epoch"] == 1);
}

TEST_CASE_FIXTURE(fixture, "one fetched blockhash serves many, until it is old") {
  start();
  const auto get = [&] { return ask<chain::fresh_blockhash>(chain::blockhash_request{}); };
  const auto first = get();
  REQUIRE(first);
  CHECK(first->blocks_left == 150);
  CHECK(first->context_slot == 1'230);
  CHECK(get());
  CHECK(a->calls["blockhash"] + b->calls["blockhash"] == 1);
  clock.advance(milliseconds{config.blockhash_max_age_ms});
  CHECK(get());
  CHECK(a->calls["blockhash"] + b->calls["blockhash"] == 2);
  clock.advance(milliseconds{-5'000});
  CHECK(get());
  CHECK(a->calls["blockhash"] + b->calls["blockhash"] == 3);
}

TEST_CASE_FIXTURE(fixture, "a blockhash with little life left, or too much, is not used") {
  start();
  SUBCASE("cached by the provider") {
    a->last_valid = a->confirmed.block_height + 99;
  }
  SUBCASE("already over") {
    a->last_valid = a->confirmed.block_height - 1;
  }
  SUBCASE("too good to be true") {
    a->last_valid = a->confirmed.block_height + 301;
  }
  SUBCASE("from an endpoint that fails") {
    a->fails = error(rpc_error::kind::server);
  }
  const auto hash = ask<chain::fresh_blockhash>(chain::blockhash_request{});
  REQUIRE(hash);
  CHECK(hash->endpoint == "b");
  b->last_valid = 0;
  clock.advance(milliseconds{60'000});
  caf::error why;
  CHECK_FALSE(ask<chain::fresh_blockhash>(chain::blockhash_request{}, &why));
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(fixture, "accounts come from an endpoint that is recent enough") {
  start();
  b->confirmed.absolute_slot = 2'000;
  chain::accounts_request request{{solana::pubkey{}}, commitment::confirmed, 1'500};
  const auto read = ask<chain::accounts_read>(request);
  REQUIRE(read);
  CHECK(read->endpoint == "b");
  CHECK(read->view.context_slot == 2'000);
  request.min_context_slot = 2'001;
  caf::error why;
  CHECK_FALSE(ask<chain::accounts_read>(request, &why));
  CHECK(is_unavailable(why));
  request.keys.resize(101);
  CHECK_FALSE(ask<chain::accounts_read>(request, &why));
  CHECK(is_refused(why));
}

TEST_CASE_FIXTURE(fixture, "a simulation comes from an endpoint that is recent enough") {
  start();
  b->confirmed.absolute_slot = 2'000;
  chain::simulate_request request;
  request.options.min_context_slot = 1'500;
  CHECK(ask<chain::simulated>(request)->endpoint == "b");
}

TEST_CASE_FIXTURE(fixture, "a question is refused only if every endpoint refuses it") {
  start();
  caf::error why;
  const auto simulate = [&] { return ask<chain::simulated>(chain::simulate_request{}, &why); };
  CHECK(simulate());
  a->fails = error(rpc_error::kind::rpc, -32602);
  CHECK(simulate()->endpoint == "b");
  b->fails = error(rpc_error::kind::timeout);
  CHECK_FALSE(simulate());
  CHECK(is_unavailable(why));
  b->fails = error(rpc_error::kind::rpc, -32602);
  CHECK_FALSE(simulate());
  CHECK(is_refused(why));
}

TEST_CASE_FIXTURE(fixture, "a transaction is missing only if every endpoint says so") {
  start();
  const auto find = [&] { return ask<chain::transaction_found>(chain::transaction_request{signature(1)}); };
  REQUIRE(find());
  CHECK_FALSE(find()->view);
  a->fails = error(rpc_error::kind::timeout);
  CHECK_FALSE(find());
  b->landed = transaction_view{};
  REQUIRE(find());
  CHECK(find()->endpoint == "b");
  CHECK(find()->view);
}

TEST_CASE_FIXTURE(fixture, "a priority fee stays between floor and cap") {
  start();
  const auto fee = [&] { return *ask<chain::fee_estimate>(chain::fee_request{}); };
  CHECK(fee().micro_lamports_per_unit == config.fee_floor_micro_lamports);
  CHECK(fee().measured);
  for (std::uint64_t i = 0; i <= 100; ++i)
    a->fees.push_back({i, i * 1'000});
  b->fees = a->fees;
  CHECK(fee().micro_lamports_per_unit == 75'000);
  for (auto& sample : a->fees)
    sample.micro_lamports_per_unit = UINT64_MAX;
  b->fees = a->fees;
  CHECK(fee().micro_lamports_per_unit == config.fee_cap_micro_lamports);
  a->fails = b->fails = error(rpc_error::kind::rpc, -32601);
  CHECK(fee().micro_lamports_per_unit == config.fee_floor_micro_lamports);
  CHECK_FALSE(fee().measured);
}

TEST_CASE_FIXTURE(fixture, "rent is asked for once in a while") {
  start();
  const auto rent = [&] { return ask<chain::rent>(chain::rent_request{165})->lamports; };
  CHECK(rent() == 2'039'280);
  CHECK(rent() == 2'039'280);
  CHECK(a->calls["rent"] + b->calls["rent"] == 1);
  clock.advance(milliseconds{config.rent_max_age_ms});
  CHECK(rent() == 2'039'280);
  CHECK(a->calls["rent"] + b->calls["rent"] == 2);
}

TEST_CASE_FIXTURE(fixture,
                  "a read that a silent endpoint does not answer is asked of the next, and the first answer wins") {
  start();
  a->hold = true;
  auto pending = self->request(actor, caf::infinite, chain::blockhash_request{});
  scheduler.run();
  CHECK(a->calls["blockhash"] == 1);
  CHECK(b->calls["blockhash"] == 0);
  pass(milliseconds{config.hedge_max_ms - 1});
  CHECK(b->calls["blockhash"] == 0);
  pass(milliseconds{1});
  CHECK(b->calls["blockhash"] == 1);
  std::string from;
  pending.receive([&](const chain::fresh_blockhash& fresh) { from = fresh.endpoint; }, [](const caf::error&) {});
  CHECK(from == "b");
  // The late answer changes nothing, and nobody is told twice.
  a->release();
  scheduler.run();
  CHECK(ask<chain::fresh_blockhash>(chain::blockhash_request{})->endpoint == "b");
  const auto text = metrics.render();
  CHECK(text.find("landfall_rpc_hedges_total{endpoint=\"b\",result=\"won\"} 1") != std::string::npos);
}

TEST_CASE_FIXTURE(fixture, "an endpoint that is fast as a rule is hedged soon, one that answers in time never") {
  start();
  const auto to = listen();
  watch(1, to);
  for (int i = 0; i < 20; ++i)
    round();
  a->hold = true;
  auto pending = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  scheduler.run();
  pass(milliseconds{config.hedge_min_ms});
  CHECK(b->calls["simulate"] == 1);
  std::string from;
  pending.receive([&](const chain::simulated& s) { from = s.endpoint; }, [](const caf::error&) {});
  CHECK(from == "b");
  a->release();
  a->calls.clear();
  b->calls.clear();
  REQUIRE(ask<chain::simulated>(chain::simulate_request{{1}, {}}));
  pass(milliseconds{5'000});
  CHECK(a->calls["simulate"] + b->calls["simulate"] == 1);
}

TEST_CASE_FIXTURE(fixture, "no hedge while its endpoint has nothing to spare") {
  start();
  a->hold = true;
  b->spare = false;
  auto pending = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  scheduler.run();
  pass(milliseconds{config.hedge_max_ms});
  CHECK(b->calls["simulate"] == 0);
  a->release();
  scheduler.run();
  std::string from;
  pending.receive([&](const chain::simulated& s) { from = s.endpoint; }, [](const caf::error&) {});
  CHECK(from == "a");
}

TEST_CASE_FIXTURE(fixture, "when the slow one and its hedge both fail the question ends once, after the last of them") {
  start();
  a->hold = b->hold = true;
  a->fails = b->fails = error(rpc_error::kind::timeout);
  auto pending = self->request(actor, caf::infinite, chain::simulate_request{{1}, {}});
  scheduler.run();
  pass(milliseconds{config.hedge_max_ms});
  CHECK(b->calls["simulate"] == 1);
  a->release();
  scheduler.run();
  CHECK_FALSE(self->has_next_message());
  b->release();
  scheduler.run();
  CHECK(a->calls["simulate"] == 1);
  CHECK(b->calls["simulate"] == 1);
  caf::error why;
  pending.receive([](const chain::simulated&) {}, [&](const caf::error& e) { why = e; });
  CHECK(is_unavailable(why));
}

TEST_CASE_FIXTURE(fixture, "reads are asked of the endpoint that fails least") {
  start();
  for (int i = 0; i < 6; ++i) {
    a->fails = error(rpc_error::kind::server);
    pass(milliseconds{config.idle_poll_ms});
    a->fails.reset();
    pass(milliseconds{config.idle_poll_ms});
  }
  b->calls.clear();
  a->calls.clear();
  REQUIRE(ask<chain::simulated>(chain::simulate_request{{1}, {}}));
  CHECK(b->calls["simulate"] == 1);
  const auto report = *ask<chain::health_report>(chain::health_request{});
  CHECK(report.endpoints[0].up);
  CHECK(report.endpoints[0].errors_permille > 200);
  CHECK(report.endpoints[1].errors_permille == 0);
}

TEST_CASE_FIXTURE(fixture, "what our own limiter refuses is no fault of the endpoint") {
  start();
  pass(milliseconds{config.idle_poll_ms});
  a->fails = b->fails = error(rpc_error::kind::rate_limited);
  a->fails->retry_after_ms = b->fails->retry_after_ms = 700;
  CHECK_FALSE(ask<chain::simulated>(chain::simulate_request{{1}, {}}));
  const auto report = *ask<chain::health_report>(chain::health_request{});
  CHECK(report.endpoints[0].up);
  CHECK(report.endpoints[0].errors_permille == 0);
  CHECK(health.ready());
}

TEST_CASE_FIXTURE(fixture, "reads that hang never keep a broadcast back") {
  config.max_in_flight_per_endpoint = 1;
  start();
  a->hold = b->hold = true;
  for (int i = 0; i < 2; ++i)
    self->send(actor, chain::simulate_request{{1}, {}});
  scheduler.run();
  caf::anon_send(actor, chain::broadcast{signature(1), {1}});
  scheduler.run();
  CHECK(a->calls["send"] == 1);
  CHECK(b->calls["send"] == 1);
  a->release();
  b->release();
  scheduler.run();
}

TEST_CASE_FIXTURE(fixture, "health follows the endpoints") {
  start();
  pass(milliseconds{config.idle_poll_ms});
  CHECK(health.ready());
  a->fails = error(rpc_error::kind::unreachable);
  pass(milliseconds{config.idle_poll_ms});
  CHECK(health.ready());
  b->fails = error(rpc_error::kind::timeout);
  pass(milliseconds{config.idle_poll_ms});
  CHECK_FALSE(health.ready());
  const auto report = *ask<chain::health_report>(chain::health_request{});
  CHECK_FALSE(report.endpoints[0].up);
  CHECK(report.endpoints[0].last_error == "unreachable: as told");
  b->fails.reset();
  pass(milliseconds{config.idle_poll_ms});
  CHECK(health.ready());
}

TEST_CASE_FIXTURE(fixture, "after 429 an endpoint is left alone for as long as it says") {
  start();
  const auto to = listen();
  watch(1, to);
  a->fails = error(rpc_error::kind::rate_limited);
  a->fails->retry_after_ms = 3'000;
  round();
  a->calls.clear();
  for (int i = 0; i < 7; ++i)
    round();
  CHECK(a->calls["epoch"] == 0);
  CHECK(b->calls["epoch"] > 7);
  a->fails.reset();
  round();
  round();
  CHECK(a->calls["epoch"] > 0);
}

TEST_CASE("a configuration that cannot work is refused") {
  CHECK(chain_config{}.validate().ok());
  const auto refused = [](const std::function<void(chain_config&)>& change) {
    chain_config c;
    change(c);
    return !c.validate().ok();
  };
  CHECK(refused([](auto& c) { c.poll_ms = 0; }));
  CHECK(refused([](auto& c) { c.idle_poll_ms = c.poll_ms - 1; }));
  CHECK(refused([](auto& c) { c.max_watches = 0; }));
  CHECK(refused([](auto& c) { c.max_in_flight_per_endpoint = 0; }));
  CHECK(refused([](auto& c) { c.fee_percentile = 101; }));
  CHECK(refused([](auto& c) { c.fee_floor_micro_lamports = c.fee_cap_micro_lamports + 1; }));
  CHECK(refused([](auto& c) { c.blockhash_min_blocks_left = c.blockhash_max_blocks_left + 1; }));
}

namespace {

/// A message of a maker's that one endpoint or the other is asked about.
struct history_fixture : fixture {
  history_fixture() {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(5);
    auto keys = std::move(solana::keypair::from_seed(seed)).value();
    wanted.maker = keys.public_key();
    wanted.message = {1, 2, 3};
    wanted.anchor = signature(1);
    wanted.token_program = solana::programs::token;
    wanted.attempt = domain::attempt_id::random();
    fill = keys.sign(wanted.message);
    for (const auto& e : {a, b}) {
      e->history = {{wanted.anchor, {900, commitment::finalized, {}}}};
      e->order_account = account_info{2'039'280, solana::programs::token, solana::bytes(165, 0), false};
      e->order_account->data[64] = 77;
      e->order_account->data[108] = 1;
    }
  }
  void look() {
    watcher = system.spawn([this](chain::history_observer::pointer) -> chain::history_observer::behavior_type {
      return {[this](const chain::history_observed& o) { seen[o.seen.endpoint] = o.seen; }};
    });
    wanted.to = watcher->address();
    caf::anon_send(actor, wanted);
    scheduler.run();
  }

  chain::history_look wanted;
  solana::signature fill;
  chain::history_observer watcher;
  std::map<std::string, observation> seen;
};

}  // namespace

TEST_CASE_FIXTURE(history_fixture, "a message is found by the maker's own signature of it, and by nothing else") {
  a->history.insert(a->history.begin(), {fill, {1'100, commitment::confirmed, {}}});
  // The endpoint's word for a signature that is not the maker's is worth nothing.
  b->history.insert(b->history.begin(), {signature(2), {1'100, commitment::finalized, {}}});
  start();
  a->order.clear();
  look();
  CHECK(a->order == std::vector<std::string>{"epoch", "history", "accounts"});
  REQUIRE(seen.size() == 2);
  REQUIRE(seen["a"].status);
  CHECK(seen["a"].status->found_as == fill);
  CHECK(seen["a"].status->level == confirmation::confirmed);
  CHECK(seen["a"].status->slot == 1'100);
  CHECK(seen["a"].finalized_block_height == a->finalized.block_height);
  CHECK(seen["a"].status_context_slot == a->finalized.absolute_slot);
  CHECK(seen["a"].searched_history);
  CHECK(seen["a"].balance->balance == domain::token_amount{77});
  CHECK(seen["a"].balance->slot == a->confirmed.absolute_slot);
  CHECK_FALSE(seen["b"].status);
}

TEST_CASE_FIXTURE(history_fixture, "a history that does not reach back to the deposit proves nothing") {
  a->history.clear();
  start();
  look();
  CHECK_FALSE(seen["a"].searched_history);
  CHECK(seen["b"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture, "a long history is read page by page, up to its bound") {
  const auto dust = [&](std::size_t count) {
    for (std::size_t n = 0; n < count; ++n)
      a->history.insert(a->history.begin(), {signature(10 + n), {1'000, commitment::finalized, {}}});
  };
  dust(max_address_signatures_per_call + 5);
  start();
  look();
  CHECK(a->calls["history"] == 2);
  CHECK(seen["a"].searched_history);
  dust(5 * max_address_signatures_per_call);
  a->calls.clear();
  look();
  CHECK(a->calls["history"] == 4);
  CHECK_FALSE(seen["a"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture,
                  "an error at any step is no observation, and an endpoint is not asked twice at once") {
  start();
  for (const auto kind : {rpc_error::kind::timeout, rpc_error::kind::rpc, rpc_error::kind::malformed}) {
    a->fails = error(kind);
    seen.clear();
    look();
    CHECK(seen.count("a") == 0);
    CHECK(seen.count("b") == 1);
  }
  a->fails.reset();
  a->order_account->data.resize(10);
  seen.clear();
  look();
  CHECK(seen.count("a") == 0);

  a->order_account->data.resize(165);
  a->hold = true;
  a->calls.clear();
  look();
  look();
  CHECK(a->calls["epoch"] == 1);
}

}  // namespace landfall::executor
