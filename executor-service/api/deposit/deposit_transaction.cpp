#include "executor-service/api/deposit/deposit_transaction.hpp"

#include <vector>

#include "common/solana/curve.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor::api {

namespace {

/// 32 hex digits are never too long a seed, and no token program's address forges a program-derived one.
solana::pubkey seeded(const solana::pubkey& base, const std::string& seed, const solana::pubkey& owner) {
  const auto address = solana::create_with_seed(base, seed, owner);
  if (!address)
    domain::broken_invariant("a token program that cannot own a seeded account");
  return *address;
}

}  // namespace

solana::pubkey order_account_of(const solana::pubkey& wallet, const domain::deposit_request_id& request,
                                const solana::pubkey& token_program) {
  return seeded(wallet, request.to_hex(), token_program);
}

solana::pubkey output_account_of(const solana::pubkey& vault, const domain::order_id& order,
                                 const solana::pubkey& token_program) {
  return seeded(vault, order.to_hex(), token_program);
}

domain::result<solana::message, deposit_error> deposit_message(const deposit_terms& terms) {
  const auto account = order_account_of(terms.wallet, terms.request, terms.token_program);
  const bool native = terms.mint == solana::mints::wrapped_sol;
  auto lamports = domain::token_amount{terms.token_account_rent};
  if (native) {
    const auto sum = lamports.plus(terms.amount);
    if (!sum)
      return domain::failure{deposit_error::amount_too_large};
    lamports = *sum;
  }

  std::vector<solana::instruction> instructions;
  instructions.push_back(solana::system::transfer(terms.wallet, account, lamports.units()));
  instructions.push_back(solana::system::allocate_with_seed(account, terms.wallet, terms.request.to_hex(),
                                                            solana::token::account_bytes, terms.token_program));
  instructions.push_back(solana::token::initialize_account3(account, terms.mint, terms.vault, terms.token_program));
  if (!native)
    instructions.push_back(solana::token::transfer_checked(
        solana::associated_token_address(terms.wallet, terms.mint, terms.token_program), terms.mint, account,
        terms.wallet, terms.amount.units(), static_cast<std::uint8_t>(terms.decimals), terms.token_program));

  auto message =
      solana::compile_message(terms.wallet, instructions, terms.recent_blockhash, {}, solana::message_version::legacy);
  if (!message)
    return domain::failure{deposit_error::not_composable};
  return std::move(message).value();
}

}  // namespace landfall::executor::api
