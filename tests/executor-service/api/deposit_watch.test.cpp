#include "executor-service/api/deposit_watch.hpp"

#include <doctest/doctest.h>

#include "common/solana/programs.hpp"
#include "tests/executor-service/api/token_account_bytes.hpp"

namespace landfall::executor::api {
namespace {

constexpr auto vault = solana::pubkey::literal("7nE9GJoYHNmtaQvTQpota3KV2oz4pQ2dA6nvYK8EUJHV");
constexpr auto stranger = solana::pubkey::literal("BQ72nSv9f3PRyRKCBnHLVrerrv37CYTHm5h3s9VSGQDV");
constexpr auto usdc = solana::pubkey::literal("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");

created_order order_of_100() {
  created_order order;
  order.vault = vault;
  order.input_mint = usdc;
  order.input_token_program = solana::programs::token;
  order.input_amount = domain::token_amount{100};
  return order;
}

account_info account_with(const solana::pubkey& mint, const solana::pubkey& owner, std::uint64_t amount) {
  account_info account;
  account.owner = solana::programs::token;
  account.data = token_account_bytes(mint, owner, amount);
  return account;
}

TEST_SUITE("deposit_watch") {
  TEST_CASE("an order account holds the deposit, or more, in the vault's hands") {
    CHECK(order_account_fault(order_of_100(), account_with(usdc, vault, 100)).empty());
    CHECK(order_account_fault(order_of_100(), account_with(usdc, vault, 101)).empty());
  }

  TEST_CASE("anything else opens no order") {
    CHECK_FALSE(order_account_fault(order_of_100(), std::nullopt).empty());
    CHECK_FALSE(order_account_fault(order_of_100(), account_with(usdc, vault, 99)).empty());
    CHECK_FALSE(order_account_fault(order_of_100(), account_with(usdc, stranger, 100)).empty());
    CHECK_FALSE(order_account_fault(order_of_100(), account_with(solana::mints::wrapped_sol, vault, 100)).empty());
    auto account = account_with(usdc, vault, 100);
    account.owner = solana::programs::token_2022;
    CHECK_FALSE(order_account_fault(order_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data.resize(164);
    CHECK_FALSE(order_account_fault(order_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data[72] = 1;  // a delegate
    CHECK_FALSE(order_account_fault(order_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data[108] = 2;  // frozen
    CHECK_FALSE(order_account_fault(order_of_100(), account).empty());
    account = account_with(usdc, vault, 100);
    account.data[129] = 1;  // a close authority
    CHECK_FALSE(order_account_fault(order_of_100(), account).empty());
  }
}

}  // namespace
}  // namespace landfall::executor::api
