#include "executor-service/api/deposit/deposit_transaction.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "common/solana/curve.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"

namespace landfall::executor::api {
namespace {

constexpr auto usdc = solana::pubkey::literal("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");
constexpr std::uint64_t rent = 2'039'280;

deposit_terms terms_for(const solana::pubkey& mint, int decimals, std::uint64_t amount) {
  deposit_terms terms;
  terms.request = *domain::deposit_request_id::parse("01234567-89ab-cdef-0123-456789abcdef");
  terms.wallet = solana::pubkey::literal("BQ72nSv9f3PRyRKCBnHLVrerrv37CYTHm5h3s9VSGQDV");
  terms.vault = solana::pubkey::literal("7nE9GJoYHNmtaQvTQpota3KV2oz4pQ2dA6nvYK8EUJHV");
  terms.mint = mint;
  terms.token_program = solana::programs::token;
  terms.decimals = decimals;
  terms.amount = domain::token_amount{amount};
  terms.token_account_rent = rent;
  terms.recent_blockhash = solana::blockhash::literal("SRMuApVNdxXokk5GT7XD5cUUgXMBCoAz2LHeuAoKWRt");
  return terms;
}

/// The instructions with full keys; only the flags are those of the whole message.
std::vector<solana::instruction> instructions_of(const solana::message& m) {
  return *solana::resolve_instructions(m);
}

bool same_call(const solana::instruction& a, const solana::instruction& b) {
  return a.program_id == b.program_id && a.data == b.data && a.accounts.size() == b.accounts.size() &&
         std::equal(a.accounts.begin(), a.accounts.end(), b.accounts.begin(),
                    [](const auto& x, const auto& y) { return x.key == y.key; });
}

TEST_SUITE("deposit_transaction") {
  TEST_CASE("the order account is seeded by wallet and request") {
    const auto terms = terms_for(usdc, 6, 1);
    CHECK(order_account_of(terms.wallet, terms.request, terms.token_program) ==
          *solana::create_with_seed(terms.wallet, "0123456789abcdef0123456789abcdef", solana::programs::token));
    CHECK(output_account_of(terms.vault, *domain::order_id::parse("01234567-89ab-cdef-0123-456789abcdef"),
                            terms.token_program) ==
          *solana::create_with_seed(terms.vault, "0123456789abcdef0123456789abcdef", solana::programs::token));
  }

  TEST_CASE("a SOL deposit is a transfer of rent and amount into a wrapped SOL account") {
    const auto terms = terms_for(solana::mints::wrapped_sol, 9, 1'000'000'000);
    const auto message = deposit_message(terms);
    REQUIRE(message.ok());
    const auto account = order_account_of(terms.wallet, terms.request, terms.token_program);
    const auto calls = instructions_of(*message);
    REQUIRE(calls.size() == 3);
    CHECK(same_call(calls[0], solana::system::transfer(terms.wallet, account, rent + 1'000'000'000)));
    CHECK(same_call(calls[1], solana::system::allocate_with_seed(account, terms.wallet, terms.request.to_hex(), 165,
                                                                 solana::programs::token)));
    CHECK(same_call(calls[2], solana::token::initialize_account3(account, terms.mint, terms.vault)));
  }

  TEST_CASE("a token deposit funds the rent and moves the amount from the associated account") {
    const auto terms = terms_for(usdc, 6, 25'000'000);
    const auto message = deposit_message(terms);
    REQUIRE(message.ok());
    const auto account = order_account_of(terms.wallet, terms.request, terms.token_program);
    const auto calls = instructions_of(*message);
    REQUIRE(calls.size() == 4);
    CHECK(same_call(calls[0], solana::system::transfer(terms.wallet, account, rent)));
    CHECK(same_call(calls[2], solana::token::initialize_account3(account, usdc, terms.vault)));
    CHECK(same_call(calls[3], solana::token::transfer_checked(solana::associated_token_address(terms.wallet, usdc),
                                                              usdc, account, terms.wallet, 25'000'000, 6)));
  }

  TEST_CASE("the wallet alone signs and pays, in a legacy message that fits a packet") {
    for (const auto& terms : {terms_for(solana::mints::wrapped_sol, 9, 1), terms_for(usdc, 6, 1)}) {
      const auto message = deposit_message(terms);
      REQUIRE(message.ok());
      CHECK(message->version == solana::message_version::legacy);
      CHECK(message->header.required_signatures == 1);
      CHECK(message->static_keys.at(0) == terms.wallet);
      CHECK(message->recent_blockhash == terms.recent_blockhash);
      CHECK(solana::serialize(solana::make_transaction(*message)).ok());
    }
  }

  TEST_CASE("lamports that do not fit are refused") {
    const auto most = std::numeric_limits<std::uint64_t>::max();
    CHECK(deposit_message(terms_for(solana::mints::wrapped_sol, 9, most - rent)).ok());
    const auto refused = deposit_message(terms_for(solana::mints::wrapped_sol, 9, most - rent + 1));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error() == deposit_error::amount_too_large);
    CHECK(deposit_message(terms_for(usdc, 6, most)).ok());
  }
}

}  // namespace
}  // namespace landfall::executor::api
