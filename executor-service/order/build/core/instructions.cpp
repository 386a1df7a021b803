#include "executor-service/order/build/core/instructions.hpp"

#include <limits>

#include "common/solana/associated_token.hpp"
#include "common/solana/compute_budget.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"

namespace landfall::executor {

namespace associated_token = solana::associated_token;
namespace compute_budget = solana::compute_budget;
using solana::instruction;
using solana::pubkey;

namespace {

std::vector<instruction> with_fees(const fee_settings& fees) {
  std::vector<instruction> list;
  list.push_back(compute_budget::set_unit_limit(fees.compute_unit_limit));
  list.push_back(compute_budget::set_unit_price(fees.compute_unit_price_micro_lamports));
  return list;
}

bool is_native(const token& t) {
  return t.mint == solana::mints::wrapped_sol;
}

std::uint8_t decimals_of(const token& t) {
  return static_cast<std::uint8_t>(t.decimals);
}

/// Transfers `amount` of a token from an account of the vault's to the user's associated token account.
void append_to_user(std::vector<instruction>& list, const order& o, const token& t, const pubkey& from,
                    const pubkey& fee_payer, std::uint64_t amount) {
  list.push_back(associated_token::create_idempotent(fee_payer, o.wallet, t.mint, t.token_program));
  list.push_back(solana::token::transfer_checked(from, t.mint,
                                                 solana::associated_token_address(o.wallet, t.mint, t.token_program),
                                                 o.vault, amount, decimals_of(t), t.token_program));
}

/// Fails the whole transaction where `account`, which is the vault's, holds less than `least` at that point, and
/// changes nothing otherwise: the chain itself checks the balance that an endpoint reported.
void append_floor(std::vector<instruction>& list, const order& o, const token& t, const pubkey& account,
                  std::uint64_t least) {
  list.push_back(solana::token::transfer(account, account, o.vault, least, t.token_program));
}

void append_close(std::vector<instruction>& list, const order& o, const token& t, const pubkey& account,
                  const pubkey& rent_to, const pubkey& fee_payer, const token_balance& balance) {
  if (!balance.amount)
    return;
  // What is in it goes to the user; a wrapped SOL account closes with it.
  const bool has_tokens = balance.amount->units() > 0;
  if (has_tokens && !is_native(t))
    append_to_user(list, o, t, account, fee_payer, balance.amount->units());
  list.push_back(
      solana::token::close_account(account, has_tokens && is_native(t) ? o.wallet : rent_to, o.vault, t.token_program));
}

/// Creates the output account where it is missing. Lamports that a stranger sent ahead do not hinder it.
void append_output_account(std::vector<instruction>& list, const order& o, const pubkey& fee_payer,
                           const token_balance& output, std::uint64_t token_account_rent) {
  if (output.amount)
    return;
  if (output.lamports < token_account_rent)
    list.push_back(solana::system::transfer(fee_payer, o.output_account, token_account_rent - output.lamports));
  list.push_back(solana::system::allocate_with_seed(o.output_account, o.vault, o.id.to_hex(),
                                                    solana::token::account_bytes, o.output.token_program));
  list.push_back(solana::token::initialize_account3(o.output_account, o.output.mint, o.vault, o.output.token_program));
}

}  // namespace

pubkey vault_input_account(const order& o) {
  return solana::associated_token_address(o.vault, o.input.mint, o.input.token_program);
}

std::vector<instruction> swap_instructions(const order& o, const pubkey& fee_payer, const fee_settings& fees,
                                           const token_balance& output, std::uint64_t token_account_rent,
                                           std::span<const instruction> router, domain::token_amount minimum_output) {
  auto list = with_fees(fees);
  list.push_back(associated_token::create_idempotent(fee_payer, o.vault, o.input.mint, o.input.token_program));
  append_output_account(list, o, fee_payer, output, token_account_rent);
  list.push_back(solana::token::transfer_checked(o.order_account, o.input.mint, vault_input_account(o), o.vault,
                                                 o.input_amount.units(), decimals_of(o.input), o.input.token_program));
  list.insert(list.end(), router.begin(), router.end());
  const auto least = minimum_output.plus(output.amount.value_or(domain::token_amount{}));
  append_floor(list, o, o.output, o.output_account, least ? least->units() : std::numeric_limits<std::uint64_t>::max());
  return list;
}

std::vector<instruction> maker_swap_instructions(const order& o, const pubkey& fee_payer, const fee_settings& fees,
                                                 const token_balance& output, std::uint64_t token_account_rent,
                                                 const maker_terms& terms) {
  auto list = with_fees(fees);
  append_output_account(list, o, fee_payer, output, token_account_rent);
  const auto of_maker = [&](const token& t) {
    return solana::associated_token_address(terms.maker, t.mint, t.token_program);
  };
  list.push_back(solana::token::transfer_checked(o.order_account, o.input.mint, of_maker(o.input), o.vault,
                                                 o.input_amount.units(), decimals_of(o.input), o.input.token_program));
  list.push_back(solana::token::transfer_checked(of_maker(o.output), o.output.mint, o.output_account, terms.maker,
                                                 terms.output_amount.units(), decimals_of(o.output),
                                                 o.output.token_program));
  return list;
}

std::vector<instruction> payout_instructions(const order& o, const pubkey& fee_payer, const fee_settings& fees,
                                             domain::token_amount amount) {
  auto list = with_fees(fees);
  if (is_native(o.output)) {
    // The fee payer gives no more than what it gets.
    append_floor(list, o, o.output, o.output_account, amount.units());
    list.push_back(solana::token::close_account(o.output_account, fee_payer, o.vault, o.output.token_program));
    list.push_back(solana::system::transfer(fee_payer, o.wallet, amount.units()));
  } else {
    append_to_user(list, o, o.output, o.output_account, fee_payer, amount.units());
  }
  return list;
}

std::vector<instruction> refund_instructions(const order& o, const pubkey& fee_payer, const fee_settings& fees,
                                             domain::token_amount amount) {
  auto list = with_fees(fees);
  if (is_native(o.input))
    list.push_back(solana::token::close_account(o.order_account, o.wallet, o.vault, o.input.token_program));
  else
    append_to_user(list, o, o.input, o.order_account, fee_payer, amount.units());
  return list;
}

std::vector<instruction> close_instructions(const order& o, const pubkey& fee_payer, const fee_settings& fees,
                                            const std::optional<token_balance>& order_account,
                                            const std::optional<token_balance>& output_account) {
  auto list = with_fees(fees);
  const auto before = list.size();
  if (order_account)
    append_close(list, o, o.input, o.order_account, o.wallet, fee_payer, *order_account);
  if (output_account)
    append_close(list, o, o.output, o.output_account, fee_payer, fee_payer, *output_account);
  if (list.size() == before)
    return {};
  return list;
}

}  // namespace landfall::executor
