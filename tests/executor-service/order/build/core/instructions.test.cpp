#include "executor-service/order/build/core/instructions.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/solana/associated_token.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "tests/executor-service/order/core/example_order.hpp"
#include "tests/support/foreign_instructions.hpp"

using namespace landfall;
using namespace landfall::executor;
using namespace landfall::executor::tests;

namespace {

const auto fee_payer = key(9);
constexpr std::uint64_t rent = 2'039'280;
const domain::token_amount minimum{500};

/// An order that buys SOL with 300 USDC.
order buys_sol() {
  auto o = example_order(domain::order_state::executing);
  std::swap(o.input, o.output);
  o.input_amount = domain::token_amount{300'000'000};
  return o;
}

template <class Decode>
auto all(const std::vector<solana::instruction>& list, Decode decode) {
  std::vector<std::decay_t<decltype(*decode(list.front()))>> found;
  for (const auto& i : list)
    if (const auto args = decode(i))
      found.push_back(*args);
  return found;
}

auto transfers_checked(const std::vector<solana::instruction>& list) {
  return all(list, [](const auto& i) { return solana::token::decode_transfer_checked(i); });
}
/// A transfer of the output account to itself: it fails where less is in it.
solana::instruction floor_of(const order& o, std::uint64_t least) {
  return solana::token::transfer(o.output_account, o.output_account, o.vault, least);
}
auto closes(const std::vector<solana::instruction>& list) {
  return all(list, [](const auto& i) { return landfall::tests::token::decode_close_account(i); });
}
auto lamport_transfers(const std::vector<solana::instruction>& list) {
  return all(list, [](const auto& i) { return solana::system::decode_transfer(i); });
}

}  // namespace

TEST_CASE("a swap takes exactly the deposit out of the order account, whatever else lies there") {
  const auto o = example_order(domain::order_state::executing);
  const auto list = swap_instructions(o, fee_payer, {}, {}, rent, {}, minimum);
  const auto moved = transfers_checked(list);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].source == o.order_account);
  CHECK(moved[0].destination == vault_input_account(o));
  CHECK(moved[0].owner == o.vault);
  CHECK(moved[0].amount == 1'500'000'000);
  CHECK(moved[0].decimals == 9);
}

TEST_CASE("the output account is funded with what its rent lacks, and made only where it is missing") {
  const auto o = example_order(domain::order_state::executing);
  const auto made = swap_instructions(o, fee_payer, {}, {}, rent, {}, minimum);
  REQUIRE(lamport_transfers(made).size() == 1);
  CHECK(lamport_transfers(made)[0].lamports == rent);
  CHECK(lamport_transfers(made)[0].to == o.output_account);
  const auto sent_ahead = swap_instructions(o, fee_payer, {}, {rent - 10, {}}, rent, {}, minimum);
  CHECK(lamport_transfers(sent_ahead)[0].lamports == 10);
  const auto overfunded = swap_instructions(o, fee_payer, {}, {rent + 10, {}}, rent, {}, minimum);
  CHECK(lamport_transfers(overfunded).empty());
  CHECK(overfunded.size() == made.size() - 1);
  const auto there = swap_instructions(o, fee_payer, {}, {rent, domain::token_amount{0}}, rent, {}, minimum);
  CHECK(there.size() == made.size() - 3);
}

TEST_CASE("the router's instructions come in their order, and last of all the chain is asked for the minimum") {
  const auto o = example_order(domain::order_state::executing);
  const std::vector<solana::instruction> router{{key(40), {}, {1}}, {key(41), {}, {2}}};
  const auto least_of = [&](const token_balance& output, std::uint64_t units) {
    const auto list = swap_instructions(o, fee_payer, {}, output, rent, router, domain::token_amount{units});
    CHECK(std::equal(router.begin(), router.end(), list.end() - 3));
    return list.back();
  };
  CHECK(least_of({}, 500) == floor_of(o, 500));
  CHECK(least_of({rent, domain::token_amount{40}}, 500) == floor_of(o, 540));
  // More than an account can hold is not there.
  CHECK(least_of({rent, domain::token_amount{UINT64_MAX}}, 1) == floor_of(o, UINT64_MAX));
}

TEST_CASE("a token is paid out to the user's own token account") {
  const auto o = example_order(domain::order_state::withdrawing);
  const auto list = payout_instructions(o, fee_payer, {}, domain::token_amount{42});
  const auto moved = transfers_checked(list);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].source == o.output_account);
  CHECK(moved[0].destination == solana::associated_token_address(o.wallet, usdc_mint));
  CHECK(moved[0].amount == 42);
  CHECK(closes(list).empty());
}

TEST_CASE("SOL is paid out as lamports, and the rent stays with the fee payer") {
  const auto o = buys_sol();
  const auto list = payout_instructions(o, fee_payer, {}, domain::token_amount{2'000'000'000});
  REQUIRE(closes(list).size() == 1);
  CHECK(closes(list)[0].account == o.output_account);
  CHECK(closes(list)[0].destination == fee_payer);
  REQUIRE(lamport_transfers(list).size() == 1);
  CHECK(lamport_transfers(list)[0].from == fee_payer);
  CHECK(lamport_transfers(list)[0].to == o.wallet);
  CHECK(lamport_transfers(list)[0].lamports == 2'000'000'000);
  // Before the account is closed the chain is asked whether it holds as much: the fee payer gives nothing of its own.
  const auto close = std::ranges::find_if(
      list, [](const auto& i) { return landfall::tests::token::decode_close_account(i).has_value(); });
  CHECK(*(close - 1) == floor_of(o, 2'000'000'000));
}

TEST_CASE("a refund sends the deposit back to the wallet it came from") {
  const auto sol = example_order(domain::order_state::ready_expire);
  const auto home = refund_instructions(sol, fee_payer, {}, domain::token_amount{1'500'000'000});
  REQUIRE(closes(home).size() == 1);
  CHECK(closes(home)[0].account == sol.order_account);
  CHECK(closes(home)[0].destination == sol.wallet);
  const auto o = buys_sol();
  const auto list = refund_instructions(o, fee_payer, {}, domain::token_amount{300'000'001});
  REQUIRE(transfers_checked(list).size() == 1);
  CHECK(transfers_checked(list)[0].source == o.order_account);
  CHECK(transfers_checked(list)[0].amount == 300'000'001);
}

TEST_CASE("closing returns each rent to whom it belongs, and dust to the user first") {
  const auto o = buys_sol();
  const auto list = close_instructions(o, fee_payer, {}, token_balance{rent, domain::token_amount{3}},
                                       token_balance{rent, domain::token_amount{0}});
  REQUIRE(transfers_checked(list).size() == 1);
  CHECK(transfers_checked(list)[0].amount == 3);
  CHECK(transfers_checked(list)[0].destination == solana::associated_token_address(o.wallet, usdc_mint));
  REQUIRE(closes(list).size() == 2);
  CHECK(closes(list)[0].destination == o.wallet);
  CHECK(closes(list)[1].destination == fee_payer);
  // Wrapped SOL that is still in the output account is the user's, whatever the database says.
  const auto not_paid = close_instructions(o, fee_payer, {}, {}, token_balance{rent + 7, domain::token_amount{7}});
  REQUIRE(closes(not_paid).size() == 1);
  CHECK(closes(not_paid)[0].destination == o.wallet);
  CHECK(close_instructions(o, fee_payer, {}, {}, {}).empty());
  CHECK(close_instructions(o, fee_payer, {}, token_balance{5, {}}, {}).empty());
}
