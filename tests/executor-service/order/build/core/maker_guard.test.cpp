#include "executor-service/order/build/core/maker_guard.hpp"

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
#include "executor-service/order/build/core/instructions.hpp"
#include "tests/executor-service/order/core/example_order.hpp"
#include "tests/support/foreign_instructions.hpp"
#include "tests/support/keypairs.hpp"

namespace landfall::executor {

namespace token_program = solana::token;
using domain::token_amount;
using landfall::tests::key;
using landfall::tests::signer_key;
using solana::instruction;
using solana::pubkey;

namespace {

constexpr std::uint64_t rent = 2'039'280;
constexpr std::uint64_t agreed = 300'000'000;

struct deal {
  order o = tests::example_order(domain::order_state::executing);
  pubkey fee_payer = signer_key(21);
  pubkey maker = signer_key(22);
  fee_settings fees{200'000, 1'000};

  [[nodiscard]] pubkey of_maker(const token& t) const {
    return solana::associated_token_address(maker, t.mint, t.token_program);
  }
  [[nodiscard]] maker_policy policy() const {
    maker_policy p;
    p.maker = maker;
    p.fee_payer = fee_payer;
    p.vault = o.vault;
    p.order_account = o.order_account;
    p.output_account = o.output_account;
    p.input_mint = o.input.mint;
    p.input_token_program = o.input.token_program;
    p.output_mint = o.output.mint;
    p.output_token_program = o.output.token_program;
    p.input_amount = o.input_amount;
    p.output_amount = token_amount{agreed};
    p.max_rent_lamports = rent;
    p.wallet = o.wallet;
    p.wallet_accounts = std::make_shared<const account_set>(std::vector<pubkey>{signer_key(30)});
    return p;
  }
  [[nodiscard]] std::vector<instruction> instructions(const token_balance& output = {}) const {
    return maker_swap_instructions(o, fee_payer, fees, output, rent, {maker, token_amount{agreed}});
  }
  [[nodiscard]] solana::message compiled(const std::vector<instruction>& list) const {
    return solana::compile_message(maker, list, solana::blockhash{}).value();
  }
  /// The sentence of the refusal, or "".
  [[nodiscard]] std::string check(const std::vector<instruction>& list) const {
    const auto checked = check_maker_message(compiled(list), policy());
    return checked ? std::string{} : checked.error().sentence;
  }
};

/// Position of the transfers in the list of instructions.
constexpr std::size_t gives = 5;
constexpr std::size_t gets = 6;

/// A message with one thing changed, and a part of the sentence it is refused with.
struct attack {
  const char* name;
  std::vector<instruction> list;
  std::string sentence;
};

struct attacked_deal : deal {
  pubkey in_to_maker = of_maker(o.input);
  std::uint64_t input = o.input_amount.units();

  static instruction transfer(const pubkey& from, const pubkey& to, const pubkey& owner, std::uint64_t amount,
                              const token& t) {
    return token_program::transfer_checked(from, t.mint, to, owner, amount, static_cast<std::uint8_t>(t.decimals),
                                           t.token_program);
  }
  [[nodiscard]] std::vector<instruction> replaced(std::size_t at, const instruction& by) const {
    auto list = instructions();
    list[at] = by;
    return list;
  }
  [[nodiscard]] std::vector<instruction> with(const instruction& more) const {
    auto list = instructions();
    list.push_back(more);
    return list;
  }
  [[nodiscard]] std::vector<instruction> without(std::size_t at) const {
    auto list = instructions();
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
    return list;
  }
  void refuses(const std::vector<attack>& attacks) const {
    for (const auto& a : attacks) {
      INFO(a.name);
      CHECK(check(a.list).find(a.sentence) != std::string::npos);
    }
  }
};

}  // namespace

TEST_CASE("the message we make ourselves passes, with and without the output account") {
  const deal d;
  CHECK(d.instructions().size() == 7);
  CHECK(d.check(d.instructions()) == "");
  CHECK(d.check(d.instructions({rent, token_amount{3}})) == "");
  CHECK(d.check(d.instructions({5, std::nullopt})) == "");
  const auto with_account = d.compiled(d.instructions({rent, token_amount{3}}));
  CHECK(with_account.header.required_signatures == 2);
  CHECK(with_account.static_keys.front() == d.maker);
}

TEST_CASE_FIXTURE(attacked_deal,
                  "our part is never given for a message that could move more than this order's account") {
  refuses({
      {"takes a unit more", replaced(gives, transfer(o.order_account, in_to_maker, o.vault, input + 1, o.input)),
       "exactly its input"},
      {"takes a unit less", replaced(gives, transfer(o.order_account, in_to_maker, o.vault, input - 1, o.input)),
       "exactly its input"},
      {"takes twice", with(transfer(o.order_account, in_to_maker, o.vault, input, o.input)), "more than one transfer"},
      {"takes from another order's account", replaced(gives, transfer(key(99), in_to_maker, o.vault, input, o.input)),
       "out of"},
      {"takes from the output account as well",
       with(transfer(o.output_account, of_maker(o.output), o.vault, 1, o.output)), "more than one transfer"},
      {"gives it to somebody else", replaced(gives, transfer(o.order_account, key(98), o.vault, input, o.input)),
       "would give its input to"},
      {"gives another token", replaced(gives, transfer(o.order_account, in_to_maker, o.vault, input, o.output)),
       "exactly its input"},
  });
}

TEST_CASE_FIXTURE(attacked_deal, "our part is never given for a message that pays less than agreed") {
  refuses({
      {"pays a unit less", replaced(gets, transfer(of_maker(o.output), o.output_account, maker, agreed - 1, o.output)),
       "less than"},
      {"pays somebody else", replaced(gets, transfer(of_maker(o.output), key(97), maker, agreed, o.output)),
       "pay into"},
      {"pays in another token", replaced(gets, transfer(of_maker(o.input), o.output_account, maker, agreed, o.input)),
       "another token"},
      {"pays out of our own fee payer's tokens",
       replaced(gets, transfer(of_maker(o.output), o.output_account, fee_payer, agreed, o.output)),
       "another authority"},
      {"pays nothing", without(gets), "would not pay"},
      {"takes nothing", without(gives), "would not give"},
  });
}

TEST_CASE_FIXTURE(attacked_deal,
                  "our part is never given for a message that moves our lamports or does anything else") {
  refuses({
      {"takes the fee payer's lamports", with(solana::system::transfer(fee_payer, maker, 1)), "moves lamports"},
      {"takes the vault's lamports", with(solana::system::transfer(o.vault, o.output_account, 1)), "moves lamports"},
      {"wants more than the rent", replaced(2, solana::system::transfer(fee_payer, o.output_account, rent + 1)),
       "more than the rent"},
      {"wants the rent twice", with(solana::system::transfer(fee_payer, o.output_account, 1)), "more than the rent"},
      {"closes the order account", with(token_program::close_account(o.order_account, maker, o.vault)),
       "something else than to transfer"},
      {"approves a delegate", with(landfall::tests::token::approve(o.order_account, maker, o.vault, 1)),
       "something else than to transfer"},
      {"sets the output account up for somebody else",
       replaced(4, token_program::initialize_account3(o.output_account, o.output.mint, maker)),
       "another token account"},
      {"allocates another account",
       replaced(3, solana::system::allocate_with_seed(key(96), o.vault, "x", 165, solana::programs::token)),
       "something else than the output account"},
      {"calls another program", with(solana::memo::write("hello")), "calls"},
      {"creates accounts at our cost",
       with(solana::associated_token::create_idempotent(fee_payer, maker, o.input.mint)), "calls"},
      {"sets a heap", with({solana::programs::compute_budget, {}, {4, 0x70, 0x11, 0x01, 0x00}}), "compute budget"},
  });
}

TEST_CASE("a maker is not one of ourselves, and can sign") {
  const deal d;
  for (const auto& ours : {d.fee_payer, d.o.vault, d.o.order_account, d.o.output_account, d.o.wallet, signer_key(30),
                           solana::associated_token_address(d.o.vault, d.o.input.mint, d.o.input.token_program)}) {
    auto policy = d.policy();
    policy.maker = ours;
    CHECK(!check_maker_key(policy).ok());
  }
  auto policy = d.policy();
  policy.maker = d.of_maker(d.o.input);
  CHECK(!check_maker_key(policy).ok());
  CHECK(check_maker_key(d.policy()).ok());
}

TEST_CASE("only maker, fee payer and vault sign, the maker first") {
  deal d;
  auto list = d.instructions();
  const auto ours_first = solana::compile_message(d.fee_payer, list, solana::blockhash{}).value();
  CHECK(!check_maker_message(ours_first, d.policy()).ok());
  list[gets].accounts.push_back(solana::readonly_signer(signer_key(40)));
  const auto checked = check_maker_message(d.compiled(list), d.policy());
  REQUIRE(!checked.ok());
  CHECK(checked.error().sentence.find("wants a signature of") != std::string::npos);
}

}  // namespace landfall::executor
