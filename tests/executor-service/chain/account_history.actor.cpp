// The search for what a market maker signs last.
#include "common/solana/keypair.hpp"
#include "common/solana/programs.hpp"
#include "tests/executor-service/chain/chain_fixture.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

constexpr milliseconds second{1'000};

/// A message of a maker's that one endpoint or the other is asked about.
struct history_fixture : chain_fixture {
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
  /// Looks often enough for the longest history to be checked; the calls are those of the last look.
  void look_until_all_is_checked() {
    for (int n = 0; n < 20; ++n) {
      a->calls.clear();
      pass(second);
      look();
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

  /// `count` transactions of strangers that name the account, newer than all that it has seen.
  static void dust(fake_endpoint& of, std::size_t count, std::size_t from = 10) {
    for (std::size_t n = 0; n < count; ++n)
      of.history.insert(of.history.begin(), {signature(from + n), {1'000, commitment::finalized, {}}});
  }
  /// How many signatures were checked because of an endpoint.
  double checked(const std::string& endpoint) {
    return metrics.counter("landfall_history_signatures_checked_total", "", {{"endpoint", endpoint}}).value();
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
  CHECK(seen["a"].status->level == solana::commitment::confirmed);
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
  dust(*a, max_address_signatures_per_call + 5);
  start();
  look_until_all_is_checked();
  CHECK(a->calls["history"] == 2);
  CHECK(seen["a"].searched_history);
  dust(*a, 5 * max_address_signatures_per_call, 2'000);
  look_until_all_is_checked();
  CHECK(a->calls["history"] == 4);
  CHECK_FALSE(seen["a"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture, "a signature is checked once, as long as its attempt is looked for") {
  dust(*a, 300);
  start();
  look();
  CHECK(seen["a"].searched_history);
  CHECK(checked("a") == 300);
  CHECK(checked("b") == 0);
  pass(second);
  look();
  CHECK(seen["a"].searched_history);
  CHECK(checked("a") == 300);
  dust(*a, 1, 1'000);
  look();
  CHECK(checked("a") == 301);

  // What one endpoint made up does not stand in for what another shows.
  dust(*b, 2);
  look();
  CHECK(checked("b") == 2);

  // Of another attempt nothing is known.
  pass(second);
  const auto first = std::exchange(wanted.attempt, domain::attempt_id::random());
  look();
  CHECK(checked("a") == 602);

  // Nor is it any more of one that was not looked for so long.
  pass(60 * second);
  look();
  CHECK(checked("a") == 903);
  wanted.attempt = first;
  pass(second);
  look();
  CHECK(checked("a") == 1'204);
}

TEST_CASE_FIXTURE(history_fixture, "an endpoint that shows new signatures for ever has few of them checked a second") {
  start();
  for (std::size_t n = 0; n < 5; ++n) {
    a->history = {{wanted.anchor, {900, commitment::finalized, {}}}};
    dust(*a, 2 * max_address_signatures_per_call, 10 + n * 2 * max_address_signatures_per_call);
    a->calls.clear();
    look();
    CHECK(checked("a") == 500);
    // What was not checked might be the message: the history is no complete one, however far it reaches.
    CHECK_FALSE(seen["a"].searched_history);
    CHECK_FALSE(seen["a"].status);
    CHECK(a->calls["history"] == 1);
    CHECK(seen["b"].searched_history);
  }
  pass(second);
  look();
  CHECK(checked("a") == 1'000);
  // A made-up history does not hide what another endpoint shows, nor what is newest in it.
  pass(second);
  for (const auto& e : {a, b})
    e->history.insert(e->history.begin(), {fill, {1'100, commitment::finalized, {}}});
  look();
  CHECK(seen["a"].status->found_as == fill);
  CHECK(seen["b"].status->found_as == fill);
}

TEST_CASE_FIXTURE(history_fixture, "one signature that is shown again and again is checked no more often than others") {
  a->history.clear();
  for (std::size_t n = 0; n < max_address_signatures_per_call; ++n)
    a->history.push_back({fill, {1'100, commitment::confirmed, {}}});
  start();
  look();
  CHECK(checked("a") == 500);
  CHECK(seen["a"].status->found_as == fill);
  CHECK_FALSE(seen["a"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture,
                  "a long history is checked look by look, the newest of it first, until all of it is") {
  dust(*a, 1'200);
  start();
  for (const auto so_far : {500, 1'000}) {
    look();
    CHECK(checked("a") == so_far);
    CHECK_FALSE(seen["a"].searched_history);
    pass(second);
  }
  // Whatever comes meanwhile is looked at first.
  a->history.insert(a->history.begin(), {fill, {1'100, commitment::confirmed, {}}});
  look();
  CHECK(checked("a") == 1'201);
  CHECK(seen["a"].status->found_as == fill);
  CHECK(seen["a"].searched_history);
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
