// An order whose swap is in a market maker's hands.
#include "tests/executor-service/order/order_fixture.hpp"
#include "tests/support/keypairs.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

/// An order whose swap was submitted to a maker, as an executor finds it stored.
struct maker_fixture : order_fixture {
  maker_fixture() {
    const auto key = landfall::tests::signer_key(8);
    const auto message =
        solana::compile_message(key, std::vector{solana::system::transfer(key, with->fee_payer, 1)}, {}).value();
    swap = example_attempt(attempt_kind::swap, 1);
    swap.maker = "maker.example";
    swap.transaction = solana::serialize(solana::make_transaction(message)).value();
    swap.last_valid_block_height = 200;
    swap.order_account_balance = o.input_amount;
    o.state = order_state::executing;
    o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed), swap};
    o.attempts.front().signature = id_of(1);
    with->maker = system.spawn([this](maker_actor::pointer) -> maker_actor::behavior_type {
      return {[](const maker::quote_request&) { return maker::offers{}; },
              [this](const maker::submit& what) {
                j->lines.push_back("submit");
                submitted.push_back(what);
              },
              [](const maker::arrived&) {}};
    });
  }
  ~maker_fixture() {
    kill(with->maker);
  }
  static solana::signature id_of(std::uint8_t n) {
    std::array<std::uint8_t, 64> raw{};
    raw.fill(n);
    return solana::signature{raw};
  }
  /// What the history of the order account shows at endpoint `rpc<n>`.
  void show(int endpoint, std::uint64_t height, std::optional<signature_status> status, std::uint64_t balance) {
    observation seen;
    seen.endpoint = "rpc" + std::to_string(endpoint);
    seen.finalized_block_height = seen.finalized_slot = seen.status_context_slot = height;
    seen.searched_history = true;
    seen.status = std::move(status);
    seen.balance = balance_observation{seen.endpoint, height + 31, domain::token_amount{balance}};
    caf::anon_send(worker, chain::history_update{swap.id, seen});
    run();
  }

  attempt swap;
  std::vector<maker::submit> submitted;
};

}  // namespace

TEST_CASE("a message in a maker's hands is submitted again, looked for, and nothing else is done meanwhile") {
  maker_fixture b;
  b.start();
  CHECK(b.j->lines == strings{"search history", "submit"});
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->count("search history") == 2);
  CHECK(b.j->count("submit") == 2);
  CHECK(b.j->lines.size() == 4);
  for (const auto& h : b.submitted) {
    CHECK(h.transaction == b.swap.transaction);
    CHECK(h.quote_id == b.swap.id.to_string());
    CHECK(h.maker == "maker.example");
  }
  REQUIRE(b.j->history_request);
  CHECK(b.j->history_request->attempt == b.swap.id);
  CHECK(b.j->history_request->account == b.o.order_account);
  CHECK(b.j->history_request->anchor == maker_fixture::id_of(1));
  const auto tx = solana::parse_transaction(b.swap.transaction).value();
  CHECK(b.j->history_request->message == solana::message_bytes(tx));
  CHECK(b.j->history_request->maker == tx.body.static_keys.front());
  CHECK(b.j->sent.empty());
}

TEST_CASE("a maker's fill is taken from the chain, and dies only by two histories and two balances") {
  maker_fixture b;
  const auto input = b.o.input_amount.units();
  b.start();
  b.show(0, 202, std::nullopt, input);
  CHECK(b.j->count("resolve dead") == 0);
  b.show(1, 202, std::nullopt, 0);
  CHECK(b.j->count("resolve dead") == 0);
  b.show(1, 203, signature_status{190, solana::commitment::confirmed, std::nullopt, maker_fixture::id_of(9)}, 0);
  CHECK(b.j->count("confirm") == 1);
  CHECK(b.j->count("move execute_success") == 1);

  maker_fixture dead;
  dead.start();
  dead.show(0, 202, std::nullopt, input);
  dead.show(1, 202, std::nullopt, input);
  CHECK(dead.j->count("resolve dead") == 1);
  CHECK(dead.j->count("move execute_failed") == 1);
}

}  // namespace landfall::executor
