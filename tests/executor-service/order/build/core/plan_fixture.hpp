#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/solana/compute_budget.hpp"
#include "common/solana/programs.hpp"
#include "common/solana/token.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/order/build/core/make_plan.hpp"
#include "executor-service/order/core/mutant.hpp"
#include "tests/executor-service/order/core/example_order.hpp"
#include "tests/support/keypairs.hpp"
#include "tests/support/token_accounts.hpp"

/// A plan with everything around it made up: each question is answered by a field of the fixture.
namespace landfall::executor::tests {

using strings = std::vector<std::string>;

inline constexpr std::uint64_t rent_lamports = 2'039'280;
inline constexpr std::uint64_t quoted = 225'000'000;

using landfall::tests::signer_key;

/// In the order of `build_question`.
enum class asks : std::uint8_t {
  accounts,
  route,
  offers,
  rent,
  lookup_tables,
  fee,
  blockhash,
  simulation,
  signature,
};
inline constexpr std::array<const char*, 9> question_names{"accounts", "route",     "offers",     "rent",     "tables",
                                                           "fee",      "blockhash", "simulation", "signature"};

struct plan_fixture {
  order o = example_order(domain::order_state::executing);
  attempt_kind kind = attempt_kind::swap;
  domain::attempt_id id = domain::attempt_id::random();
  solana::pubkey fee_payer = signer_key(21);
  solana::pubkey maker_key = signer_key(22);
  bool has_makers = false;
  build_policy policy;

  // The answers.
  std::map<solana::pubkey, solana::account_info> accounts;
  /// What the simulation changes; all others stay as they are.
  std::map<solana::pubkey, solana::account_info> simulated;
  std::uint64_t context_slot = 500;
  route_reply reply;
  std::shared_ptr<maker_offer> offer;
  std::uint64_t rent = rent_lamports;
  std::uint64_t micro_lamports = 1'000;
  answer::blockhash hash{510, *solana::blockhash::from_bytes(key(77).view()), 200};
  answer::simulation outcome{{}, {}, 100'000, {}};
  bool shows_accounts = true;
  std::string signer_refuses;
  /// A question that nobody answers.
  std::optional<asks> silent;
  /// Runs before each question is answered.
  std::function<void(const build_question&)> before;

  // What came of it.
  strings asked;
  std::vector<build_question> questions;
  std::optional<std::uint64_t> fee_payer_read;
  std::vector<build_event::maker_left> makers_left;

  plan_fixture() {
    policy.router_programs = {key(40), solana::programs::token};
    o.wallet_accounts = std::make_shared<const account_set>(std::vector{o.order_account, o.output_account, key(55)});
    accounts[fee_payer] = {1'000'000'000, solana::programs::system, {}};
    put(accounts, o.order_account, o.input, o.input_amount.units());
    route found;
    found.offer.out_amount = domain::token_amount{quoted};
    found.offer.raw = "router's";
    found.instructions.swap = {key(40),
                               {solana::readonly_signer(o.vault), solana::writable(vault_input_account(o)),
                                solana::writable(key(41)), solana::writable(o.output_account)},
                               {1}};
    reply.found = std::make_shared<const route>(std::move(found));
    swapped(quoted);
  }

  void put(std::map<solana::pubkey, solana::account_info>& in, const solana::pubkey& at, const token& t,
           std::uint64_t amount) const {
    in[at] = {rent_lamports, t.token_program, landfall::tests::token_account_data(t.mint, o.vault, amount)};
  }
  /// A simulated swap that brings `output` for all of the input, through the vault's token account.
  void swapped(std::uint64_t output) {
    put(simulated, o.order_account, o.input, 0);
    put(simulated, vault_input_account(o), o.input, 0);
    put(simulated, o.output_account, o.output, output);
  }
  void change_route(const std::function<void(route&)>& change) {
    auto changed = *reply.found;
    change(changed);
    reply.found = std::make_shared<const route>(std::move(changed));
  }
  /// A maker quotes this; its swap leaves the vault's token account alone.
  void offered(std::uint64_t amount) {
    has_makers = true;
    offer = std::make_shared<maker_offer>(
        maker_offer{"maker.example", {maker_key, domain::token_amount{amount}, "maker's"}});
  }

  built_result run() {
    const auto plan = make_plan({o, kind, id, fee_payer, has_makers, policy});
    std::deque<build_question> open;
    std::optional<built_result> result;
    const auto take = [&](build_step step) {
      for (auto& q : step.ask)
        open.push_back(std::move(q));
      for (const auto& e : step.events)
        if (const auto* read = std::get_if<build_event::fee_payer_read>(&e))
          fee_payer_read = read->lamports;
        else
          makers_left.push_back(std::get<build_event::maker_left>(e));
      if (step.result)
        result = std::move(step.result);
    };
    take(plan->start());
    while (!result) {
      REQUIRE_FALSE(open.empty());
      REQUIRE(asked.size() < 100);
      const auto next = std::move(open.front());
      open.pop_front();
      asked.emplace_back(question_names[next.index()]);
      questions.push_back(next);
      if (before)
        before(next);
      if (silent && static_cast<std::size_t>(*silent) == next.index())
        take(std::visit([&]<class Q>(const Q&) { return plan->template unanswered<Q>("nobody"); }, next));
      else
        take(plan->take(std::visit([&](const auto& q) { return answer_to(q); }, next)));
    }
    CHECK_FALSE(plan->take(answer::rent{}).result.has_value());
    return *std::move(result);
  }

  /// The last question of this kind.
  template <class Question>
  const Question& last() const {
    for (auto at = questions.rbegin(); at != questions.rend(); ++at)
      if (const auto* q = std::get_if<Question>(&*at))
        return *q;
    FAIL("it was not asked");
    return std::get<Question>(questions.front());
  }
  [[nodiscard]] std::vector<solana::instruction> signed_instructions() const {
    const auto& message = last<question::signature>().message;
    std::vector<solana::address_lookup_table> tables;
    for (const auto& t : message.lookups)
      tables.push_back({t.table, {key(41), key(42)}});
    return solana::resolve_instructions(message, tables).value();
  }
  [[nodiscard]] std::uint32_t signed_unit_limit() const {
    return solana::compute_budget::decode_unit_limit(signed_instructions().front()).value();
  }

private:
  std::vector<std::optional<solana::account_info>> view(const std::vector<solana::pubkey>& keys, bool after) const {
    std::vector<std::optional<solana::account_info>> list;
    for (const auto& k : keys) {
      const auto changed = simulated.find(k);
      const auto found = accounts.find(k);
      list.push_back(after && changed != simulated.end() ? std::optional{changed->second}
                     : found != accounts.end()           ? std::optional{found->second}
                                                         : std::nullopt);
    }
    return list;
  }
  build_answer answer_to(const question::accounts& q) const {
    return answer::accounts{context_slot, view(q.keys, false)};
  }
  build_answer answer_to(const question::route&) const {
    return answer::route{reply};
  }
  build_answer answer_to(const question::offers&) const {
    return answer::offers{offer};
  }
  build_answer answer_to(const question::rent&) const {
    return answer::rent{rent};
  }
  build_answer answer_to(const question::lookup_tables& q) const {
    return answer::lookup_tables{{context_slot, view(q.keys, false)}};
  }
  build_answer answer_to(const question::fee&) const {
    return answer::fee{micro_lamports};
  }
  build_answer answer_to(const question::blockhash&) const {
    return hash;
  }
  build_answer answer_to(const question::simulation& q) const {
    auto seen = outcome;
    if (shows_accounts && !seen.err)
      seen.accounts = view(q.accounts, true);
    return seen;
  }
  build_answer answer_to(const question::signature& q) const {
    return answer::signature{q.maker ? std::nullopt : std::optional{solana::signature{}},
                             {1, 2, 3},
                             signer_refuses,
                             domain::from_unix_ms(9'000)};
  }
};

/// "later: code" or "refused: code", "ready", "nothing".
inline std::string code_of(const built_result& result) {
  struct {
    std::string operator()(const built::ready&) const {
      return "ready";
    }
    std::string operator()(const built::refused& r) const {
      return "refused: " + r.reason;
    }
    std::string operator()(const built::later& l) const {
      return "later: " + l.reason;
    }
    std::string operator()(const built::nothing&) const {
      return "nothing";
    }
  } code;
  return std::visit(code, result);
}

inline std::string detail_of(const built_result& result) {
  if (const auto* refused = std::get_if<built::refused>(&result))
    return refused->detail;
  return std::get<built::later>(result).detail;
}

/// Whether `holds` tells the rule from the mutant that breaks it.
inline bool notices(mutant broken, const std::function<bool()>& holds) {
#ifdef LANDFALL_FAULT_POINTS
  if (!holds())
    return false;
  arm(broken);
  const bool still = holds();
  arm(mutant::none);
  return !still;
#else
  return broken != mutant::none && holds();
#endif
}

}  // namespace landfall::executor::tests
