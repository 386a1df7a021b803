#include "tests/simulation/builder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "common/solana/keypair.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/order/build/core/make_plan.hpp"
#include "tests/simulation/order_driver.hpp"
#include "tests/simulation/process.hpp"
#include "tests/support/foreign_instructions.hpp"
#include "tests/support/token_accounts.hpp"

namespace landfall::simulation {

namespace answer = executor::answer;
namespace built = executor::built;
namespace question = executor::question;
using executor::attempt_kind;
using solana::account_info;
using solana::pubkey;

namespace {

constexpr std::uint64_t token_account_rent = 2'039'280;
constexpr const char* blockhash_not_found = "\"BlockhashNotFound\"";
constexpr pubkey usdc_mint = pubkey::literal("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v");
constexpr pubkey usdt_mint = pubkey::literal("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB");

/// Some account, identified by its role and, if it is an order's, by that order's number.
pubkey key_of(std::uint8_t role, std::size_t number = 0) {
  auto bytes = bytes_of<32>(number);
  bytes.back() = role;
  return pubkey{bytes};
}
const pubkey fee_payer = key_of(1);
const pubkey swap_program = key_of(2);
const pubkey pool = key_of(3);

/// A maker has to be able to sign.
const pubkey& maker_key() {
  static const auto key = solana::keypair::from_seed(bytes_of<32>(4))->public_key();
  return key;
}

executor::token token_of(int decimals, const pubkey& mint) {
  return {decimals == 9 ? solana::mints::wrapped_sol : mint, {}, decimals, solana::programs::token};
}

account_info token_account(const executor::token& t, const pubkey& owner, std::uint64_t amount) {
  return {token_account_rent, t.token_program, landfall::tests::token_account_data(t.mint, owner, amount)};
}

solana::blockhash hash_of(const process::fresh_blockhash& fresh) {
  auto bytes = bytes_of<32>(fresh.id);
  for (std::size_t i = 0; i < 8; ++i)
    bytes[8 + i] = static_cast<std::uint8_t>(fresh.height >> (8 * i));
  return solana::blockhash{bytes};
}

}  // namespace

void identify(executor::order& o, std::size_t number) {
  o.wallet = key_of(5, number);
  o.vault = key_of(6, number);
  o.order_account = key_of(7, number);
  o.output_account = key_of(8, number);
  o.input = token_of(o.input.decimals, usdc_mint);
  o.output = token_of(o.output.decimals, usdt_mint);
  o.wallet_accounts =
      std::make_shared<const executor::account_set>(std::vector<pubkey>{o.order_account, o.output_account});
}

void simulated_builder::start(const executor::order& o, attempt_kind kind,
                              std::function<void(executor::built_result)> done) {
  ++build_;
  open_.clear();
  done_ = std::move(done);
  o_ = o;
  kind_ = kind;
  number_ = static_cast<std::size_t>(number_of(o.id.bytes())) - 1;
  executor::build_policy policy;
  policy.router_programs = {swap_program};
  // Named after the transaction once there is one.
  plan_ = executor::make_plan({o, kind, domain::attempt_id{}, fee_payer, w_.plan.maker > 0, std::move(policy)});
  perform(plan_->start());
}

void simulated_builder::perform(executor::build_step step) {
  for (const auto& event : step.events)
    if (const auto* left = std::get_if<executor::build_event::maker_left>(&event))
      w_.tell("  process ", home_.number(), " order ", number_, " leaves the maker: ", left->reason);
  for (auto& q : step.ask)
    ask(std::move(q));
  if (step.result)
    finish(*std::move(step.result));
}

void simulated_builder::ask(executor::build_question question) {
  auto answer = std::visit([this](const auto& q) { return answer_to(q); }, question);
  // The blockhash is held by the process, the signer is part of it.
  const bool at_hand = std::holds_alternative<question::blockhash>(question) ||
                       std::holds_alternative<question::signature>(question) ||
                       std::holds_alternative<question::rent>(question);
  open_.push_back({std::move(question), std::move(answer)});
  home_.later(at_hand ? 0 : w_.network_ms(), serial_, [this, build = build_, at = open_.size() - 1](order_driver&) {
    if (build == build_)
      on_answer(std::exchange(open_[at], {}));
  });
}

void simulated_builder::on_answer(const open_question& asked) {
  if (asked.answer)
    return perform(plan_->take(*asked.answer));
  perform(std::visit(
      [this]<class Question>(const Question&) { return plan_->template unanswered<Question>("nobody answers"); },
      asked.question));
}

void simulated_builder::finish(executor::built_result result) {
  // What is still under way answers nobody.
  ++build_;
  if (auto* ready = std::get_if<built::ready>(&result))
    ready->what.id = attempt_id_of(signed_);
  if (const auto* refused = std::get_if<built::refused>(&result);
      refused != nullptr && refused->detail.starts_with(blockhash_not_found))
    w_.checker.fail(w_.database.orders()[number_], "a try was used up by an endpoint that does not know the blockhash");
  std::exchange(done_, nullptr)(std::move(result));
}

// --- answers ---

std::vector<std::optional<account_info>> simulated_builder::view_of(const std::vector<pubkey>& keys,
                                                                    const bank_account& account, bool swapped) const {
  std::vector<std::optional<account_info>> views;
  for (const auto& key : keys) {
    std::optional<account_info> view;
    if (key == o_.order_account && account.order_open)
      view = token_account(o_.input, o_.vault, account.order_balance);
    else if (key == o_.output_account && account.output_open)
      view = token_account(o_.output, o_.vault, account.output_balance);
    else if (key == fee_payer)
      view = account_info{1'000'000'000, solana::programs::system, {}};
    else if (swapped && key == executor::vault_input_account(o_))
      view = token_account(o_.input, o_.vault, 0);
    views.push_back(std::move(view));
  }
  return views;
}

simulated_builder::answered simulated_builder::answer_to(const question::accounts& q) {
  const auto read = w_.read_account(number_, q.min_context_slot);
  if (!read)
    return std::nullopt;
  return answer::accounts{read->slot, view_of(q.keys, read->account, false)};
}

simulated_builder::answered simulated_builder::answer_to(const question::route& q) {
  const bool silent = w_.goes_wrong(w_.plan.router_trouble);
  const bool refuses = w_.goes_wrong(w_.plan.router_trouble / 2);
  if (silent)
    return std::nullopt;
  if (refuses)
    return answer::route{
        {nullptr, executor::router_error{executor::router_error::kind::no_route, "none", "NONE", 400, {}}}};
  quoted_ = 900 + w_.dice.below(200);
  executor::route found;
  found.offer.in_amount = q.what.what.amount;
  found.offer.out_amount = domain::token_amount{quoted_};
  found.instructions.swap = {swap_program,
                             {solana::readonly_signer(o_.vault), solana::writable(executor::vault_input_account(o_)),
                              solana::writable(pool), solana::writable(o_.output_account)},
                             {1}};
  return answer::route{{std::make_shared<const executor::route>(std::move(found)), {}}};
}

simulated_builder::answered simulated_builder::answer_to(const question::offers&) {
  if (w_.goes_wrong(w_.plan.maker_trouble / 4))
    return std::nullopt;
  const bool better = w_.dice.chance(w_.plan.maker);
  const bool worse = !better && w_.dice.chance(500);
  if (quoted_ == 0 || (!better && !worse))
    return answer::offers{};
  const auto amount = better ? quoted_ + 1 + w_.dice.below(50) : quoted_ - w_.dice.below(50);
  return answer::offers{std::make_shared<const executor::maker_offer>(
      executor::maker_offer{"maker", {maker_key(), domain::token_amount{amount}, {}}})};
}

simulated_builder::answered simulated_builder::answer_to(const question::rent&) {
  if (w_.plan.lying != lie::none && w_.goes_wrong(100))
    return answer::rent{4'000'001 + w_.dice.below(900'000)};
  return answer::rent{token_account_rent};
}

simulated_builder::answered simulated_builder::answer_to(const question::lookup_tables&) {
  return std::nullopt;
}

simulated_builder::answered simulated_builder::answer_to(const question::fee&) {
  return answer::fee{1'000};
}

simulated_builder::answered simulated_builder::answer_to(const question::blockhash&) {
  const auto fresh = home_.blockhash();
  if (!fresh)
    return std::nullopt;
  return answer::blockhash{fresh->slot, hash_of(*fresh), fresh->height + 150};
}

simulated_builder::answered simulated_builder::answer_to(const question::simulation& q) {
  if (w_.goes_wrong(w_.plan.rpc_error / 2))
    return std::nullopt;
  const auto view = w_.backend();
  const auto height = w_.chain.confirmed(view);
  answer::simulation seen;
  seen.units_consumed = 30'000;
  const auto t = read(solana::parse_transaction(q.transaction)->body);
  if (height < t.hash_height || w_.chain.at(view, t.hash_height).id != t.hash_id) {
    seen.err = blockhash_not_found;
    return seen;
  }
  if (w_.chain.at(view, height).slot < q.min_context_slot)
    return std::nullopt;
  auto account = w_.chain.account(view, height, number_);
  const bool slips = kind_ == attempt_kind::swap && w_.goes_wrong(w_.plan.slippage / 2);
  if (slips || !executed(t, account)) {
    seen.err = R"({"InstructionError":[2,{"Custom":1}]})";
    return seen;
  }
  seen.accounts = view_of(q.accounts, account, kind_ == attempt_kind::swap && !t.by_maker);
  return seen;
}

simulated_builder::answered simulated_builder::answer_to(const question::signature& q) {
  auto t = read(q.message);
  if (kind_ == attempt_kind::swap && !t.by_maker && w_.goes_wrong(w_.plan.short_fill)) {
    t.give = quoted_ - 110;
    t.short_fill = true;
  }
  signed_ = w_.chain.sign(t);
  w_.tell("  process ", home_.number(), " signs ", to_string(kind_), " #", signed_, t.by_maker ? " for the maker" : "",
          " of order ", number_, " under epoch ", o_.lease_epoch, ", last valid height ", t.last_valid_height());
  answer::signature given;
  if (!q.maker)
    given.id = signature_of(signed_);
  given.transaction = {1};
  given.signed_at = home_.now();
  return given;
}

sim_transaction simulated_builder::read(const solana::message& message) const {
  sim_transaction t;
  t.order = number_;
  t.kind = kind_;
  const auto& hash = message.recent_blockhash.bytes();
  t.hash_id = number_of(hash);
  for (std::size_t i = 0; i < 8; ++i)
    t.hash_height |= static_cast<std::uint64_t>(hash[8 + i]) << (8 * i);
  t.by_maker = message.static_keys.front() != fee_payer;
  t.quoted = t.give = quoted_;
  t.native_input = o_.input.mint == solana::mints::wrapped_sol;
  t.native_output = o_.output.mint == solana::mints::wrapped_sol;
  const auto instructions = solana::resolve_instructions(message).value();
  for (const auto& i : instructions) {
    if (const auto moved = solana::token::decode_transfer_checked(i)) {
      if (moved->destination == o_.output_account)
        t.give = moved->amount;
      else if (kind_ == attempt_kind::close && moved->source == o_.output_account)
        t.close_output = moved->amount;
      else
        t.take = moved->amount;
    } else if (const auto self_transfer = landfall::tests::token::decode_transfer(i)) {
      t.floor = self_transfer->amount;
    } else if (const auto closed = landfall::tests::token::decode_close_account(i)) {
      (closed->account == o_.order_account ? t.closes_order : t.closes_output) = true;
      if (closed->account == o_.output_account)
        t.output_to_fee_payer = closed->destination == fee_payer;
    } else if (const auto paid = solana::system::decode_transfer(i)) {
      (paid->to == o_.output_account ? t.rent : t.take) = paid->lamports;
    }
  }
  return t;
}

}  // namespace landfall::simulation
