// What becomes of the attempt that an order actor watches.
#include "tests/executor-service/order/order_fixture.hpp"

namespace landfall::executor {

using namespace tests;

TEST_CASE(
    "one endpoint that denies a payout past its life changes nothing; two that prove it let the next one be made") {
  order_fixture b;
  b.start();
  b.observe(0, 500, std::nullopt);
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->count("resolve dead") == 0);
  b.observe(1, 500, std::nullopt);
  CHECK(b.j->count("resolve dead") == 1);
  CHECK(b.j->count("move withdraw_failed") == 1);
  CHECK(b.j->lines.back() == "release");
  CHECK(b.j->count("store payout") == 1);
}

TEST_CASE("a payout that is denied while money left the account is in doubt, not dead") {
  order_fixture b;
  b.start();
  b.j->accounts[b.o.output_account].data =
      landfall::tests::token_account_data(b.o.output.mint, b.o.vault, output_amount - 1);
  b.observe(0, 500, std::nullopt);
  b.observe(1, 500, std::nullopt);
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->count("resolve dead") == 0);
}

TEST_CASE("an attempt in doubt gives its place back after a while, and is taken up again with the same bytes") {
  order_fixture b;
  b.start();
  b.j->accounts[b.o.output_account].data =
      landfall::tests::token_account_data(b.o.output.mint, b.o.vault, output_amount - 1);
  b.observe(0, 500, std::nullopt);
  b.observe(1, 500, std::nullopt);
  const auto& policy = b.with->config.resolution;
  b.advance_in_broadcasts(policy.overdue_after);
  CHECK(b.j->count("release") == 0);
  b.advance_in_broadcasts(3 * b.with->config.rebroadcast);
  REQUIRE(b.j->lines.back() == "release");
  const auto rest = *b.j->released_until - b.clock->now();
  CHECK(rest > domain::milliseconds{0});
  CHECK(rest < policy.longest_rest);

  order_fixture later;
  later.clock->advance(std::chrono::hours{5});
  attempt payout = example_attempt(attempt_kind::payout, 1);
  payout.transaction = b.j->sent.front();
  payout.signature = b.watched_signature();
  payout.last_valid_block_height = 200;
  payout.signed_at = b.clock->now();
  later.take_up(payout, order_state::withdrawing);
  later.start();
  CHECK(later.j->lines == strings{"watch", "send"});
  later.advance_in_broadcasts(later.with->config.overdue_polling - later.with->config.rebroadcast);
  CHECK(later.j->count("release") == 0);
  later.advance_in_broadcasts(2 * later.with->config.rebroadcast);
  CHECK(later.j->lines.back() == "release");
  CHECK(later.j->count("store payout") == 0);
  CHECK(*later.j->released_until - later.clock->now() > policy.longest_rest - domain::milliseconds{10'000});
}

TEST_CASE("what is overdue, and can be resolved, is resolved when it is taken up again") {
  order_fixture b;
  b.start();
  order_fixture later;
  later.clock->advance(std::chrono::hours{5});
  attempt payout = example_attempt(attempt_kind::payout, 1);
  payout.transaction = b.j->sent.front();
  payout.signature = b.watched_signature();
  payout.last_valid_block_height = 200;
  payout.signed_at = b.clock->now();
  later.take_up(payout, order_state::withdrawing);
  later.start();
  later.observe(0, 500, std::nullopt);
  later.observe(1, 500, std::nullopt);
  CHECK(later.j->count("resolve dead") == 1);
}

TEST_CASE("what anybody can put at the order account's address is no deposit") {
  order_fixture signer;
  signer.start();
  const auto dies = [&](const solana::bytes& data) {
    order_fixture b;
    attempt deposit = example_attempt(attempt_kind::deposit, 1);
    deposit.transaction = signer.j->sent.front();
    deposit.signature = signer.watched_signature();
    deposit.last_valid_block_height = 200;
    deposit.expected_input = b.o.input_amount;
    b.take_up(deposit, order_state::depositing);
    b.j->accounts[b.o.order_account] = {2'039'280, solana::programs::token, data, false};
    b.start();
    b.observe(0, 500, std::nullopt);
    b.observe(1, 500, std::nullopt);
    b.advance(b.with->config.rebroadcast);
    return b.j->count("resolve dead") == 1 && b.j->count("move deposit_failed") == 1;
  };
  const auto& o = signer.o;
  const auto whole = o.input_amount.units();
  CHECK(dies(landfall::tests::token_account_data(key(99), o.vault, whole)));
  CHECK(dies(landfall::tests::token_account_data(o.input.mint, key(98), whole)));
  CHECK(dies(landfall::tests::token_account_data(o.input.mint, o.vault, 1)));
  CHECK(dies(solana::bytes(165, 0)));
  CHECK(dies(solana::bytes(82, 1)));
  CHECK_FALSE(dies(landfall::tests::token_account_data(o.input.mint, o.vault, whole)));
}

TEST_CASE("what stays in doubt is logged after a while, once, with the reason") {
  order_fixture b;
  strings logged;
  runtime::log_redirect([&logged](std::string_view line) {
    if (line.find("attempt_overdue") != std::string_view::npos)
      logged.emplace_back(line);
  });
  b.start();
  b.j->accounts[b.o.output_account].data =
      landfall::tests::token_account_data(b.o.output.mint, b.o.vault, output_amount - 1);
  b.observe(0, 500, std::nullopt);
  b.observe(1, 500, std::nullopt);
  b.advance(b.with->config.resolution.overdue_after);
  CHECK(logged.empty());
  for (int i = 0; i < 3; ++i)
    b.advance(b.with->config.rebroadcast);
  REQUIRE(logged.size() == 1);
  CHECK(logged[0].find("balance_moved") != std::string::npos);
  CHECK(b.j->count("resolve dead") == 0);
}

TEST_CASE("confirmed is noted, final ends it, and then what is left is closed") {
  order_fixture b;
  b.start();
  b.observe(0, 60, signature_status{80, solana::commitment::confirmed, std::nullopt});
  CHECK(b.j->lines.back() == "confirm");
  CHECK(b.j->count("resolve landed") == 0);
  b.j->accounts.erase(b.o.output_account);
  b.observe(0, 90, signature_status{80, solana::commitment::finalized, std::nullopt});
  CHECK(b.j->count("resolve landed") == 1);
  CHECK(b.j->count("move fill_success") == 1);
  CHECK(b.j->lines.back() == "release");
}

TEST_CASE("a confirmed payout whose fork died is in doubt again, and its own bytes go out again") {
  order_fixture b;
  b.start();
  b.observe(0, 60, signature_status{80, solana::commitment::confirmed, std::nullopt});
  b.observe(0, 61, std::nullopt);
  CHECK(b.j->count("unconfirm") == 1);
  CHECK(b.j->count("watch") == 2);
  const auto sent = b.j->sent.size();
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->sent.size() == sent + 1);
  CHECK(b.j->sent.back() == b.j->sent.front());
  CHECK(b.j->count("store payout") == 1);
}

TEST_CASE("a record that does not show what the swap moved is asked for again, and holds no order") {
  order_fixture b;
  b.o.state = order_state::execute_success;
  b.o.attempts.back().signature = solana::signature{};
  transaction_view record;
  b.j->transaction = record;
  b.start();
  CHECK(b.j->lines.empty());
  record.pre_token_balances = {{b.o.order_account, b.o.input.mint, b.o.vault, b.o.input_amount.units()}};
  record.post_token_balances = {{b.o.order_account, b.o.input.mint, b.o.vault, 0},
                                {b.o.output_account, b.o.output.mint, b.o.vault, output_amount}};
  record.err = "\"AccountInUse\"";
  b.j->transaction = record;
  b.advance(b.with->config.pause);
  CHECK(b.j->lines.empty());
  record.err.reset();
  b.j->transaction = record;
  b.advance(b.with->config.pause);
  REQUIRE(b.j->lines.size() >= 2);
  CHECK(b.j->lines[0] == "fill");
  CHECK(b.j->lines[1] == "move ready_withdraw_output");
}

TEST_CASE("an order to be cancelled is refunded, and ends when nothing is left to close") {
  order_fixture b;
  b.o.state = order_state::ready_to_cancel;
  b.o.attempts.front().slot = 40;
  b.j->accounts.erase(b.o.output_account);
  b.j->accounts[b.o.order_account] = {
      2'039'280 + b.o.input_amount.units(), solana::programs::token,
      landfall::tests::token_account_data(b.o.input.mint, b.o.vault, b.o.input_amount.units()), false};
  b.start();
  CHECK(b.j->lines == strings{"store refund", "watch", "send"});
  b.j->accounts.erase(b.o.order_account);
  b.observe(0, 90, signature_status{80, solana::commitment::finalized, std::nullopt});
  CHECK(b.j->count("resolve landed") == 1);
  CHECK(b.j->count("move cancelled") == 1);
  CHECK(b.j->count("store refund") == 1);
}

TEST_CASE("one endpoint's word that a payout failed lets no other be signed; two say the same, and it is over") {
  order_fixture b;
  b.start();
  const signature_status failed{80, solana::commitment::finalized, R"({"InstructionError":[2,{"Custom":1}]})"};
  b.observe(0, 90, failed);
  b.advance(b.with->config.rebroadcast);
  CHECK(b.j->count("resolve landed_failed") == 0);
  CHECK(b.j->sent.size() == 2);
  b.observe(1, 90, failed);
  CHECK(b.j->count("resolve landed_failed") == 1);
  CHECK(b.j->count("move withdraw_failed") == 1);
}

}  // namespace landfall::executor
