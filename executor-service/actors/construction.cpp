#include "executor-service/actors/construction.hpp"

#include <algorithm>
#include <utility>

#include "common/fault/fault_point.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/lookup_table.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/actors/await.hpp"
#include "executor-service/core/guard.hpp"
#include "executor-service/core/maker_guard.hpp"
#include "executor-service/core/order_transactions.hpp"

namespace landfall::executor {

using fault::effect;

namespace {

constexpr std::uint32_t max_compute_units = 1'400'000;
constexpr std::size_t max_lookup_tables = 16;

/// The accounts that every construction reads, in this order.
enum account_index : std::size_t { order_account_at, output_account_at, vault_token_account_at, fee_payer_at };

struct construction_state {
  static inline const char* name = "construction";

  construction_actor::pointer self = nullptr;
  order o;
  attempt_kind kind = attempt_kind::swap;
  std::shared_ptr<const order_dependencies> with;
  caf::typed_response_promise<constructed> promise;

  /// The four accounts that every construction reads, then those that the router's instructions may write besides.
  std::vector<solana::pubkey> keys;
  accounts_view accounts;
  std::uint64_t token_account_rent = 0;
  /// Chosen beforehand: a maker is asked under it.
  domain::attempt_id id = domain::attempt_id::random();
  std::optional<route> found;
  std::shared_ptr<const maker::offer> offered;
  bool maker_asked = false;
  /// The maker's offer is the better one, and nothing has spoken against it so far.
  bool by_maker = false;
  std::vector<solana::address_lookup_table> tables;
  fee_settings fees;
  std::vector<solana::instruction> instructions;
  chain::fresh_blockhash hash;
  domain::token_amount minimum_output;
  bool simulated_once = false;

  void answer(built_result result) {
    promise.deliver(constructed{std::make_shared<const built_result>(std::move(result))});
    self->quit();
  }
  void later(std::string reason, std::string detail = {}) {
    answer(built::later{std::move(reason), std::move(detail)});
  }
  void refuse(std::string reason, std::string detail = {}) {
    // The router's route is there all the time.
    if (by_maker)
      return leave_maker(reason, detail);
    answer(built::refused{std::move(reason), std::move(detail)});
  }

  /// One request; an error means that nobody answered, and proves nothing.
  template <class Actor, class Request, class Then>
  void ask(const fault::point& at, const Actor& whom, Request request, const char* unanswered, Then then) {
    await(at, self, whom, with->config.request_timeout, std::move(request), std::move(then),
          [this, unanswered](const caf::error& e) { later(unanswered, caf::to_string(e)); });
  }
  fault::point point_of(effect what) const {
    return {what, to_string(kind)};
  }

  // --- the steps, in their order ---

  void start() {
    keys = {o.order_account, o.output_account, vault_input_account(o), with->fee_payer};
    for (const auto& a : o.attempts)
      if (const auto slot = a.slot ? a.slot : a.confirmed_slot)
        accounts.context_slot = std::max(accounts.context_slot, *slot);
    read_accounts([this] { on_accounts(); });
  }

  /// All of `keys` from one bank, no older than what was seen before.
  template <class Then>
  void read_accounts(Then then) {
    chain::accounts_request request;
    request.keys = keys;
    request.level = commitment::confirmed;
    if (accounts.context_slot > 0)
      request.min_context_slot = accounts.context_slot;
    ask(point_of(effect::accounts_read), with->chain, std::move(request), "accounts_unread",
        [this, then](const chain::accounts_read& read) {
          if (read.view.accounts.size() != keys.size())
            return later("accounts_unread", "the endpoint showed another number of accounts than asked");
          accounts = read.view;
          then();
        });
  }

  /// What a token account of the vault's holds; no amount where it is none.
  token_balance balance_at(account_index at, const token& t) const {
    token_balance balance;
    const auto& account = accounts.accounts[at];
    if (!account)
      return balance;
    balance.lamports = account->lamports;
    if (account->owner != t.token_program)
      return balance;
    const auto decoded = solana::token::decode_account(account->data);
    if (decoded.ok() && decoded->owner == o.vault && decoded->mint == t.mint)
      balance.amount = domain::token_amount{decoded->amount};
    return balance;
  }

  void on_accounts() {
    const auto lamports = accounts.accounts[fee_payer_at] ? accounts.accounts[fee_payer_at]->lamports : 0;
    with->metrics.fee_payer_lamports.set(static_cast<double>(lamports));
    if (lamports < with->config.min_fee_payer_lamports)
      return later("fee_payer_low", "the fee payer " + with->fee_payer.to_string() + " holds " +
                                        std::to_string(lamports) + " lamports, below its minimum of " +
                                        std::to_string(with->config.min_fee_payer_lamports) + ": send it SOL");
    switch (kind) {
      case attempt_kind::swap:
        return route_swap();
      case attempt_kind::payout:
        return pay(balance_at(output_account_at, o.output), o.output_amount, [this](domain::token_amount amount) {
          return payout_instructions(o, with->fee_payer, fees, amount);
        });
      case attempt_kind::refund:
        return pay(balance_at(order_account_at, o.input), o.input_amount, [this](domain::token_amount amount) {
          return refund_instructions(o, with->fee_payer, fees, amount);
        });
      case attempt_kind::close:
        return close();
      case attempt_kind::deposit:
        return refuse("deposits_are_signed_by_users");
    }
  }

  // --- swap ---

  void route_swap() {
    const auto balance = balance_at(order_account_at, o.input);
    if (!balance.amount || *balance.amount < o.input_amount)
      // One endpoint's word. If it is true, nobody can sell what is not there, and the verifier tells of it.
      return later("order_account_short", "the order account holds " +
                                              (balance.amount ? balance.amount->to_string() : std::string{"nothing"}) +
                                              " of " + o.input_amount.to_string());
    route_request request;
    request.what = {o.input.mint, o.output.mint, o.input_amount,
                    o.slippage_bps.value_or(with->config.automatic_slippage_bps), 40};
    request.how = {o.vault, o.output_account};
    ask({effect::route}, with->router, std::move(request), "router_unreachable", [this](const route_reply& reply) {
      if (reply.error && reply.error->is_transient())
        return later("router_unreachable", reply.error->message);
      if (reply.error)
        return refuse(reply.error->what == router_error::kind::no_route ? "no_route" : "router_refused",
                      reply.error->code + " " + reply.error->message);
      found = *reply.found;
      choose();
    });
    if (with->maker && may_ask_makers(o))
      ask_makers();
  }

  // --- the router's quote is the yardstick; a maker has to pay more ---

  void ask_makers() {
    maker_asked = true;
    maker_quote_request request{id.to_string(), o.input.mint, o.output.mint, o.input_amount, o.vault};
    await(
        {effect::maker_offers}, self, with->maker, with->config.request_timeout,
        maker::quote_request{std::move(request)}, [this](const maker::offers& answer) { on_offers(answer.best); },
        [this](const caf::error&) { on_offers(nullptr); });
  }

  void on_offers(std::shared_ptr<const maker::offer> best) {
    offered = std::move(best);
    maker_asked = false;
    if (found)
      choose();
  }

  void choose() {
    if (maker_asked)
      return;
    if (!offered || offered->quote.amount_out <= found->offer.out_amount)
      return on_route();
    by_maker = true;
    minimum_output = offered->quote.amount_out;
    if (const auto checked = check_maker_key(maker_terms_policy()); !checked)
      return refuse("maker_refused", checked.error().sentence);
    read_rent();
  }

  void leave_maker(const std::string& reason, const std::string& detail) {
    with->metrics.makers_refused.inc();
    runtime::log_warn("maker_left",
                      {{"order_id", o.id.to_string()}, {"maker", offered->maker}, {"why", reason}, {"detail", detail}});
    by_maker = false;
    simulated_once = false;
    fees = {};
    on_route();
  }

  [[nodiscard]] maker_policy maker_terms_policy() const {
    maker_policy policy;
    policy.maker = offered->quote.maker;
    policy.fee_payer = with->fee_payer;
    policy.vault = o.vault;
    policy.order_account = o.order_account;
    policy.output_account = o.output_account;
    policy.input_mint = o.input.mint;
    policy.input_token_program = o.input.token_program;
    policy.output_mint = o.output.mint;
    policy.output_token_program = o.output.token_program;
    policy.input_amount = o.input_amount;
    policy.output_amount = offered->quote.amount_out;
    policy.max_rent_lamports = token_account_rent;
    policy.wallet = o.wallet;
    policy.wallet_accounts = o.wallet_accounts;
    return policy;
  }

  void on_route() {
    const auto slippage = o.slippage_bps.value_or(with->config.automatic_slippage_bps);
    // Our own bound, which the transaction itself enforces. The router's threshold is not asked for.
    minimum_output = std::max(domain::less_slippage(found->offer.out_amount, slippage), domain::token_amount{1});
    router_policy policy;
    policy.vault = o.vault;
    policy.fee_payer = with->fee_payer;
    policy.order_account = o.order_account;
    policy.output_account = o.output_account;
    policy.vault_token_account = vault_input_account(o);
    policy.input_amount = o.input_amount;
    policy.allowed_programs = with->config.router_programs;
    policy.wallet_accounts = o.wallet_accounts;
    const auto router_instructions = found->instructions.in_order();
    if (const auto checked = check_router_instructions(router_instructions, policy); !checked)
      return refuse("router_instructions_refused", checked.error().sentence);
    if (found->instructions.lookup_tables.size() > max_lookup_tables)
      return refuse("router_instructions_refused", "the route needs too many lookup tables");
    // Whatever else the instructions may write is looked at before and after the simulation: one vault signs for all
    // orders of its wallet.
    for (const auto& instruction : router_instructions)
      for (const auto& meta : instruction.accounts)
        if (meta.is_writable && std::find(keys.begin(), keys.end(), meta.key) == keys.end())
          keys.push_back(meta.key);
    if (keys.size() > max_accounts_per_call)
      return refuse("router_instructions_refused", "the route writes too many accounts");
    read_accounts([this] { read_rent(); });
  }

  void read_rent() {
    ask({effect::rent_read}, with->chain, chain::rent_request{solana::token::account_bytes}, "rent_unread",
        [this](const chain::rent& rent) {
          // The fee payer pays it, and one endpoint names it.
          if (rent.lamports > with->config.max_token_account_rent_lamports)
            return later("rent_not_believed", "an endpoint asks " + std::to_string(rent.lamports) +
                                                  " lamports for a token account, more than the bound of " +
                                                  std::to_string(with->config.max_token_account_rent_lamports));
          token_account_rent = rent.lamports;
          read_tables();
        });
  }

  void read_tables() {
    if (by_maker || found->instructions.lookup_tables.empty())
      return estimate_fee();
    chain::accounts_request request;
    request.keys = found->instructions.lookup_tables;
    request.min_context_slot = accounts.context_slot;
    ask({effect::lookup_tables_read}, with->chain, std::move(request), "lookup_tables_unread",
        [this](const chain::accounts_read& read) {
          for (std::size_t i = 0; i < read.view.accounts.size(); ++i) {
            const auto& account = read.view.accounts[i];
            if (!account || account->owner != solana::programs::address_lookup_table)
              return refuse("router_instructions_refused", "a lookup table of the route does not exist");
            const auto table = solana::decode_lookup_table(account->data);
            if (!table)
              return refuse("router_instructions_refused", "a lookup table of the route cannot be read");
            tables.push_back(table->usable_at(found->instructions.lookup_tables[i], read.view.context_slot));
          }
          estimate_fee();
        });
  }

  // --- payout and refund ---

  /// Exactly what is known to be final is paid; what strangers sent besides goes home when the account is closed.
  /// Counting it here would make a block that is undone look like money that moved.
  template <class Compose>
  void pay(const token_balance& balance, std::optional<domain::token_amount> known, Compose compose) {
    if (!balance.amount || balance.amount->units() == 0 || (known && *balance.amount < *known))
      return later("balance_not_there", "the account to pay from holds " +
                                            (balance.amount ? balance.amount->to_string() : std::string{"nothing"}) +
                                            " of " + (known ? known->to_string() : std::string{"an unknown amount"}));
    paid = known.value_or(*balance.amount);
    compose_payment = std::move(compose);
    estimate_fee();
  }
  domain::token_amount paid;
  std::function<std::vector<solana::instruction>(domain::token_amount)> compose_payment;

  // --- close ---

  std::vector<solana::instruction> closing() const {
    const auto there = [](const token_balance& b) {
      return b.amount ? std::optional<token_balance>{b} : std::optional<token_balance>{};
    };
    return close_instructions(o, with->fee_payer, fees, there(balance_at(order_account_at, o.input)),
                              there(balance_at(output_account_at, o.output)));
  }
  void close() {
    if (closing().empty())
      return answer(built::nothing{});
    estimate_fee();
  }

  // --- common to all ---

  void estimate_fee() {
    chain::fee_request request;
    request.writable_accounts = {o.order_account, o.output_account, with->fee_payer};
    ask(point_of(effect::priority_fee_read), with->chain, std::move(request), "fee_unread",
        [this](const chain::fee_estimate& estimate) {
          fees.compute_unit_price_micro_lamports = estimate.micro_lamports_per_unit;
          fetch_blockhash();
        });
  }

  void fetch_blockhash() {
    ask(point_of(effect::blockhash_read), with->chain, chain::blockhash_request{}, "no_fresh_blockhash",
        [this](const chain::fresh_blockhash& fresh) {
          hash = fresh;
          compile();
        });
  }

  void compose() {
    switch (kind) {
      case attempt_kind::swap:
        if (by_maker) {
          instructions = maker_swap_instructions(o, with->fee_payer, fees, balance_at(output_account_at, o.output),
                                                 token_account_rent, {offered->quote.maker, offered->quote.amount_out});
          return;
        }
        instructions = swap_instructions(o, with->fee_payer, fees, balance_at(output_account_at, o.output),
                                         token_account_rent, found->instructions.in_order(), minimum_output);
        return;
      case attempt_kind::payout:
      case attempt_kind::refund:
        instructions = compose_payment(paid);
        return;
      default:
        instructions = closing();
    }
  }

  void compile() {
    compose();
    auto message =
        solana::compile_message(by_maker ? offered->quote.maker : with->fee_payer, instructions, hash.hash, tables);
    if (!message)
      return refuse("transaction_too_large", std::string{solana::to_string(message.error())});
    if (const auto checked = by_maker ? check_maker_message(*message, maker_terms_policy()) : check_ours(*message);
        !checked)
      return refuse("transaction_refused", checked.error().sentence);
    if (simulated_once)
      return sign(*message);
    simulate(*message);
  }

  [[nodiscard]] guard_result check_ours(const solana::message& message) const {
    compiled_policy policy;
    policy.fee_payer = with->fee_payer;
    policy.vault = o.vault;
    policy.own_accounts = {o.order_account, o.output_account, vault_input_account(o)};
    if (kind != attempt_kind::swap)
      policy.own_accounts.clear();
    policy.instructions = instructions;
    policy.lookup_tables = tables;
    if (kind == attempt_kind::swap)
      if (auto checked = check_outlay(
              instructions, {with->fee_payer, token_account_rent, with->config.max_fee_payer_outlay_lamports});
          !checked)
        return checked;
    return check_compiled(message, policy);
  }

  void simulate(const solana::message& message) {
    const auto bytes = solana::serialize(solana::make_transaction(message));
    if (!bytes)
      return refuse("transaction_too_large", std::string{solana::to_string(bytes.error())});
    chain::simulate_request request;
    request.transaction = *bytes;
    request.options.level = commitment::confirmed;
    request.options.min_context_slot = std::max(accounts.context_slot, hash.context_slot);
    request.options.accounts = keys;
    ask(point_of(effect::simulation), with->chain, std::move(request), "not_simulated",
        [this](const chain::simulated& simulated) { on_simulated(simulated.result); });
  }

  static std::optional<account_info> view_of(const std::optional<account_info>& account) {
    if (!account || account->lamports == 0)
      return std::nullopt;
    return account;
  }

  void on_simulated(const simulation& seen) {
    if (seen.err) {
      // The node that simulates may not know the blockhash yet: that says nothing about the transaction.
      if (*seen.err == "\"BlockhashNotFound\"")
        return later("not_simulated", *seen.err);
      const auto last_log = seen.logs.empty() ? std::string{} : ": " + seen.logs.back();
      return refuse("simulation_failed", *seen.err + last_log);
    }
    if (kind == attempt_kind::swap) {
      if (seen.accounts.size() != keys.size())
        return later("not_simulated", "the endpoint did not show the accounts");
      simulated_swap swap;
      const auto change = [&](std::size_t at) {
        return account_change{view_of(accounts.accounts[at]), view_of(seen.accounts[at])};
      };
      swap.order_account = change(order_account_at);
      swap.output_account = change(output_account_at);
      swap.vault_token_account = change(vault_token_account_at);
      swap.fee_payer = change(fee_payer_at);
      for (std::size_t at = fee_payer_at + 1; at < keys.size(); ++at)
        swap.others.push_back(change(at));
      swap_expectation expected;
      expected.vault = o.vault;
      expected.input_mint = o.input.mint;
      expected.input_token_program = o.input.token_program;
      expected.output_mint = o.output.mint;
      expected.output_token_program = o.output.token_program;
      expected.input_amount = o.input_amount;
      expected.minimum_output = minimum_output;
      expected.through_vault_token_account = !by_maker;
      if (const auto checked = check_simulation(swap, expected); !checked)
        return refuse("simulation_refused", checked.error().sentence);
    }
    // A fifth more than was used: prices are charged on the limit, and accounts may differ a little when it lands.
    if (seen.units_consumed)
      fees.compute_unit_limit =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(max_compute_units, *seen.units_consumed * 6 / 5 + 20'000));
    simulated_once = true;
    compile();
  }

  void sign(const solana::message& message) {
    sign_request request{message, o.wallet};
    if (by_maker)
      request.maker = offered->quote.maker;
    ask(point_of(effect::signature), with->signer, std::move(request), "signer_unreachable",
        [this](const sign_reply& reply) {
          if (!reply.refused.empty())
            return refuse("not_signed", reply.refused);
          built::ready ready;
          ready.what.id = id;
          ready.what.kind = kind;
          ready.what.ordinal = o.count(kind) + 1;
          ready.what.signature = reply.signature;
          ready.what.transaction = reply.transaction;
          ready.what.blockhash = hash.hash;
          ready.what.last_valid_block_height = hash.last_valid_block_height;
          ready.what.signed_at = with->clock->now();
          if (kind == attempt_kind::swap) {
            ready.what.order_account_balance = o.input_amount;
            ready.what.expected_input = o.input_amount;
            ready.what.minimum_output = minimum_output;
            ready.quote = by_maker ? offered->quote.raw : found->offer.raw;
            if (by_maker) {
              with->metrics.makers_taken.inc();
              ready.what.maker = offered->maker;
            }
          } else if (kind != attempt_kind::close) {
            // Of the account that pays: the output account for a payout.
            ready.what.order_account_balance = paid;
            ready.what.expected_input = paid;
          }
          answer(std::move(ready));
        });
  }
};

}  // namespace

construction_actor spawn_construction(caf::actor_system& system, order o, attempt_kind kind,
                                      std::shared_ptr<const order_dependencies> with) {
  return system.spawn(
      [](construction_actor::stateful_pointer<construction_state> self, order wanted, attempt_kind what,
         std::shared_ptr<const order_dependencies> dependencies) -> construction_actor::behavior_type {
        auto& state = self->state;
        state.self = self;
        state.o = std::move(wanted);
        state.kind = what;
        state.with = std::move(dependencies);
        return {[self](construct) {
          self->state.promise = self->template make_response_promise<constructed>();
          self->state.start();
          return self->state.promise;
        }};
      },
      std::move(o), kind, std::move(with));
}

}  // namespace landfall::executor
