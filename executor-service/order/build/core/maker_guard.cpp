#include "executor-service/order/build/core/maker_guard.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "common/solana/compute_budget.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"

namespace landfall::executor {

namespace programs = solana::programs;
using domain::done;
using domain::failure;
using solana::instruction;
using solana::pubkey;

namespace {

failure<guard_error> refused(std::string sentence) {
  return failure{guard_error{std::move(sentence)}};
}

// The first bytes of the instructions that make the output account.
constexpr std::array<std::uint8_t, 4> allocate_with_seed{9, 0, 0, 0};
constexpr std::uint8_t initialize_account3 = 18;

/// Walks over the message's instructions and remembers what has been seen.
class maker_check {
public:
  explicit maker_check(const maker_policy& policy) : policy_(policy) {}

  guard_result check(const std::vector<instruction>& instructions) {
    for (const auto& i : instructions)
      if (auto checked = check_one(i); !checked)
        return checked;
    if (!gives_)
      return refused("The order account would not give its input to the maker.");
    if (!gets_)
      return refused("The maker would not pay into the output account.");
    return done{};
  }

private:
  guard_result check_one(const instruction& i) {
    if (i.program_id == programs::compute_budget) {
      if (solana::compute_budget::decode_unit_limit(i) || solana::compute_budget::decode_unit_price(i))
        return done{};
      return refused("The message sets something of the compute budget that is not ours to set.");
    }
    if (i.program_id == programs::system)
      return check_system(i);
    if (i.program_id == policy_.input_token_program || i.program_id == policy_.output_token_program)
      return check_token(i);
    return refused("The message calls " + i.program_id.to_string() + ".");
  }

  guard_result check_system(const instruction& i) {
    if (const auto paid = solana::system::decode_transfer(i)) {
      if (paid->from != policy_.fee_payer || paid->to != policy_.output_account)
        return refused("The message moves lamports from " + paid->from.to_string() + " to " + paid->to.to_string() +
                       ".");
      if (rent_paid_ || paid->lamports > policy_.max_rent_lamports)
        return refused("The fee payer would pay more than the rent of the output account.");
      rent_paid_ = true;
      return done{};
    }
    const bool allocates = i.data.size() >= allocate_with_seed.size() &&
                           std::equal(allocate_with_seed.begin(), allocate_with_seed.end(), i.data.begin());
    if (allocates && i.accounts.size() == 2 && i.accounts[0].key == policy_.output_account &&
        i.accounts[1].key == policy_.vault)
      return done{};
    return refused("The message calls the System program for something else than the output account.");
  }

  guard_result check_token(const instruction& i) {
    if (i.data.size() == 33 && i.data[0] == initialize_account3 && i.accounts.size() == 2) {
      const auto owner = pubkey::from_bytes(solana::byte_view{i.data}.subspan(1));
      if (i.program_id == policy_.output_token_program && i.accounts[0].key == policy_.output_account &&
          i.accounts[1].key == policy_.output_mint && *owner == policy_.vault)
        return done{};
      return refused("The message sets up another token account than the output account.");
    }
    const auto moved = solana::token::decode_transfer_checked(i);
    if (!moved)
      return refused("A token instruction of the message does something else than to transfer.");
    if (moved->owner == policy_.vault)
      return check_given(*moved);
    if (moved->owner == policy_.maker)
      return check_got(*moved);
    return refused("A token transfer of the message has another authority than the vault and the maker.");
  }

  guard_result check_given(const solana::token::transfer_checked_args& moved) {
    if (gives_)
      return refused("The vault would sign for more than one transfer.");
    if (moved.source != policy_.order_account)
      return refused("The vault would sign for a transfer out of " + moved.source.to_string() + ".");
    if (moved.program != policy_.input_token_program || moved.mint != policy_.input_mint ||
        moved.amount != policy_.input_amount.units())
      return refused("The order account would give something else than exactly its input.");
    if (moved.destination !=
        solana::associated_token_address(policy_.maker, policy_.input_mint, policy_.input_token_program))
      return refused("The order account would give its input to " + moved.destination.to_string() + ".");
    gives_ = true;
    return done{};
  }

  guard_result check_got(const solana::token::transfer_checked_args& moved) {
    if (gets_)
      return refused("The maker would pay in more than one transfer.");
    if (moved.destination != policy_.output_account)
      return refused("The maker would pay into " + moved.destination.to_string() + ".");
    if (moved.program != policy_.output_token_program || moved.mint != policy_.output_mint)
      return refused("The maker would pay in another token.");
    if (moved.amount < policy_.output_amount.units())
      return refused("The maker would pay " + std::to_string(moved.amount) + ", less than the agreed " +
                     policy_.output_amount.to_string() + ".");
    gets_ = true;
    return done{};
  }

  const maker_policy& policy_;
  bool gives_ = false;
  bool gets_ = false;
  bool rent_paid_ = false;
};

}  // namespace

guard_result check_maker_key(const maker_policy& policy) {
  const auto& maker = policy.maker;
  const auto in_of = [&](const pubkey& owner) {
    return solana::associated_token_address(owner, policy.input_mint, policy.input_token_program);
  };
  const bool ours = maker == policy.fee_payer || maker == policy.vault || maker == policy.order_account ||
                    maker == policy.output_account || maker == in_of(policy.vault) || maker == policy.wallet ||
                    (policy.wallet_accounts && policy.wallet_accounts->contains(maker));
  if (ours)
    return refused("The quote names " + maker.to_string() + " as the maker, which is an account of ours.");
  if (!solana::is_on_curve(maker.bytes()))
    return refused("The quote names a maker that nobody can sign for.");
  return done{};
}

guard_result check_maker_message(const solana::message& message, const maker_policy& policy) {
  if (const auto checked = check_maker_key(policy); !checked)
    return checked;
  if (const auto sound = solana::check(message); !sound)
    return refused("The message is not well-formed: " + std::string{to_string(sound.error())} + ".");
  if (message.version == solana::message_version::v1)
    return refused("The message has a version that is not built here.");
  if (!message.lookups.empty())
    return refused("The message takes accounts from a lookup table.");
  if (message.static_keys.front() != policy.maker)
    return refused("The maker does not pay the message's fee.");
  for (std::size_t at = 1; at < message.header.required_signatures; ++at)
    if (message.static_keys[at] != policy.fee_payer && message.static_keys[at] != policy.vault)
      return refused("The message wants a signature of " + message.static_keys[at].to_string() + ".");
  if (solana::serialized_size(solana::make_transaction(message)) > solana::max_transaction_bytes)
    return refused("The transaction is larger than a packet.");
  const auto instructions = solana::resolve_instructions(message);
  if (!instructions)
    return refused("The message's instructions do not resolve: " + std::string{to_string(instructions.error())} + ".");
  return maker_check{policy}.check(*instructions);
}

}  // namespace landfall::executor
