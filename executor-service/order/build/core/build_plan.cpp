#include "executor-service/order/build/core/build_plan.hpp"

#include <algorithm>
#include <utility>

#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

namespace {

constexpr std::uint32_t max_compute_units = 1'400'000;

/// A fifth more than was used: prices are charged on the limit, and accounts may differ a little when it lands.
std::uint32_t unit_limit_for(std::uint64_t units_consumed) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(max_compute_units, units_consumed * 6 / 5 + 20'000));
}

}  // namespace

build_plan::build_plan(build_setup setup)
    : x_setup(std::move(setup)),
      x_vault_token_account(vault_input_account(x_setup.o)),
      x_keys{x_setup.o.order_account, x_setup.o.output_account, x_vault_token_account, x_setup.fee_payer} {
  for (const auto& a : x_setup.o.attempts)
    if (const auto slot = a.slot ? a.slot : a.confirmed_slot)
      x_accounts.context_slot = std::max(x_accounts.context_slot, *slot);
}

build_step build_plan::start() {
  read_accounts();
  return std::exchange(x_step, {});
}

build_step build_plan::take(build_answer given) {
  if (!x_ended)
    std::visit([this](const auto& a) { on(a); }, given);
  return std::exchange(x_step, {});
}

build_step build_plan::give_up(std::string reason, std::string detail) {
  if (!x_ended)
    later(std::move(reason), std::move(detail));
  return std::exchange(x_step, {});
}

void build_plan::finish(built_result result) {
  x_ended = true;
  x_step.result = std::move(result);
}

void build_plan::later(std::string reason, std::string detail) {
  finish(built::later{std::move(reason), std::move(detail)});
}

void build_plan::refuse(std::string reason, std::string detail) {
  finish(built::refused{std::move(reason), std::move(detail)});
}

void build_plan::read_accounts() {
  question::accounts q{x_keys, {}};
  if (x_accounts.context_slot > 0)
    q.min_context_slot = x_accounts.context_slot;
  ask(std::move(q));
}

void build_plan::on(const answer::accounts& read) {
  if (read.list.size() != x_keys.size())
    return later("accounts_unread", "the endpoint showed another number of accounts than asked");
  const bool first = x_accounts.list.empty();
  x_accounts = read;
  if (!first || fee_payer_holds_minimum())
    on_accounts();
}

bool build_plan::fee_payer_holds_minimum() {
  const auto& account = x_accounts.list[fee_payer_at];
  const auto lamports = account ? account->lamports : 0;
  const auto minimum = x_setup.policy.min_fee_payer_lamports;
  x_step.events.emplace_back(build_event::fee_payer_read{lamports});
  if (lamports >= minimum)
    return true;
  later("fee_payer_low", "the fee payer " + x_setup.fee_payer.to_string() + " holds " + std::to_string(lamports) +
                             " lamports, below its minimum of " + std::to_string(minimum) + ": send it SOL");
  return false;
}

token_balance build_plan::balance_at(account_index at, const token& t) const {
  token_balance balance;
  const auto& account = x_accounts.list[at];
  if (!account)
    return balance;
  balance.lamports = account->lamports;
  if (account->owner != t.token_program)
    return balance;
  const auto decoded = solana::token::decode_account(account->data);
  if (decoded.ok() && decoded->owner == x_setup.o.vault && decoded->mint == t.mint)
    balance.amount = domain::token_amount{decoded->amount};
  return balance;
}

void build_plan::estimate_fee() {
  ask(question::fee{{x_setup.o.order_account, x_setup.o.output_account, x_setup.fee_payer}});
}

void build_plan::on(const answer::fee& estimate) {
  x_fees.compute_unit_price_micro_lamports = estimate.micro_lamports_per_unit;
  ask(question::blockhash{});
}

void build_plan::on(const answer::blockhash& fresh) {
  x_hash = fresh;
  compile();
}

void build_plan::start_over() {
  x_simulated = false;
  x_fees = {};
}

/// Twice: to simulate it, and with the compute unit limit that the simulation gives to sign it.
void build_plan::compile() {
  x_instructions = instructions();
  const auto message =
      solana::compile_message(maker().value_or(x_setup.fee_payer), x_instructions, x_hash.hash, x_tables);
  if (!message)
    return refuse("transaction_too_large", std::string{solana::to_string(message.error())});
  if (const auto checked = check_message(*message); !checked)
    return refuse("transaction_refused", checked.error().sentence);
  if (x_simulated)
    return ask(question::signature{*message, x_setup.o.wallet, maker()});
  simulate(*message);
}

compiled_policy build_plan::message_policy() const {
  compiled_policy policy;
  policy.fee_payer = x_setup.fee_payer;
  policy.vault = x_setup.o.vault;
  policy.instructions = x_instructions;
  policy.lookup_tables = x_tables;
  return policy;
}

void build_plan::simulate(const solana::message& message) {
  auto bytes = solana::serialize(solana::make_transaction(message));
  if (!bytes)
    return refuse("transaction_too_large", std::string{solana::to_string(bytes.error())});
  ask(question::simulation{std::move(bytes).value(), x_keys, std::max(x_accounts.context_slot, x_hash.context_slot)});
}

void build_plan::on(const answer::simulation& seen) {
  if (seen.err) {
    // The node that simulates may not know the blockhash yet: the transaction may be right.
    if (*seen.err == "\"BlockhashNotFound\"" && !mutated(mutant::blockhash_not_found_refused))
      return later("not_simulated", *seen.err);
    return refuse("simulation_failed", *seen.err + (seen.last_log.empty() ? "" : ": " + seen.last_log));
  }
  if (!accepts(seen))
    return;
  if (seen.units_consumed)
    x_fees.compute_unit_limit = unit_limit_for(*seen.units_consumed);
  x_simulated = true;
  compile();
}

void build_plan::on(const answer::signature& given) {
  if (!given.refused.empty())
    return refuse("not_signed", given.refused);
  built::ready ready;
  ready.what.id = x_setup.id;
  ready.what.kind = x_setup.kind;
  ready.what.ordinal = x_setup.o.count(x_setup.kind) + 1;
  ready.what.signature = given.id;
  ready.what.transaction = given.transaction;
  ready.what.blockhash = x_hash.hash;
  ready.what.last_valid_block_height = x_hash.last_valid_block_height;
  ready.what.signed_at = given.signed_at;
  complete(ready);
  finish(std::move(ready));
}

}  // namespace landfall::executor
