#include "executor-service/order/build/core/guard.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "common/solana/associated_token.hpp"
#include "common/solana/compute_budget.hpp"
#include "common/solana/curve.hpp"
#include "common/solana/memo.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/system.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"

namespace landfall::executor {

namespace programs = solana::programs;
namespace token = solana::token;
using domain::token_amount;
using solana::instruction;
using solana::pubkey;

namespace {

pubkey key(std::uint8_t n) {
  std::array<std::uint8_t, 32> raw{};
  raw.fill(n);
  return pubkey{raw};
}

const pubkey vault = key(1);
const pubkey fee_payer = key(2);
const pubkey order_account = key(3);
const pubkey output_account = key(4);
const pubkey vault_tokens = key(5);
const pubkey stranger = key(6);
const pubkey pool = key(7);
const pubkey swap_program = key(8);
const pubkey other_order = key(9);
const pubkey input_mint = key(10);
const pubkey output_mint = key(11);
constexpr std::uint64_t input = 1'000;

router_policy policy() {
  router_policy p;
  p.vault = vault;
  p.fee_payer = fee_payer;
  p.order_account = order_account;
  p.output_account = output_account;
  p.vault_token_account = vault_tokens;
  p.input_amount = token_amount{input};
  p.allowed_programs = {swap_program, programs::token, programs::token_2022, programs::associated_token,
                        programs::memo_v3};
  p.wallet_accounts =
      std::make_shared<const account_set>(std::vector<pubkey>{other_order, order_account, output_account});
  return p;
}

instruction swap() {
  return {swap_program,
          {solana::readonly_signer(vault), solana::writable(vault_tokens), solana::writable(pool),
           solana::writable(output_account), solana::readonly(programs::token)},
          {1, 2, 3}};
}

/// As the token program batches: tag, then for each call its number of accounts, length and data.
instruction batch(const std::vector<instruction>& calls) {
  instruction b{programs::token, {}, {255}};
  for (const auto& c : calls) {
    b.data.push_back(static_cast<std::uint8_t>(c.accounts.size()));
    b.data.push_back(static_cast<std::uint8_t>(c.data.size()));
    b.data.insert(b.data.end(), c.data.begin(), c.data.end());
    b.accounts.insert(b.accounts.end(), c.accounts.begin(), c.accounts.end());
  }
  return b;
}

instruction with(instruction i, const solana::account_meta& more) {
  i.accounts.push_back(more);
  return i;
}

/// Empty where it passes.
std::string refusal(const std::vector<instruction>& instructions) {
  const auto checked = check_router_instructions(instructions, policy());
  return checked ? "" : checked.error().sentence;
}

instruction token_call(std::uint8_t tag, std::vector<solana::account_meta> accounts, std::size_t size = 9) {
  instruction i{programs::token, std::move(accounts), {}};
  i.data.assign(size, 0);
  i.data[0] = tag;
  return i;
}

}  // namespace

TEST_CASE("what an honest router gives passes") {
  const std::vector<std::vector<instruction>> honest{
      {swap()},
      {solana::associated_token::create_idempotent(fee_payer, vault, output_mint), swap()},
      {solana::associated_token::create_idempotent(vault, vault, output_mint), swap()},
      {token::transfer(vault_tokens, pool, vault, input)},
      {token::transfer_checked(vault_tokens, input_mint, pool, vault, input, 6)},
      {token::transfer(vault_tokens, pool, vault, input - 1), token::transfer(vault_tokens, pool, vault, 1)},
      {batch({token::transfer(vault_tokens, pool, vault, input), token::transfer(pool, output_account, vault, 77)})},
      {token::sync_native(vault_tokens), swap()},
  };
  for (const auto& instructions : honest)
    CHECK(refusal(instructions) == "");
}

TEST_CASE("every attack by a router is refused") {
  const auto transfer_out = token::transfer(vault_tokens, pool, vault, input);
  const std::vector<std::pair<const char*, std::vector<instruction>>> attacks{
      {"nothing at all", {}},
      {"too many instructions", std::vector<instruction>(17, swap())},
      {"an unknown program", {{stranger, {}, {}}}},
      {"an unknown program behind an honest swap", {swap(), {stranger, {}, {}}}},
      {"a higher compute unit price", {solana::compute_budget::set_unit_price(1'000'000'000), swap()}},
      {"a compute unit limit", {solana::compute_budget::set_unit_limit(1), swap()}},
      {"a stranger has to sign", {with(swap(), solana::readonly_signer(stranger))}},
      {"the fee payer as signer", {with(swap(), solana::writable_signer(fee_payer))}},
      {"the fee payer, the signer flag left out", {with(swap(), solana::writable(fee_payer))}},
      {"the fee payer, only read", {with(swap(), solana::readonly(fee_payer))}},
      {"the order account, writable", {with(swap(), solana::writable(order_account))}},
      {"the order account, only read", {with(swap(), solana::readonly(order_account))}},
      {"another order's account", {with(swap(), solana::writable(other_order))}},
      {"lamports of the fee payer", {solana::system::transfer(fee_payer, stranger, 1)}},
      {"lamports of the vault", {solana::system::transfer(vault, stranger, 1)}},
      {"a System call that names none of ours", {{programs::system, {solana::writable(stranger)}, {0}}}},
      {"an account for a stranger at our cost",
       {solana::associated_token::create_idempotent(fee_payer, stranger, output_mint)}},
      {"an account paid by a stranger", {solana::associated_token::create_idempotent(stranger, vault, output_mint)}},
      {"the associated program's recovery of nested accounts",
       {{programs::associated_token, {solana::writable(vault_tokens), solana::readonly_signer(vault)}, {2}}}},
      {"the fee payer elsewhere than as payer of a new account",
       {with(solana::associated_token::create_idempotent(fee_payer, vault, output_mint), solana::writable(fee_payer))}},
      {"an approval", {token::approve(vault_tokens, stranger, vault, input)}},
      {"an approval of the output", {token::approve(output_account, stranger, vault, 1)}},
      {"an approval, checked form",
       {token_call(13, {solana::writable(vault_tokens), solana::readonly_signer(vault)}, 10)}},
      {"a new authority", {token_call(6, {solana::writable(output_account), solana::readonly_signer(vault)}, 35)}},
      {"a close of the output account", {token::close_account(output_account, stranger, vault)}},
      {"a close of the vault's token account", {token::close_account(vault_tokens, stranger, vault)}},
      {"a close of an account not known to be ours", {token::close_account(pool, stranger, vault)}},
      {"a burn", {token::burn(vault_tokens, input_mint, vault, 1)}},
      {"more than the input", {token::transfer(vault_tokens, pool, vault, input + 1)}},
      {"more than the input in two transfers", {transfer_out, token::transfer(vault_tokens, pool, vault, 1)}},
      {"more than the input by overflow",
       {token::transfer(vault_tokens, pool, vault, 1), token::transfer(vault_tokens, pool, vault, UINT64_MAX)}},
      {"more than the input in batches", {batch({transfer_out}), batch({transfer_out})}},
      {"a transfer out of the order account", {token::transfer(order_account, pool, vault, 1)}},
      {"a transfer out of the output account", {token::transfer(output_account, stranger, vault, 1)}},
      {"a transfer out of the output account into itself", {token::transfer(output_account, output_account, vault, 1)}},
      {"a transfer between accounts that may be the vault's", {token::transfer(pool, stranger, vault, 1)}},
      {"a transfer out of another order's account", {token::transfer(other_order, output_account, vault, 1)}},
      {"a transfer by another authority", {token::transfer(vault_tokens, pool, stranger, 1)}},
      {"the same in Token-2022", {token::transfer(pool, stranger, vault, 1, programs::token_2022)}},
      {"a transfer that is cut short", {token_call(3, transfer_out.accounts, 8)}},
      {"a transfer with more accounts", {with(transfer_out, solana::readonly(stranger))}},
      {"a token call without data", {{programs::token, {}, {}}}},
      {"a close hidden in a batch", {batch({transfer_out, token::close_account(output_account, stranger, vault)})}},
      {"an approval hidden in a batch", {batch({token::approve(vault_tokens, stranger, vault, 1), transfer_out})}},
      {"a batch within a batch", {batch({batch({transfer_out})})}},
      {"an empty batch", {{programs::token, {}, {255}}}},
      {"a batch whose data is cut short", {{programs::token, transfer_out.accounts, {255, 3, 9, 3}}}},
      {"a batch that counts more accounts than there are", {{programs::token, {}, {255, 3, 1, 17}}}},
      {"a batch with accounts left over", {with(batch({transfer_out}), solana::writable(stranger))}},
      {"more data than allowed", {{swap_program, {}, solana::bytes(1'025)}}},
  };
  CHECK(attacks.size() >= 45);
  for (const auto& [name, instructions] : attacks) {
    INFO(name);
    CHECK(refusal(instructions) != "");
  }
}

TEST_CASE("allowing System or ComputeBudget by mistake does not let them through") {
  auto p = policy();
  p.allowed_programs.push_back(programs::system);
  p.allowed_programs.push_back(programs::compute_budget);
  CHECK_FALSE(check_router_instructions(std::vector{solana::system::transfer(vault, stranger, 1)}, p));
  CHECK_FALSE(check_router_instructions(std::vector{solana::compute_budget::set_unit_price(1)}, p));
}

TEST_CASE("accounts of all instructions together are bounded") {
  auto i = swap();
  for (int n = 20; n < 120; ++n)
    i.accounts.push_back(solana::writable(key(static_cast<std::uint8_t>(n))));
  CHECK(refusal({i}) == "The router's instructions name more accounts than allowed.");
}

namespace {

void put(solana::bytes& data, std::size_t at, const pubkey& k) {
  std::copy(k.bytes().begin(), k.bytes().end(), data.begin() + static_cast<std::ptrdiff_t>(at));
}
void put(solana::bytes& data, std::size_t at, std::uint64_t v) {
  for (std::size_t i = 0; i < 8; ++i)
    data[at + i] = static_cast<std::uint8_t>(v >> (8U * i));
}

account_view tokens(const pubkey& mint, std::uint64_t amount, const pubkey& owner = vault) {
  account_view a;
  a.lamports = 2'039'280;
  a.owner = programs::token;
  a.data.assign(token::account_bytes, 0);
  put(a.data, 0, mint);
  put(a.data, 32, owner);
  put(a.data, 64, amount);
  a.data[108] = 1;
  return a;
}

account_view wallet(std::uint64_t lamports) {
  return {lamports, programs::system, {}};
}

void set_delegate(account_view& a) {
  a.data[72] = 1;
  put(a.data, 76, stranger);
  put(a.data, 121, std::uint64_t{1});
}
void set_close_authority(account_view& a) {
  a.data[129] = 1;
  put(a.data, 133, stranger);
}

simulated_swap good_swap() {
  simulated_swap s;
  s.order_account = {tokens(input_mint, input + 3), tokens(input_mint, 3)};
  s.output_account = {std::nullopt, tokens(output_mint, 500)};
  s.vault_token_account = {tokens(input_mint, 9), tokens(input_mint, 9)};
  s.fee_payer = {wallet(10'000'000), wallet(1'000)};
  s.others = {{tokens(input_mint, 50, pool), tokens(input_mint, 50 + input, pool)},
              {tokens(output_mint, 800, pool), tokens(output_mint, 300, pool)},
              {tokens(output_mint, 70), tokens(output_mint, 70)},
              {std::nullopt, wallet(5)}};
  return s;
}

swap_expectation expectation() {
  return {vault, input_mint, programs::token, output_mint, programs::token, token_amount{input}, token_amount{500}};
}

}  // namespace

TEST_CASE("a simulation that shows just the swap passes") {
  auto s = good_swap();
  const auto passes = [&] { return check_simulation(s, expectation()).ok(); };
  CHECK(passes());
  s.output_account.before = tokens(output_mint, 40);
  s.output_account.after = tokens(output_mint, 540);
  CHECK(passes());
  s.output_account.before = wallet(12);  // lamports that a stranger sent ahead
  CHECK(passes());
  s.vault_token_account = {std::nullopt, tokens(input_mint, 0)};
  CHECK(passes());
  s.fee_payer.after = wallet(11'000'000);
  CHECK(passes());
}

TEST_CASE("what strangers send between the look and the simulation does not hinder a swap") {
  static_assert(input >= 1'000);
  auto s = good_swap();
  s.order_account.after = tokens(input_mint, 3 + input / 1'000);
  s.vault_token_account.after = tokens(input_mint, 9 + input / 1'000);
  CHECK(check_simulation(s, expectation()).ok());
}

TEST_CASE("what the fee payer pays is bounded by the instructions alone") {
  namespace system = solana::system;
  constexpr std::uint64_t rent = 2'039'280;
  constexpr std::uint64_t fee = 10'000;
  const auto create = [](const pubkey& payer) {
    return solana::associated_token::create_idempotent(payer, vault, input_mint);
  };
  const auto within = [&](const std::vector<instruction>& list, std::uint64_t max) {
    return check_outlay(list, {fee_payer, rent, max}).ok();
  };
  const auto exactly = [&](const std::vector<instruction>& list, std::uint64_t outlay) {
    CHECK(within(list, outlay));
    CHECK_FALSE(within(list, outlay - 1));
  };
  exactly({}, fee);
  exactly({system::transfer(fee_payer, stranger, 7)}, fee + 7);
  exactly({system::transfer(stranger, fee_payer, 7)}, fee);
  exactly({create(fee_payer)}, fee + rent);
  exactly({create(fee_payer), create(fee_payer), create(vault)}, fee + 2 * rent);
  // A price is in micro-lamports a unit, and rounded up.
  exactly({solana::compute_budget::set_unit_limit(1'400'000), solana::compute_budget::set_unit_price(1)}, fee + 2);
  CHECK_FALSE(
      within({system::transfer(fee_payer, stranger, UINT64_MAX), system::transfer(fee_payer, stranger, UINT64_MAX)},
             UINT64_MAX));
  CHECK_FALSE(
      within({solana::compute_budget::set_unit_limit(UINT32_MAX), solana::compute_budget::set_unit_price(UINT64_MAX)},
             UINT64_MAX / 2));
}

TEST_CASE("a simulation that shows anything else is refused") {
  const std::vector<std::pair<const char*, std::function<void(simulated_swap&)>>> attacks{
      {"less than the input is taken",
       [](auto& s) { s.order_account.after = tokens(input_mint, 3 + input / 1'000 + 1); }},
      {"more than the input is taken", [](auto& s) { s.order_account.after = tokens(input_mint, 2); }},
      {"nothing is taken", [](auto& s) { s.order_account.after = s.order_account.before; }},
      {"the order account held too little", [](auto& s) { s.order_account.before = tokens(input_mint, input - 1); }},
      {"the order account is closed", [](auto& s) { s.order_account.after.reset(); }},
      {"the order account was not there", [](auto& s) { s.order_account.before.reset(); }},
      {"the order account loses lamports", [](auto& s) { --s.order_account.after->lamports; }},
      {"the order account gets another owner",
       [](auto& s) { s.order_account.after = tokens(input_mint, 3, stranger); }},
      {"the order account gets a delegate", [](auto& s) { set_delegate(*s.order_account.after); }},
      {"one unit less than the minimum", [](auto& s) { s.output_account.after = tokens(output_mint, 499); }},
      {"the minimum was there before", [](auto& s) { s.output_account.before = tokens(output_mint, 1); }},
      {"the output shrinks",
       [](auto& s) {
         s.output_account = {tokens(output_mint, UINT64_MAX), tokens(output_mint, 499)};
       }},
      {"no output account", [](auto& s) { s.output_account.after.reset(); }},
      {"output of another mint", [](auto& s) { s.output_account.after = tokens(input_mint, 500); }},
      {"output that is somebody else's", [](auto& s) { s.output_account.after = tokens(output_mint, 500, stranger); }},
      {"output with a delegate", [](auto& s) { set_delegate(*s.output_account.after); }},
      {"output that somebody else may close", [](auto& s) { set_close_authority(*s.output_account.after); }},
      {"output that is frozen", [](auto& s) { s.output_account.after->data[108] = 2; }},
      {"output that is no token account", [](auto& s) { s.output_account.after->data.resize(80); }},
      {"output under another program", [](auto& s) { s.output_account.after->owner = stranger; }},
      {"output under the other token program", [](auto& s) { s.output_account.after->owner = programs::token_2022; }},
      {"input left at the vault",
       [](auto& s) { s.vault_token_account.after = tokens(input_mint, 9 + input / 1'000 + 1); }},
      {"dust of the vault taken", [](auto& s) { s.vault_token_account.after = tokens(input_mint, 8); }},
      {"the vault's token account closed", [](auto& s) { s.vault_token_account.after.reset(); }},
      {"the vault's token account given a delegate", [](auto& s) { set_delegate(*s.vault_token_account.after); }},
      {"the fee payer emptied", [](auto& s) { s.fee_payer.after.reset(); }},
      {"the fee payer given to a program", [](auto& s) { s.fee_payer.after->owner = stranger; }},
      {"the fee payer turned into something else", [](auto& s) { s.fee_payer.after->data = {1}; }},
      {"another order robbed", [](auto& s) { s.others[2].after = tokens(output_mint, 69); }},
      {"another order's account closed", [](auto& s) { s.others[2].after.reset(); }},
      {"another order's account given away", [](auto& s) { s.others[2].after = tokens(output_mint, 70, stranger); }},
      {"another order's account given a delegate", [](auto& s) { set_delegate(*s.others[2].after); }},
      {"another order's account given a closer", [](auto& s) { set_close_authority(*s.others[2].after); }},
  };
  for (const auto& [name, change] : attacks) {
    INFO(name);
    auto s = good_swap();
    change(s);
    CHECK_FALSE(check_simulation(s, expectation()));
  }
}

TEST_CASE("wrapped SOL takes its lamports along") {
  auto s = good_swap();
  const auto make_native = [](account_view& a, std::uint64_t lamports) {
    a.data[109] = 1;
    put(a.data, 113, std::uint64_t{2'039'280});
    a.lamports = lamports;
  };
  make_native(*s.order_account.before, 2'039'280 + input + 3);
  make_native(*s.order_account.after, 2'039'280 + 3);
  CHECK(check_simulation(s, expectation()));
  --s.order_account.after->lamports;
  CHECK_FALSE(check_simulation(s, expectation()));
}

namespace {

solana::message compiled(const std::vector<instruction>& instructions, const pubkey& payer = fee_payer,
                         std::vector<solana::address_lookup_table> tables = {}) {
  auto m = solana::compile_message(payer, instructions, solana::blockhash{key(77).bytes()}, tables);
  REQUIRE(m);
  return *m;
}

compiled_policy for_instructions(std::vector<instruction> instructions,
                                 std::vector<solana::address_lookup_table> tables = {}) {
  return {fee_payer, vault, {order_account, output_account, vault_tokens}, std::move(instructions), std::move(tables)};
}

}  // namespace

TEST_CASE("the whole transaction is signed by fee payer and vault alone and holds what was checked") {
  const std::vector<instruction> mine{token::transfer(order_account, vault_tokens, vault, input), swap()};
  CHECK(check_compiled(compiled(mine), for_instructions(mine)));

  CHECK_FALSE(check_compiled(compiled(mine, stranger), for_instructions(mine)));
  const std::vector<instruction> one_signer{token::transfer(order_account, vault_tokens, fee_payer, input)};
  CHECK_FALSE(check_compiled(compiled(one_signer), for_instructions(one_signer)));
  auto three = mine;
  three.push_back(with(swap(), solana::readonly_signer(stranger)));
  CHECK_FALSE(check_compiled(compiled(three), for_instructions(three)));
  auto other_second = mine;
  other_second[0].accounts[2].key = stranger;
  other_second[1].accounts[0].key = stranger;
  CHECK_FALSE(check_compiled(compiled(other_second), for_instructions(other_second)));
}

TEST_CASE("an instruction more, less, changed or swapped is noticed") {
  const std::vector<instruction> mine{token::transfer(order_account, vault_tokens, vault, input), swap()};
  const auto differs = [&](std::vector<instruction> sent) {
    return !check_compiled(compiled(sent), for_instructions(mine)).ok();
  };
  CHECK_FALSE(differs(mine));
  CHECK(differs({mine[0]}));
  CHECK(differs({mine[0], mine[1], mine[1]}));
  CHECK(differs({mine[1], mine[0]}));
  CHECK(differs({token::transfer(order_account, vault_tokens, vault, input + 1), mine[1]}));
  CHECK(differs({token::transfer(order_account, stranger, vault, input), mine[1]}));
}

TEST_CASE("a transaction larger than a packet is refused") {
  auto big = swap();
  big.data.assign(1'000, 0);
  CHECK(check_compiled(compiled({big}), for_instructions({big})).error().sentence ==
        "The transaction is larger than a packet.");
}

TEST_CASE("lookup tables may bring the router's accounts, but none of ours") {
  const std::vector<instruction> mine{token::transfer(order_account, vault_tokens, vault, input), swap()};
  const std::vector<solana::address_lookup_table> fine{{key(90), {pool}}};
  const std::vector<solana::address_lookup_table> ours{{key(90), {pool, output_account}}};
  CHECK(check_compiled(compiled(mine, fee_payer, fine), for_instructions(mine, fine)));
  CHECK_FALSE(check_compiled(compiled(mine, fee_payer, ours), for_instructions(mine, ours)));
  CHECK_FALSE(check_compiled(compiled(mine, fee_payer, fine), for_instructions(mine)));
  const std::vector<solana::address_lookup_table> swapped{{key(90), {stranger}}};
  CHECK_FALSE(check_compiled(compiled(mine, fee_payer, fine), for_instructions(mine, swapped)));
}

TEST_CASE("a message that is not well-formed is refused") {
  const std::vector<instruction> mine{token::transfer(order_account, vault_tokens, vault, input), swap()};
  auto broken = compiled(mine);
  broken.instructions[0].program_index = 200;
  CHECK_FALSE(check_compiled(broken, for_instructions(mine)));
  auto v1 = compiled(mine);
  v1.version = solana::message_version::v1;
  CHECK_FALSE(check_compiled(v1, for_instructions(mine)));
}

}  // namespace landfall::executor
