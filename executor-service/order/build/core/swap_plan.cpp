#include "executor-service/order/build/core/swap_plan.hpp"

#include <algorithm>
#include <utility>

#include "common/domain/decimal.hpp"
#include "common/solana/lookup_table.hpp"
#include "common/solana/programs.hpp"
#include "executor-service/order/core/mutant.hpp"
#include "executor-service/order/core/transition.hpp"

namespace landfall::executor {

namespace {

constexpr std::size_t max_lookup_tables = 16;
constexpr int max_route_accounts = 40;

std::optional<solana::account_info> if_funded(const std::optional<solana::account_info>& account) {
  return account && account->lamports > 0 ? account : std::nullopt;
}

}  // namespace

int swap_plan::slippage_bps() const {
  return x_setup.o.slippage_bps.value_or(x_setup.policy.automatic_slippage_bps);
}

void swap_plan::on_accounts() {
  // The accounts that the route writes were read too.
  if (x_route)
    return ask(question::rent{});
  auto& o = x_setup.o;
  const auto balance = balance_at(order_account_at, o.input).amount;
  if (!balance || *balance < o.input_amount)
    // One endpoint's word. If it is true, nobody can sell what is not there, and the verifier reports it.
    return later("order_account_short", "the order account holds " +
                                            (balance ? balance->to_string() : std::string{"nothing"}) + " of " +
                                            o.input_amount.to_string());
  if (mutated(mutant::swap_takes_balance))
    o.input_amount = *balance;
  ask_for_quotes();
}

void swap_plan::ask_for_quotes() {
  const auto& o = x_setup.o;
  ask(question::route{{{o.input.mint, o.output.mint, o.input_amount, slippage_bps(), max_route_accounts},
                       {o.vault, o.output_account}}});
  x_offers_open = x_setup.has_makers && may_ask_makers(o);
  if (x_offers_open)
    ask(question::offers{{x_setup.id.to_string(), o.input.mint, o.output.mint, o.input_amount, o.vault}});
}

void swap_plan::on(const answer::route& given) {
  if (const auto& error = given.reply.error) {
    if (error->is_transient())
      return later("router_unreachable", error->message);
    return refuse(error->what == router_error::kind::no_route ? "no_route" : "router_refused",
                  error->code + " " + error->message);
  }
  x_route = given.reply.found;
  choose();
}

void swap_plan::on(const answer::offers& given) {
  x_offer = given.best;
  x_offers_open = false;
  choose();
}

void swap_plan::choose() {
  if (!x_route || x_offers_open)
    return;
  const bool pays_more = x_offer && x_offer->quote.amount_out > x_route->offer.out_amount;
  if (!pays_more && !(x_offer && mutated(mutant::worse_offer_taken)))
    return use_route();
  x_by_maker = true;
  x_minimum_output = x_offer->quote.amount_out;
  if (const auto checked = check_maker_key(offer_policy()); !checked)
    return refuse("maker_refused", checked.error().sentence);
  ask(question::rent{});
}

void swap_plan::refuse(std::string reason, std::string detail) {
  if (!x_by_maker)
    return build_plan::refuse(std::move(reason), std::move(detail));
  report({x_offer->maker, std::move(reason), std::move(detail)});
  x_by_maker = false;
  start_over();
  use_route();
}

void swap_plan::use_route() {
  // Our own bound, which the transaction itself enforces. The router's threshold is not asked for.
  x_minimum_output =
      std::max(domain::less_slippage(x_route->offer.out_amount, slippage_bps()), domain::token_amount{1});
  if (mutated(mutant::minimum_output_ignored))
    x_minimum_output = domain::token_amount{1};
  const auto router_instructions = x_route->instructions.in_order();
  if (const auto checked = check_router_instructions(router_instructions, route_policy()); !checked)
    return refuse("router_instructions_refused", checked.error().sentence);
  if (x_route->instructions.lookup_tables.size() > max_lookup_tables)
    return refuse("router_instructions_refused", "the route needs too many lookup tables");
  watch_written_accounts(router_instructions);
  if (x_keys.size() > max_accounts_per_question)
    return refuse("router_instructions_refused", "the route writes too many accounts");
  read_accounts();
}

/// Whatever else the instructions may write is read before the simulation and shown after it: one vault signs for all
/// orders of its wallet.
void swap_plan::watch_written_accounts(const std::vector<solana::instruction>& router_instructions) {
  for (const auto& instruction : router_instructions)
    for (const auto& meta : instruction.accounts)
      if (meta.is_writable && std::ranges::find(x_keys, meta.key) == x_keys.end())
        x_keys.push_back(meta.key);
}

void swap_plan::on(const answer::rent& rent) {
  // The fee payer pays it, and one endpoint names it.
  const auto bound = x_setup.policy.max_token_account_rent_lamports;
  if (rent.lamports > bound && !mutated(mutant::rent_unbounded))
    return later("rent_not_believed", "an endpoint asks " + std::to_string(rent.lamports) +
                                          " lamports for a token account, more than the bound of " +
                                          std::to_string(bound));
  x_token_account_rent = rent.lamports;
  if (x_by_maker || x_route->instructions.lookup_tables.empty())
    return estimate_fee();
  ask(question::lookup_tables{x_route->instructions.lookup_tables, x_accounts.context_slot});
}

void swap_plan::on(const answer::lookup_tables& read) {
  const auto& keys = x_route->instructions.lookup_tables;
  const auto& accounts = read.tables.list;
  if (accounts.size() != keys.size())
    return later("lookup_tables_unread", "the endpoint showed another number of lookup tables than asked");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!accounts[i] || accounts[i]->owner != solana::programs::address_lookup_table)
      return refuse("router_instructions_refused", "a lookup table of the route does not exist");
    const auto table = solana::decode_lookup_table(accounts[i]->data);
    if (!table)
      return refuse("router_instructions_refused", "a lookup table of the route cannot be read");
    x_tables.push_back(table->usable_at(keys[i], read.tables.context_slot));
  }
  estimate_fee();
}

std::vector<solana::instruction> swap_plan::instructions() const {
  const auto& o = x_setup.o;
  const auto output = balance_at(output_account_at, o.output);
  if (x_by_maker)
    return maker_swap_instructions(o, x_setup.fee_payer, x_fees, output, x_token_account_rent,
                                   {x_offer->quote.maker, x_offer->quote.amount_out});
  return swap_instructions(o, x_setup.fee_payer, x_fees, output, x_token_account_rent, x_route->instructions.in_order(),
                           x_minimum_output);
}

guard_result swap_plan::check_message(const solana::message& message) const {
  if (x_by_maker)
    return check_maker_message(message, offer_policy());
  auto policy = message_policy();
  policy.own_accounts = {x_setup.o.order_account, x_setup.o.output_account, x_vault_token_account};
  if (auto checked = check_outlay(
          policy.instructions, {x_setup.fee_payer, x_token_account_rent, x_setup.policy.max_fee_payer_outlay_lamports});
      !checked)
    return checked;
  return check_compiled(message, policy);
}

bool swap_plan::accepts(const answer::simulation& seen) {
  if (seen.accounts.size() != x_keys.size()) {
    later("not_simulated", "the endpoint did not show the accounts");
    return false;
  }
  const auto change = [&](std::size_t at) {
    return account_change{if_funded(x_accounts.list[at]), if_funded(seen.accounts[at])};
  };
  simulated_swap swap{
      change(order_account_at), change(output_account_at), change(vault_token_account_at), change(fee_payer_at), {}};
  for (std::size_t at = fee_payer_at + 1; at < x_keys.size(); ++at)
    swap.others.push_back(change(at));
  if (const auto checked = check_simulation(swap, expectation()); !checked) {
    refuse("simulation_refused", checked.error().sentence);
    return false;
  }
  return true;
}

std::optional<solana::pubkey> swap_plan::maker() const {
  return x_by_maker ? std::optional{x_offer->quote.maker} : std::nullopt;
}

void swap_plan::complete(built::ready& ready) const {
  ready.what.order_account_balance = x_setup.o.input_amount;
  ready.what.expected_input = x_setup.o.input_amount;
  ready.what.minimum_output = x_minimum_output;
  ready.quote = x_by_maker ? x_offer->quote.raw : x_route->offer.raw;
  if (x_by_maker)
    ready.what.maker = x_offer->maker;
}

router_policy swap_plan::route_policy() const {
  const auto& o = x_setup.o;
  router_policy policy;
  policy.vault = o.vault;
  policy.fee_payer = x_setup.fee_payer;
  policy.order_account = o.order_account;
  policy.output_account = o.output_account;
  policy.vault_token_account = x_vault_token_account;
  policy.input_amount = o.input_amount;
  policy.allowed_programs = x_setup.policy.router_programs;
  policy.wallet_accounts = o.wallet_accounts;
  return policy;
}

maker_policy swap_plan::offer_policy() const {
  const auto& o = x_setup.o;
  maker_policy policy;
  policy.maker = x_offer->quote.maker;
  policy.fee_payer = x_setup.fee_payer;
  policy.vault = o.vault;
  policy.order_account = o.order_account;
  policy.output_account = o.output_account;
  policy.input_mint = o.input.mint;
  policy.input_token_program = o.input.token_program;
  policy.output_mint = o.output.mint;
  policy.output_token_program = o.output.token_program;
  policy.input_amount = o.input_amount;
  policy.output_amount = x_offer->quote.amount_out;
  policy.max_rent_lamports = x_token_account_rent;
  policy.wallet = o.wallet;
  policy.wallet_accounts = o.wallet_accounts;
  return policy;
}

swap_expectation swap_plan::expectation() const {
  const auto& o = x_setup.o;
  swap_expectation expected;
  expected.vault = o.vault;
  expected.input_mint = o.input.mint;
  expected.input_token_program = o.input.token_program;
  expected.output_mint = o.output.mint;
  expected.output_token_program = o.output.token_program;
  expected.input_amount = o.input_amount;
  expected.minimum_output = x_minimum_output;
  expected.through_vault_token_account = !x_by_maker;
  return expected;
}

}  // namespace landfall::executor
