// What a payout, a refund or a close asks, in which order, and what it makes of each answer.
#include <doctest/doctest.h>

#include "tests/executor-service/order/build/core/plan_fixture.hpp"
#include "tests/support/foreign_instructions.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

constexpr std::uint64_t brought = 225'000'000;

struct payout_fixture : plan_fixture {
  explicit payout_fixture(std::uint64_t held = brought) {
    kind = attempt_kind::payout;
    o.output_amount = domain::token_amount{brought};
    simulated.clear();
    put(accounts, o.output_account, o.output, held);
  }
};

struct refund_fixture : plan_fixture {
  explicit refund_fixture(std::uint64_t held) {
    kind = attempt_kind::refund;
    std::swap(o.input, o.output);
    simulated.clear();
    put(accounts, o.order_account, o.input, held);
  }
};

struct close_fixture : plan_fixture {
  close_fixture() {
    kind = attempt_kind::close;
    simulated.clear();
  }
};

std::uint64_t paid_from(const plan_fixture& f, const solana::pubkey& account) {
  for (const auto& i : f.signed_instructions())
    if (const auto moved = solana::token::decode_transfer_checked(i); moved && moved->source == account)
      return moved->amount;
  return 0;
}

std::size_t closes(const plan_fixture& f) {
  std::size_t n = 0;
  for (const auto& i : f.signed_instructions())
    n += landfall::tests::token::decode_close_account(i) ? 1 : 0;
  return n;
}

const strings payment_way{"accounts", "fee", "blockhash", "simulation", "signature"};

}  // namespace

TEST_CASE("a payout asks in this order, and is signed with its numbers") {
  payout_fixture f;
  f.o.attempts = {example_attempt(attempt_kind::payout, 1, attempt_outcome::dead),
                  example_attempt(attempt_kind::payout, 2, attempt_outcome::dead)};
  const auto result = f.run();
  CHECK(f.asked == payment_way);
  REQUIRE(code_of(result) == "ready");
  const auto& a = std::get<built::ready>(result).what;
  CHECK(a.id == f.id);
  CHECK(a.kind == attempt_kind::payout);
  CHECK(a.ordinal == 3);
  CHECK(a.order_account_balance == domain::token_amount{brought});
  CHECK(a.expected_input == domain::token_amount{brought});
  CHECK_FALSE(a.minimum_output.has_value());
  CHECK_FALSE(a.maker.has_value());
  CHECK(a.last_valid_block_height == 200);
  CHECK(std::get<built::ready>(result).quote.empty());
  CHECK(paid_from(f, f.o.output_account) == brought);
  CHECK(f.signed_unit_limit() == 140'000);
}

TEST_CASE("exactly what is known to be final is paid, whatever strangers sent besides") {
  const auto pays_what_is_known = [] {
    payout_fixture payout{brought + 3};
    refund_fixture refund{1'500'000'003};
    return code_of(payout.run()) == "ready" && paid_from(payout, payout.o.output_account) == brought &&
           code_of(refund.run()) == "ready" && paid_from(refund, refund.o.order_account) == 1'500'000'000;
  };
  CHECK(notices(mutant::payment_pays_balance, pays_what_is_known));
  payout_fixture unknown;
  unknown.o.output_amount.reset();
  CHECK(code_of(unknown.run()) == "ready");
  CHECK(paid_from(unknown, unknown.o.output_account) == brought);
}

TEST_CASE("a balance that is not there yet is waited for") {
  const std::vector<std::pair<const char*, std::function<void(payout_fixture&)>>> rows{
      {"less by one", [](payout_fixture& f) { f.put(f.accounts, f.o.output_account, f.o.output, brought - 1); }},
      {"nothing in it", [](payout_fixture& f) { f.put(f.accounts, f.o.output_account, f.o.output, 0); }},
      {"missing", [](payout_fixture& f) { f.accounts.erase(f.o.output_account); }},
      {"unknown, and nothing in it",
       [](payout_fixture& f) {
         f.o.output_amount.reset();
         f.put(f.accounts, f.o.output_account, f.o.output, 0);
       }},
      {"a stranger's lamports only",
       [](payout_fixture& f) {
         f.accounts[f.o.output_account] = {5, solana::programs::system, {}};
       }},
  };
  for (const auto& [name, spoil] : rows) {
    payout_fixture f;
    spoil(f);
    INFO(name);
    CHECK(code_of(f.run()) == "later: balance_not_there");
    CHECK(f.asked == strings{"accounts"});
  }
  refund_fixture refund{1'499'999'999};
  CHECK(code_of(refund.run()) == "later: balance_not_there");
}

TEST_CASE("no question that nobody answers refuses a payment") {
  const std::vector<std::pair<asks, const char*>> silences{
      {asks::accounts, "later: accounts_unread"},     {asks::fee, "later: fee_unread"},
      {asks::blockhash, "later: no_fresh_blockhash"}, {asks::simulation, "later: not_simulated"},
      {asks::signature, "later: signer_unreachable"},
  };
  for (const auto& [silent, expected] : silences) {
    payout_fixture f;
    f.silent = silent;
    CHECK(code_of(f.run()) == expected);
  }
}

TEST_CASE("a payment that would fail is refused, an endpoint that is behind is not believed") {
  payout_fixture f;
  f.outcome.err = R"({"InstructionError":[2,{"Custom":17}]})";
  CHECK(code_of(f.run()) == "refused: simulation_failed");
  payout_fixture behind;
  behind.outcome.err = "\"BlockhashNotFound\"";
  CHECK(code_of(behind.run()) == "later: not_simulated");
  payout_fixture unsigned_one;
  unsigned_one.signer_refuses = "no";
  CHECK(code_of(unsigned_one.run()) == "refused: not_signed");
  payout_fixture low;
  low.accounts[low.fee_payer].lamports = 1;
  CHECK(code_of(low.run()) == "later: fee_payer_low");
}

TEST_CASE("a close takes what is left of both accounts, and says so when nothing is") {
  close_fixture both;
  both.put(both.accounts, both.o.order_account, both.o.input, 0);
  both.put(both.accounts, both.o.output_account, both.o.output, 7);
  const auto result = both.run();
  CHECK(both.asked == payment_way);
  REQUIRE(code_of(result) == "ready");
  CHECK(closes(both) == 2);
  CHECK(paid_from(both, both.o.output_account) == 7);
  const auto& a = std::get<built::ready>(result).what;
  CHECK_FALSE(a.order_account_balance.has_value());
  CHECK_FALSE(a.expected_input.has_value());

  close_fixture one;
  one.put(one.accounts, one.o.order_account, one.o.input, 0);
  CHECK(code_of(one.run()) == "ready");
  CHECK(closes(one) == 1);

  close_fixture none;
  none.accounts.erase(none.o.order_account);
  CHECK(code_of(none.run()) == "nothing");
  CHECK(none.asked == strings{"accounts"});
}

TEST_CASE("a deposit is the user's to sign") {
  plan_fixture f;
  f.kind = attempt_kind::deposit;
  CHECK(code_of(f.run()) == "refused: deposits_are_signed_by_users");
}

}  // namespace landfall::executor
