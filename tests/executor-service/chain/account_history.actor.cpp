// The search for a message that a market maker signs last.
#include "common/solana/programs.hpp"
#include "tests/executor-service/chain/chain_fixture.hpp"
#include "tests/support/keypairs.hpp"
#include "tests/support/token_accounts.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

constexpr milliseconds second{1'000};

/// A message of a maker's that one endpoint or the other is asked about.
struct history_fixture : chain_fixture {
  history_fixture() {
    const auto keys = landfall::tests::keypair(5);
    request.maker = keys.public_key();
    request.message = {1, 2, 3};
    request.anchor = signature(1);
    request.token_program = solana::programs::token;
    request.attempt = domain::attempt_id::random();
    fill = keys.sign(request.message);
    for (const auto& e : {a, b}) {
      e->history = {{request.anchor, {900, commitment::finalized, {}}}};
      e->held_accounts[request.account] = landfall::tests::token_account({}, {}, 77);
    }
  }
  /// Searches often enough to check the longest history; `a->calls` are those of the last search.
  void search_until_all_is_checked() {
    for (int n = 0; n < 20; ++n) {
      a->calls.clear();
      advance(second);
      search();
    }
  }
  void search() {
    listener = system.spawn([this](chain::history_listener::pointer) -> chain::history_listener::behavior_type {
      return {[this](const chain::history_update& o) { seen[o.seen.endpoint] = o.seen; }};
    });
    request.to = listener->address();
    caf::anon_send(actor, request);
    run();
  }

  /// `count` transactions of strangers that name the account, newer than all that it has seen.
  static void dust(checked_rpc& of, std::size_t count, std::size_t from = 10) {
    for (std::size_t n = 0; n < count; ++n)
      of.history.insert(of.history.begin(), {signature(from + n), {1'000, commitment::finalized, {}}});
  }
  /// Signatures checked for an endpoint.
  double checked(const std::string& endpoint) {
    return metrics.counter("landfall_history_signatures_checked_total", "", {{"endpoint", endpoint}}).value();
  }

  chain::history_request request;
  solana::signature fill;
  chain::history_listener listener;
  std::map<std::string, observation> seen;
};

}  // namespace

TEST_CASE_FIXTURE(history_fixture, "a message is found by the maker's own signature of it, and by nothing else") {
  a->history.insert(a->history.begin(), {fill, {1'100, commitment::confirmed, {}}});
  // An endpoint cannot attribute a signature to the message that is not the maker's.
  b->history.insert(b->history.begin(), {signature(2), {1'100, commitment::finalized, {}}});
  start();
  a->order.clear();
  search();
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
  search();
  CHECK_FALSE(seen["a"].searched_history);
  CHECK(seen["b"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture, "a long history is read page by page, up to its bound") {
  dust(*a, max_address_signatures_per_call + 5);
  start();
  search_until_all_is_checked();
  CHECK(a->calls["history"] == 2);
  CHECK(seen["a"].searched_history);
  dust(*a, 5 * max_address_signatures_per_call, 2'000);
  search_until_all_is_checked();
  CHECK(a->calls["history"] == 4);
  CHECK_FALSE(seen["a"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture, "a signature is checked once, as long as its attempt is searched for") {
  dust(*a, 300);
  start();
  search();
  CHECK(seen["a"].searched_history);
  CHECK(checked("a") == 300);
  CHECK(checked("b") == 0);
  advance(second);
  search();
  CHECK(seen["a"].searched_history);
  CHECK(checked("a") == 300);
  dust(*a, 1, 1'000);
  search();
  CHECK(checked("a") == 301);

  // Signatures of one endpoint do not count as checked for another.
  dust(*b, 2);
  search();
  CHECK(checked("b") == 2);

  // Of another attempt nothing is known.
  advance(second);
  const auto first = std::exchange(request.attempt, domain::attempt_id::random());
  search();
  CHECK(checked("a") == 602);

  // Nor of one that was not searched for in a minute.
  advance(60 * second);
  search();
  CHECK(checked("a") == 903);
  request.attempt = first;
  advance(second);
  search();
  CHECK(checked("a") == 1'204);
}

TEST_CASE_FIXTURE(history_fixture, "an endpoint with ever new signatures has a bounded number checked per second") {
  start();
  for (std::size_t n = 0; n < 5; ++n) {
    a->history = {{request.anchor, {900, commitment::finalized, {}}}};
    dust(*a, 2 * max_address_signatures_per_call, 10 + n * 2 * max_address_signatures_per_call);
    a->calls.clear();
    search();
    CHECK(checked("a") == 500);
    // What was not checked might be the message: the history is no complete one, however far it reaches.
    CHECK_FALSE(seen["a"].searched_history);
    CHECK_FALSE(seen["a"].status);
    CHECK(a->calls["history"] == 1);
    CHECK(seen["b"].searched_history);
  }
  advance(second);
  search();
  CHECK(checked("a") == 1'000);
  // A made-up history does not hide what another endpoint shows, nor what is newest in it.
  advance(second);
  for (const auto& e : {a, b})
    e->history.insert(e->history.begin(), {fill, {1'100, commitment::finalized, {}}});
  search();
  CHECK(seen["a"].status->found_as == fill);
  CHECK(seen["b"].status->found_as == fill);
}

TEST_CASE_FIXTURE(history_fixture, "one signature that is shown again and again is checked no more often than others") {
  a->history.clear();
  for (std::size_t n = 0; n < max_address_signatures_per_call; ++n)
    a->history.push_back({fill, {1'100, commitment::confirmed, {}}});
  start();
  search();
  CHECK(checked("a") == 500);
  CHECK(seen["a"].status->found_as == fill);
  CHECK_FALSE(seen["a"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture, "a long history is checked search by search, its newest first, until all of it is") {
  dust(*a, 1'200);
  start();
  for (const auto so_far : {500, 1'000}) {
    search();
    CHECK(checked("a") == so_far);
    CHECK_FALSE(seen["a"].searched_history);
    advance(second);
  }
  // New signatures are checked first.
  a->history.insert(a->history.begin(), {fill, {1'100, commitment::confirmed, {}}});
  search();
  CHECK(checked("a") == 1'201);
  CHECK(seen["a"].status->found_as == fill);
  CHECK(seen["a"].searched_history);
}

TEST_CASE_FIXTURE(history_fixture,
                  "an error at any step is no observation, and an endpoint is not asked twice at once") {
  start();
  for (const auto kind : {rpc_error::kind::timeout, rpc_error::kind::rpc, rpc_error::kind::malformed}) {
    a->fails = rpc_failure(kind);
    seen.clear();
    search();
    CHECK(seen.count("a") == 0);
    CHECK(seen.count("b") == 1);
  }
  a->fails.reset();
  a->held_accounts[request.account].data.resize(10);
  seen.clear();
  search();
  CHECK(seen.count("a") == 0);

  a->held_accounts[request.account].data.resize(165);
  a->hold = true;
  a->calls.clear();
  search();
  search();
  CHECK(a->calls["epoch"] == 1);
}

}  // namespace landfall::executor
