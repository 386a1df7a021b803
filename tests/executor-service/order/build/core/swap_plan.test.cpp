// What a swap asks, in which order, and what it makes of each answer.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/executor-service/order/build/core/plan_fixture.hpp"
#include "tests/support/foreign_instructions.hpp"

namespace landfall::executor {

using namespace tests;

namespace {

/// What the vault's signature lets the order account give.
std::uint64_t taken(const plan_fixture& f) {
  for (const auto& i : f.signed_instructions())
    if (const auto moved = solana::token::decode_transfer_checked(i); moved && moved->source == f.o.order_account)
      return moved->amount;
  return 0;
}

/// What the chain itself checks at the end of the transaction.
std::uint64_t floor_of(const plan_fixture& f) {
  return landfall::tests::token::decode_transfer(f.signed_instructions().back()).value().amount;
}

solana::bytes lookup_table(const std::vector<solana::pubkey>& addresses) {
  solana::bytes data(56, 0);
  data[0] = 1;
  std::fill(data.begin() + 4, data.begin() + 12, std::uint8_t{0xff});
  for (const auto& a : addresses)
    data.insert(data.end(), a.bytes().begin(), a.bytes().end());
  return data;
}

const strings router_way{"accounts", "route", "accounts", "rent", "fee", "blockhash", "simulation", "signature"};

}  // namespace

TEST_CASE("a swap by the router asks in this order, and is signed with its numbers") {
  plan_fixture f;
  f.o.attempts = {example_attempt(attempt_kind::swap, 1, attempt_outcome::dead)};
  const auto result = f.run();
  CHECK(f.asked == router_way);
  REQUIRE(code_of(result) == "ready");
  const auto& ready = std::get<built::ready>(result);
  CHECK(ready.quote == "router's");
  CHECK(ready.what.id == f.id);
  CHECK(ready.what.kind == attempt_kind::swap);
  CHECK(ready.what.ordinal == 2);
  CHECK(ready.what.signature == solana::signature{});
  CHECK_FALSE(ready.what.maker.has_value());
  CHECK(ready.what.transaction == solana::bytes{1, 2, 3});
  CHECK(ready.what.blockhash == f.hash.hash);
  CHECK(ready.what.last_valid_block_height == 200);
  CHECK(ready.what.order_account_balance == f.o.input_amount);
  CHECK(ready.what.expected_input == f.o.input_amount);
  CHECK(ready.what.minimum_output == domain::token_amount{222'750'000});
  CHECK(ready.what.signed_at == domain::from_unix_ms(9'000));
  CHECK(f.last<question::signature>().wallet == f.o.wallet);
  CHECK_FALSE(f.last<question::signature>().maker.has_value());
  CHECK(f.fee_payer_read == 1'000'000'000);
}

TEST_CASE("the router is asked for all of the input under the order's slippage") {
  plan_fixture f;
  f.o.slippage_bps = 250;
  f.run();
  const auto& asked = f.last<question::route>().what;
  CHECK(asked.what.input_mint == f.o.input.mint);
  CHECK(asked.what.output_mint == f.o.output.mint);
  CHECK(asked.what.amount == f.o.input_amount);
  CHECK(asked.what.slippage_bps == 250);
  CHECK(asked.how.user == f.o.vault);
  CHECK(asked.how.destination_token_account == f.o.output_account);
}

TEST_CASE("no question that nobody answers refuses a swap") {
  const std::vector<std::pair<asks, const char*>> silences{
      {asks::accounts, "later: accounts_unread"},
      {asks::route, "later: router_unreachable"},
      {asks::offers, "ready"},
      {asks::rent, "later: rent_unread"},
      {asks::lookup_tables, "later: lookup_tables_unread"},
      {asks::fee, "later: fee_unread"},
      {asks::blockhash, "later: no_fresh_blockhash"},
      {asks::simulation, "later: not_simulated"},
      {asks::signature, "later: signer_unreachable"},
  };
  for (const auto& [silent, expected] : silences) {
    plan_fixture f;
    f.offered(quoted);
    f.change_route([](route& r) { r.instructions.lookup_tables = {key(50)}; });
    f.accounts[key(50)] = {1, solana::programs::address_lookup_table, lookup_table({key(41), key(42)})};
    f.silent = silent;
    INFO(expected);
    CHECK(code_of(f.run()) == expected);
  }
}

TEST_CASE("a fee payer below its minimum signs nothing") {
  plan_fixture f;
  f.accounts[f.fee_payer].lamports = 20'000'000;
  CHECK(code_of(f.run()) == "ready");
  plan_fixture low;
  low.accounts[low.fee_payer].lamports = 19'999'999;
  CHECK(code_of(low.run()) == "later: fee_payer_low");
  CHECK(low.asked == strings{"accounts"});
  CHECK(low.fee_payer_read == 19'999'999);
  plan_fixture missing;
  missing.accounts.erase(missing.fee_payer);
  CHECK(code_of(missing.run()) == "later: fee_payer_low");
  CHECK(missing.fee_payer_read == 0);
}

TEST_CASE("an order account that is short, missing or not the vault's uses up no try") {
  const std::vector<std::pair<const char*, std::function<void(plan_fixture&)>>> shorts{
      {"missing", [](plan_fixture& f) { f.accounts.erase(f.o.order_account); }},
      {"short by one",
       [](plan_fixture& f) { f.put(f.accounts, f.o.order_account, f.o.input, f.o.input_amount.units() - 1); }},
      {"another mint",
       [](plan_fixture& f) { f.put(f.accounts, f.o.order_account, f.o.output, f.o.input_amount.units()); }},
      {"another owner",
       [](plan_fixture& f) {
         f.accounts[f.o.order_account].data =
             landfall::tests::token_account_data(f.o.input.mint, key(60), f.o.input_amount.units());
       }},
      {"another program", [](plan_fixture& f) { f.accounts[f.o.order_account].owner = key(60); }},
  };
  for (const auto& [name, make_short] : shorts) {
    plan_fixture f;
    make_short(f);
    INFO(name);
    const auto result = f.run();
    CHECK(code_of(result) == "later: order_account_short");
    CHECK(f.asked == strings{"accounts"});
  }
}

TEST_CASE("exactly the input is taken, whatever else lies in the order account") {
  const auto takes_input = [] {
    plan_fixture f;
    f.put(f.accounts, f.o.order_account, f.o.input, f.o.input_amount.units() + 1'000);
    f.put(f.simulated, f.o.order_account, f.o.input, 1'000);
    return code_of(f.run()) == "ready" && taken(f) == f.o.input_amount.units();
  };
  CHECK(notices(mutant::swap_takes_balance, takes_input));
}

TEST_CASE("accounts are read no older than the chain was seen before, all of them or none") {
  plan_fixture f;
  f.o.attempts = {example_attempt(attempt_kind::deposit, 1, attempt_outcome::landed)};
  f.o.attempts.front().slot = 321;
  f.run();
  CHECK(std::get<question::accounts>(f.questions.front()).min_context_slot == 321);
  CHECK(f.last<question::accounts>().min_context_slot == 500);
  CHECK(f.last<question::simulation>().min_context_slot == 510);

  plan_fixture unknown;
  unknown.before = [&](const build_question& q) {
    if (std::holds_alternative<question::accounts>(q))
      CHECK((std::get<question::accounts>(q).min_context_slot == std::nullopt || unknown.asked.size() > 1));
  };
  unknown.hash.context_slot = 7;
  unknown.run();
  CHECK(unknown.last<question::simulation>().min_context_slot == 500);

  const auto plan = make_plan({f.o, attempt_kind::swap, f.id, f.fee_payer, false, f.policy});
  CHECK(plan->start().ask.size() == 1);
  CHECK(code_of(plan->take(answer::accounts{500, {std::nullopt, std::nullopt}}).result.value()) ==
        "later: accounts_unread");
}

TEST_CASE("what the router's error means") {
  using kind = router_error::kind;
  const std::vector<std::pair<kind, const char*>> errors{
      {kind::unreachable, "later: router_unreachable"},  {kind::timeout, "later: router_unreachable"},
      {kind::rate_limited, "later: router_unreachable"}, {kind::no_route, "refused: no_route"},
      {kind::rejected, "refused: router_refused"},       {kind::malformed, "refused: router_refused"},
  };
  for (const auto& [error, expected] : errors) {
    plan_fixture f;
    f.reply = {nullptr, router_error{error, "message", "CODE", 0, {}}};
    const auto result = f.run();
    CHECK(code_of(result) == expected);
    CHECK(detail_of(result) == (std::string{expected}.starts_with("later") ? "message" : "CODE message"));
    CHECK(f.asked == strings{"accounts", "route"});
  }
}

TEST_CASE("the chain is asked for the quote less our own slippage, never for nothing") {
  const auto keeps_minimum = [] {
    plan_fixture f;
    f.o.slippage_bps = 50;
    const auto result = f.run();
    return code_of(result) == "ready" && floor_of(f) == 223'875'000 &&
           std::get<built::ready>(result).what.minimum_output == domain::token_amount{223'875'000};
  };
  CHECK(notices(mutant::minimum_output_ignored, keeps_minimum));
  plan_fixture tiny;
  tiny.change_route([](route& r) { r.offer.out_amount = domain::token_amount{1}; });
  CHECK(code_of(tiny.run()) == "ready");
  CHECK(floor_of(tiny) == 1);
}

TEST_CASE("instructions of the router that cannot be checked are refused") {
  const std::vector<std::pair<const char*, std::function<void(route&)>>> bad{
      {"another program", [](route& r) { r.instructions.swap.program_id = key(61); }},
      {"another order's account", [](route& r) { r.instructions.swap.accounts.push_back(solana::writable(key(55))); }},
      {"too many lookup tables",
       [](route& r) {
         for (std::uint8_t i = 0; i < 17; ++i)
           r.instructions.lookup_tables.push_back(key(i));
       }},
  };
  for (const auto& [name, spoil] : bad) {
    plan_fixture f;
    f.change_route(spoil);
    INFO(name);
    CHECK(code_of(f.run()) == "refused: router_instructions_refused");
    CHECK(f.asked == strings{"accounts", "route"});
  }
}

TEST_CASE("what the route may write is read before the simulation and shown after it") {
  plan_fixture f;
  CHECK(code_of(f.run()) == "ready");
  const std::vector all{f.o.order_account, f.o.output_account, vault_input_account(f.o), f.fee_payer, key(41)};
  CHECK(std::get<question::accounts>(f.questions.front()).keys == std::vector(all.begin(), all.end() - 1));
  CHECK(f.last<question::accounts>().keys == all);
  CHECK(f.last<question::simulation>().accounts == all);

  // Another token account of the vault's loses something.
  plan_fixture thief;
  thief.put(thief.accounts, key(41), thief.o.output, 10);
  thief.put(thief.simulated, key(41), thief.o.output, 9);
  CHECK(code_of(thief.run()) == "refused: simulation_refused");

  plan_fixture many;
  many.policy.router_programs = {key(40)};
  many.change_route([](route& r) {
    for (std::uint8_t i = 100; i < 193; ++i)
      r.instructions.swap.accounts.push_back(solana::writable(key(i)));
  });
  const auto result = many.run();
  CHECK(code_of(result) == "refused: router_instructions_refused");
}

TEST_CASE("a rent that no token account ever had is not believed") {
  const auto bounded = [] {
    plan_fixture f;
    f.rent = 4'000'001;
    return code_of(f.run()) == "later: rent_not_believed";
  };
  CHECK(notices(mutant::rent_unbounded, bounded));
  plan_fixture f;
  f.rent = 4'000'000;
  CHECK(code_of(f.run()) == "ready");
}

TEST_CASE("lookup tables are read at the slot of the accounts, and have to be lookup tables") {
  const auto with_table = [](plan_fixture& f) {
    f.change_route([](route& r) { r.instructions.lookup_tables = {key(50)}; });
    f.accounts[key(50)] = {1, solana::programs::address_lookup_table, lookup_table({key(41), key(42)})};
  };
  plan_fixture f;
  with_table(f);
  CHECK(code_of(f.run()) == "ready");
  CHECK(f.last<question::lookup_tables>().min_context_slot == 500);
  CHECK(f.last<question::signature>().message.lookups.size() == 1);

  const std::vector<std::function<void(plan_fixture&)>> bad{
      [](plan_fixture& b) { b.accounts.erase(key(50)); },
      [](plan_fixture& b) { b.accounts[key(50)].owner = solana::programs::system; },
      [](plan_fixture& b) { b.accounts[key(50)].data.resize(40); },
  };
  for (const auto& spoil : bad) {
    plan_fixture b;
    with_table(b);
    spoil(b);
    CHECK(code_of(b.run()) == "refused: router_instructions_refused");
  }
}

TEST_CASE("what a simulation's error means") {
  const auto fails_with = [](const char* err, const char* log) {
    plan_fixture f;
    f.outcome = {err, log, 5'000, {}};
    return f.run();
  };
  CHECK(detail_of(fails_with(R"({"InstructionError":[2,{"Custom":17}]})", "")) ==
        R"({"InstructionError":[2,{"Custom":17}]})");
  const auto with_log = fails_with("\"AccountNotFound\"", "Program log: no");
  CHECK(code_of(with_log) == "refused: simulation_failed");
  CHECK(detail_of(with_log) == "\"AccountNotFound\": Program log: no");
  // The endpoint is behind: that says nothing about the swap, which keeps its try.
  CHECK(notices(mutant::blockhash_not_found_refused,
                [&] { return code_of(fails_with("\"BlockhashNotFound\"", "")) == "later: not_simulated"; }));
}

TEST_CASE("a simulation has to show every account, and the swap that was asked for") {
  plan_fixture hidden;
  hidden.shows_accounts = false;
  CHECK(code_of(hidden.run()) == "later: not_simulated");
  plan_fixture less;
  less.swapped(222'749'999);
  CHECK(code_of(less.run()) == "refused: simulation_refused");
  plan_fixture least;
  least.swapped(222'750'000);
  CHECK(code_of(least.run()) == "ready");
}

TEST_CASE("the compute unit limit is a fifth above what was used, within the chain's own bound") {
  plan_fixture f;
  f.run();
  CHECK(f.signed_unit_limit() == 140'000);
  plan_fixture most;
  most.outcome.units_consumed = 1'300'000;
  most.run();
  CHECK(most.signed_unit_limit() == 1'400'000);
  plan_fixture unknown;
  unknown.outcome.units_consumed.reset();
  unknown.run();
  CHECK(unknown.signed_unit_limit() == 1'400'000);
}

TEST_CASE("a swap whose fee and rent pass the bound is refused before it is simulated") {
  plan_fixture f;
  f.micro_lamports = 5'000'000;
  CHECK(code_of(f.run()) == "refused: transaction_refused");
  CHECK(f.asked.back() == "blockhash");
}

TEST_CASE("a signer that refuses") {
  plan_fixture f;
  f.signer_refuses = "no";
  const auto result = f.run();
  CHECK(code_of(result) == "refused: not_signed");
  CHECK(detail_of(result) == "no");
}

// --- makers ---

namespace {

/// A maker pays 1 more than the router, and its swap touches the vault's token account no more.
struct maker_fixture : plan_fixture {
  explicit maker_fixture(std::uint64_t amount = quoted + 1) {
    offered(amount);
    swapped(amount);
    simulated.erase(vault_input_account(o));
  }
};

const strings maker_way{"accounts", "route", "offers", "rent", "fee", "blockhash", "simulation", "signature"};

}  // namespace

TEST_CASE("a maker that pays more than the router is taken at its word, to the unit") {
  maker_fixture f;
  const auto result = f.run();
  CHECK(f.asked == maker_way);
  REQUIRE(code_of(result) == "ready");
  const auto& ready = std::get<built::ready>(result);
  CHECK(ready.what.maker == "maker.example");
  CHECK_FALSE(ready.what.signature.has_value());
  CHECK(ready.what.minimum_output == domain::token_amount{quoted + 1});
  CHECK(ready.quote == "maker's");
  CHECK(f.last<question::signature>().maker == f.maker_key);
  CHECK(f.last<question::signature>().message.static_keys.front() == f.maker_key);
  const auto& asked = f.last<question::offers>().what;
  CHECK(asked.quote_id == f.id.to_string());
  CHECK(asked.amount == f.o.input_amount);
  CHECK(asked.taker == f.o.vault);
  CHECK(taken(f) == f.o.input_amount.units());
}

TEST_CASE("a maker that pays no more than the router is not taken") {
  const auto measured = [] {
    for (const auto amount : {quoted, quoted - 1}) {
      maker_fixture f{amount};
      f.put(f.simulated, vault_input_account(f.o), f.o.input, 0);
      const auto result = f.run();
      if (code_of(result) != "ready" || std::get<built::ready>(result).what.maker || !f.makers_left.empty())
        return false;
    }
    return true;
  };
  CHECK(notices(mutant::worse_offer_taken, measured));
  plan_fixture none;
  none.has_makers = true;
  CHECK(code_of(none.run()) == "ready");
}

TEST_CASE("makers are asked only where there are any, and not again after one that came to nothing") {
  plan_fixture nobody;
  nobody.run();
  CHECK(std::ranges::find(nobody.asked, "offers") == nobody.asked.end());
  plan_fixture after;
  after.offered(quoted + 1);
  after.o.attempts = {example_attempt(attempt_kind::swap, 1, attempt_outcome::dead)};
  after.o.attempts.front().maker = "maker.example";
  after.run();
  CHECK(after.asked == router_way);
}

TEST_CASE("the choice waits for both the route and the offers, whichever comes first") {
  maker_fixture f;
  for (const bool offers_first : {true, false}) {
    const auto plan = make_plan({f.o, attempt_kind::swap, f.id, f.fee_payer, true, f.policy});
    (void)plan->start();
    std::vector<std::optional<solana::account_info>> accounts{f.accounts[f.o.order_account], std::nullopt, std::nullopt,
                                                              f.accounts[f.fee_payer]};
    CHECK(plan->take(answer::accounts{500, accounts}).ask.size() == 2);
    const build_answer offers = answer::offers{f.offer};
    const build_answer route = answer::route{f.reply};
    CHECK(plan->take(offers_first ? offers : route).ask.empty());
    const auto next = plan->take(offers_first ? route : offers);
    REQUIRE(next.ask.size() == 1);
    CHECK(std::holds_alternative<question::rent>(next.ask.front()));
  }
}

TEST_CASE("whatever speaks against a maker leads back to the router's route") {
  struct row {
    const char* reason;
    std::function<void(maker_fixture&)> spoil;
    strings asked_before;
  };
  const std::vector<row> rows{
      {"maker_refused", [](maker_fixture& f) { f.offer->quote.maker = f.o.vault; }, {"accounts", "route", "offers"}},
      {"simulation_failed",
       [](maker_fixture& f) { f.outcome.err = R"({"InstructionError":[6,{"Custom":1}]})"; },
       {"accounts", "route", "offers", "rent", "fee", "blockhash", "simulation"}},
      {"simulation_refused",
       [](maker_fixture& f) { f.put(f.simulated, f.o.output_account, f.o.output, quoted); },
       {"accounts", "route", "offers", "rent", "fee", "blockhash", "simulation"}},
      {"not_signed", [](maker_fixture& f) { f.signer_refuses = "no"; }, maker_way},
  };
  for (const auto& r : rows) {
    maker_fixture f;
    r.spoil(f);
    // What the maker spoilt is in order for the router.
    f.before = [&](const build_question& q) {
      const auto* accounts = std::get_if<question::accounts>(&q);
      if (accounts == nullptr || accounts->keys.size() < 5)
        return;
      f.outcome.err.reset();
      f.signer_refuses.clear();
      f.swapped(quoted);
    };
    INFO(r.reason);
    const auto result = f.run();
    REQUIRE(code_of(result) == "ready");
    CHECK_FALSE(std::get<built::ready>(result).what.maker.has_value());
    CHECK(std::get<built::ready>(result).what.minimum_output == domain::token_amount{222'750'000});
    CHECK_FALSE(f.last<question::signature>().maker.has_value());
    REQUIRE(f.makers_left.size() == 1);
    CHECK(f.makers_left.front().reason == r.reason);
    CHECK(f.makers_left.front().maker == "maker.example");
    auto expected = r.asked_before;
    expected.insert(expected.end(), {"accounts", "rent", "fee", "blockhash", "simulation", "signature"});
    CHECK(f.asked == expected);
    CHECK(f.signed_unit_limit() == 140'000);
  }
}

TEST_CASE("a maker's swap is put off, not left, by what nobody knows") {
  maker_fixture behind;
  behind.outcome.err = "\"BlockhashNotFound\"";
  CHECK(code_of(behind.run()) == "later: not_simulated");
  maker_fixture rent;
  rent.rent = 4'000'001;
  CHECK(code_of(rent.run()) == "later: rent_not_believed");
  CHECK(rent.makers_left.empty());
}

TEST_CASE("a route that is refused after the maker was left ends the try") {
  maker_fixture f;
  f.offer->quote.maker = f.o.vault;
  f.change_route([](route& r) { r.instructions.swap.program_id = key(61); });
  CHECK(code_of(f.run()) == "refused: router_instructions_refused");
  CHECK(f.makers_left.size() == 1);
}

}  // namespace landfall::executor
