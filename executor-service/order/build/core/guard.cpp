#include "executor-service/order/build/core/guard.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "common/domain/decimal.hpp"
#include "common/solana/associated_token.hpp"
#include "common/solana/compute_budget.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"

namespace landfall::executor {

namespace programs = solana::programs;
namespace token = solana::token;
using domain::done;
using domain::failure;
using domain::token_amount;
using solana::instruction;
using solana::pubkey;

namespace {

failure<guard_error> refused(std::string sentence) {
  return failure{guard_error{std::move(sentence)}};
}

bool is_token_program(const pubkey& program) {
  return program == programs::token || program == programs::token_2022;
}

bool contains(const std::vector<pubkey>& keys, const pubkey& key) {
  return std::ranges::find(keys, key) != keys.end();
}

// Tags of the token programs' instructions that are decoded. Every other one is refused.
constexpr std::uint8_t tag_transfer = 3;
constexpr std::uint8_t tag_transfer_checked = 12;
constexpr std::uint8_t tag_sync_native = 17;
constexpr std::uint8_t tag_batch = 255;

std::uint64_t read_u64(solana::byte_view raw) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= std::uint64_t{raw[i]} << (8U * i);
  return value;
}

/// One instruction of a token program, alone or out of a batch.
struct token_call {
  std::span<const solana::account_meta> accounts;
  solana::byte_view data;
};

/// Walks over the router's instructions and remembers what they take together.
class router_check {
public:
  explicit router_check(const router_policy& policy) : policy_(policy) {}

  guard_result check(std::span<const instruction> instructions) {
    if (instructions.empty())
      return refused("The router gave no instruction.");
    if (instructions.size() > policy_.max_instructions)
      return refused("The router gave more instructions than allowed.");
    for (const auto& i : instructions)
      if (auto checked = check_one(i); !checked)
        return checked;
    return done{};
  }

private:
  guard_result check_one(const instruction& i) {
    if (i.data.size() > policy_.max_data_bytes)
      return refused("An instruction of the router carries more data than allowed.");
    for (const auto& meta : i.accounts)
      keys_.insert(meta.key);
    keys_.insert(i.program_id);
    if (keys_.size() > policy_.max_accounts || i.accounts.size() > policy_.max_accounts)
      return refused("The router's instructions name more accounts than allowed.");
    if (i.program_id == programs::compute_budget)
      return refused("A router instruction sets the compute budget, which is ours to set.");
    if (i.program_id == programs::system)
      return refused("A router instruction calls the System program, which could only spend what we sign for.");
    if (!contains(policy_.allowed_programs, i.program_id))
      return refused("A router instruction calls " + i.program_id.to_string() + ", which is not an allowed program.");
    if (auto checked = check_accounts(i); !checked)
      return checked;
    if (i.program_id == programs::associated_token)
      return check_associated(i);
    if (is_token_program(i.program_id))
      return check_token({i.accounts, i.data}, false);
    return done{};
  }

  /// A flag that is missing makes no difference: what signs the transaction signs for every instruction in it.
  guard_result check_accounts(const instruction& i) {
    const bool creates_account = i.program_id == programs::associated_token;
    for (std::size_t at = 0; at < i.accounts.size(); ++at) {
      const auto& meta = i.accounts[at];
      if (meta.key == policy_.fee_payer && !(creates_account && at == 0))
        return refused("A router instruction names the fee payer.");
      if (meta.is_signer && meta.key != policy_.vault && meta.key != policy_.fee_payer)
        return refused("A router instruction wants a signature of " + meta.key.to_string() + ".");
      if (meta.key == policy_.order_account)
        return refused("A router instruction names the order account.");
      if (policy_.wallet_accounts && meta.key != policy_.output_account && policy_.wallet_accounts->contains(meta.key))
        return refused("A router instruction names " + meta.key.to_string() + ", which belongs to another order.");
    }
    return done{};
  }

  guard_result check_associated(const instruction& i) const {
    const auto created = solana::associated_token::decode_create(i);
    if (!created)
      return refused("A router instruction calls the Associated Token program for something else than a new account.");
    if (created->wallet != policy_.vault)
      return refused("A router instruction creates a token account for somebody else.");
    if (created->payer != policy_.fee_payer && created->payer != policy_.vault)
      return refused("A router instruction lets somebody else pay for a token account.");
    return done{};
  }

  guard_result check_token(const token_call& call, bool in_batch) {
    if (call.data.empty())
      return refused("A token instruction of the router is empty.");
    switch (call.data[0]) {
      case tag_transfer:
        return check_transfer(call, call.data.size() == 9, 1);
      case tag_transfer_checked:
        return check_transfer(call, call.data.size() == 10, 2);
      case tag_sync_native:
        return done{};
      case tag_batch:
        if (!in_batch)
          return check_batch(call);
        break;
      default:
        break;
    }
    return refused("A token instruction of the router does something else than to transfer (tag " +
                   std::to_string(call.data[0]) + ").");
  }

  guard_result check_transfer(const token_call& call, bool well_sized, std::size_t destination_at) {
    if (!well_sized || call.accounts.size() != destination_at + 2)
      return refused("A token transfer of the router is malformed.");
    const auto& source = call.accounts[0].key;
    const auto& destination = call.accounts[destination_at].key;
    const token_amount amount{read_u64(call.data.subspan(1, 8))};
    if (call.accounts[destination_at + 1].key != policy_.vault)
      return refused("A token transfer of the router has another authority than the vault.");
    if (source == policy_.output_account)
      return refused("A token transfer of the router takes from the output account.");
    if (source == policy_.vault_token_account) {
      const auto sum = taken_.plus(amount);
      if (!sum || *sum > policy_.input_amount)
        return refused("The router's token transfers take more than the order's input.");
      taken_ = *sum;
      return done{};
    }
    if (destination != policy_.output_account)
      return refused("A token transfer of the router goes from " + source.to_string() + " to " +
                     destination.to_string() + ".");
    return done{};
  }

  /// Tag, then for each call: how many accounts it takes of the list, the length of its data, its data.
  guard_result check_batch(token_call call) {
    auto rest = call.data.subspan(1);
    if (rest.empty())
      return refused("A token batch of the router is empty.");
    while (!rest.empty()) {
      if (rest.size() < 2 || rest.size() - 2 < rest[1] || call.accounts.size() < rest[0])
        return refused("A token batch of the router is malformed.");
      const std::size_t accounts = rest[0];
      const std::size_t length = rest[1];
      if (auto checked = check_token({call.accounts.first(accounts), rest.subspan(2, length)}, true); !checked)
        return checked;
      call.accounts = call.accounts.subspan(accounts);
      rest = rest.subspan(2 + length);
    }
    if (!call.accounts.empty())
      return refused("A token batch of the router names accounts that none of its calls uses.");
    return done{};
  }

  const router_policy& policy_;
  std::set<pubkey> keys_;
  token_amount taken_;
};

/// A token account of the vault's that nobody else can use, freeze or close.
domain::result<token::token_account, guard_error> own_token_account(const solana::account_info& account,
                                                                    const char* name, const pubkey& vault,
                                                                    const pubkey& mint, const pubkey& token_program) {
  const std::string the = std::string{"The "} + name;
  if (account.owner != token_program)
    return refused(the + " is not an account of the token program.");
  const auto decoded = token::decode_account(account.data);
  if (!decoded)
    return refused(the + " is not a token account.");
  if (decoded->mint != mint)
    return refused(the + " is of another mint.");
  if (decoded->owner != vault)
    return refused(the + " does not belong to the vault.");
  if (decoded->delegate || decoded->delegated_amount != 0)
    return refused(the + " has a delegate.");
  if (decoded->close_authority && *decoded->close_authority != vault)
    return refused(the + " could be closed by somebody else.");
  if (decoded->state != token::account_state::initialized)
    return refused(the + " is frozen.");
  return *decoded;
}

/// What strangers may have sent between the read before and the simulation: it must not hinder a swap. A larger rest is
/// input that went another way.
std::uint64_t dust_of(const swap_expectation& expected) {
  return expected.input_amount.units() / 1'000;
}

guard_result check_order_account(const account_change& change, const swap_expectation& expected) {
  if (!change.before || !change.after)
    return refused("The order account is missing before or after the swap.");
  const auto before = own_token_account(*change.before, "order account", expected.vault, expected.input_mint,
                                        expected.input_token_program);
  if (!before)
    return failure{before.error()};
  const auto after = own_token_account(*change.after, "order account", expected.vault, expected.input_mint,
                                       expected.input_token_program);
  if (!after)
    return failure{after.error()};
  const auto left = token_amount{before->amount}.minus(expected.input_amount);
  if (!left || after->amount < left->units() || after->amount - left->units() > dust_of(expected))
    return refused("The order account would go from " + std::to_string(before->amount) + " to " +
                   std::to_string(after->amount) + ", which is not less by just the input of " +
                   expected.input_amount.to_string() + ".");
  // Wrapped SOL is lamports.
  const std::uint64_t moved = before->native_reserve_lamports ? expected.input_amount.units() : 0;
  if (change.before->lamports < moved || change.after->lamports < change.before->lamports - moved)
    return refused("The order account would lose lamports.");
  return done{};
}

guard_result check_output_account(const account_change& change, const swap_expectation& expected) {
  std::uint64_t amount_before = 0;
  // Lamports that a stranger sent ahead make an account of the System program, which holds no tokens.
  if (change.before && change.before->owner != programs::system) {
    const auto before = own_token_account(*change.before, "output account", expected.vault, expected.output_mint,
                                          expected.output_token_program);
    if (!before)
      return failure{before.error()};
    amount_before = before->amount;
  }
  if (!change.after)
    return refused("The output account would not exist after the swap.");
  const auto after = own_token_account(*change.after, "output account", expected.vault, expected.output_mint,
                                       expected.output_token_program);
  if (!after)
    return failure{after.error()};
  if (after->amount < amount_before || after->amount - amount_before < expected.minimum_output.units())
    return refused("The output account would go from " + std::to_string(amount_before) + " to " +
                   std::to_string(after->amount) + ", which is not more by at least " +
                   expected.minimum_output.to_string() + ".");
  return done{};
}

guard_result check_vault_token_account(const account_change& change, const swap_expectation& expected) {
  if (!expected.through_vault_token_account && !change.before && !change.after)
    return done{};
  std::uint64_t amount_before = 0;
  if (change.before && change.before->owner != programs::system) {
    const auto before = own_token_account(*change.before, "vault's token account", expected.vault, expected.input_mint,
                                          expected.input_token_program);
    if (!before)
      return failure{before.error()};
    amount_before = before->amount;
  }
  if (!change.after)
    return refused("The vault's token account would not exist after the swap.");
  const auto after = own_token_account(*change.after, "vault's token account", expected.vault, expected.input_mint,
                                       expected.input_token_program);
  if (!after)
    return failure{after.error()};
  if (after->amount < amount_before || after->amount - amount_before > dust_of(expected))
    return refused("The vault's token account would go from " + std::to_string(amount_before) + " to " +
                   std::to_string(after->amount) + " instead of staying as it is.");
  return done{};
}

guard_result check_fee_payer(const account_change& change) {
  if (!change.before || !change.after)
    return refused("The fee payer is missing before or after the swap.");
  if (change.after->owner != programs::system || !change.after->data.empty())
    return refused("The fee payer would no longer be a plain wallet.");
  return done{};
}

/// Any other account that is the vault's must keep all it has.
guard_result check_other(const account_change& change, const swap_expectation& expected) {
  if (!change.before || !is_token_program(change.before->owner))
    return done{};
  const auto before = token::decode_account(change.before->data);
  if (!before || before->owner != expected.vault)
    return done{};
  const auto unharmed = [&] {
    if (!change.after || change.after->owner != change.before->owner ||
        change.after->lamports < change.before->lamports)
      return false;
    const auto after = token::decode_account(change.after->data);
    return after && after->owner == before->owner && after->mint == before->mint && after->amount >= before->amount &&
           after->delegate == before->delegate && after->delegated_amount == before->delegated_amount &&
           after->close_authority == before->close_authority && after->state == before->state;
  };
  if (!unharmed())
    return refused("Another token account of the vault's would lose something.");
  return done{};
}

bool same_call(const instruction& compiled, const instruction& wanted) {
  if (compiled.program_id != wanted.program_id || compiled.data != wanted.data)
    return false;
  return std::ranges::equal(compiled.accounts, wanted.accounts, {}, &solana::account_meta::key,
                            &solana::account_meta::key);
}

}  // namespace

guard_result check_router_instructions(std::span<const instruction> instructions, const router_policy& policy) {
  return router_check{policy}.check(instructions);
}

guard_result check_simulation(const simulated_swap& seen, const swap_expectation& expected) {
  if (auto checked = check_order_account(seen.order_account, expected); !checked)
    return checked;
  if (auto checked = check_output_account(seen.output_account, expected); !checked)
    return checked;
  if (auto checked = check_vault_token_account(seen.vault_token_account, expected); !checked)
    return checked;
  if (auto checked = check_fee_payer(seen.fee_payer); !checked)
    return checked;
  for (const auto& change : seen.others)
    if (auto checked = check_other(change, expected); !checked)
      return checked;
  return done{};
}

guard_result check_outlay(std::span<const instruction> instructions, const outlay_policy& policy) {
  constexpr std::uint64_t signatures_lamports = 2 * 5'000;
  constexpr std::uint64_t micro = 1'000'000;
  domain::int128 outlay = signatures_lamports;
  std::uint64_t unit_limit = 0;
  std::uint64_t unit_price = 0;
  for (const auto& i : instructions) {
    if (const auto sent = solana::system::decode_transfer(i); sent && sent->from == policy.fee_payer)
      outlay += sent->lamports;
    else if (const auto created = solana::associated_token::decode_create(i);
             created && created->payer == policy.fee_payer)
      outlay += policy.token_account_rent_lamports;
    else if (const auto limit = solana::compute_budget::decode_unit_limit(i))
      unit_limit = *limit;
    else if (const auto price = solana::compute_budget::decode_unit_price(i))
      unit_price = *price;
  }
  outlay += (domain::int128{unit_limit} * unit_price + micro - 1) / micro;
  if (outlay > policy.max_lamports)
    return refused("The fee payer would pay up to " + std::to_string(static_cast<std::uint64_t>(outlay)) +
                   " lamports, more than the bound of " + std::to_string(policy.max_lamports) + ".");
  return done{};
}

guard_result check_compiled(const solana::message& message, const compiled_policy& policy) {
  if (const auto sound = solana::check(message); !sound)
    return refused("The transaction is not well-formed: " + std::string{to_string(sound.error())} + ".");
  if (message.version == solana::message_version::v1)
    return refused("The transaction has a version that is not built here.");
  if (message.header.required_signatures != 2 || message.static_keys[0] != policy.fee_payer ||
      message.static_keys[1] != policy.vault)
    return refused("The transaction is not signed by exactly the fee payer and the vault.");
  if (!message.is_writable(0))
    return refused("The fee payer is not writable.");
  if (solana::serialized_size(solana::make_transaction(message)) > solana::max_transaction_bytes)
    return refused("The transaction is larger than a packet.");
  const auto keys = solana::account_keys(message, policy.lookup_tables);
  if (!keys)
    return refused("The transaction's lookup tables do not fit: " + std::string{to_string(keys.error())} + ".");
  for (std::size_t at = message.static_keys.size(); at < keys->size(); ++at)
    if (contains(policy.own_accounts, (*keys)[at]))
      return refused("An account of ours would be taken from a lookup table.");
  const auto calls = solana::resolve_instructions(message, policy.lookup_tables);
  if (!calls)
    return refused("The transaction's instructions do not resolve: " + std::string{to_string(calls.error())} + ".");
  if (!std::ranges::equal(*calls, policy.instructions, same_call))
    return refused("The transaction does not hold exactly the instructions that were checked.");
  return done{};
}

}  // namespace landfall::executor
