#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "executor-service/verify/core/order_checks.hpp"
#include "tests/support/keys.hpp"

/// An order, its two tokens, what is stored of it, and what one endpoint shows.
namespace landfall::executor::verify::tests {

using domain::order_state;

inline constexpr std::uint64_t input = 1'000;
inline constexpr std::uint64_t output = 500;
inline constexpr std::uint64_t landed_slot = 100;
inline constexpr std::uint64_t seen_slot = 200;
inline constexpr std::uint64_t last_valid = 150;

using landfall::tests::key;
using landfall::tests::signature;

inline const auto vault = key(1);
inline const auto program = key(2);
inline const auto input_mint = key(3);
inline const auto output_mint = key(4);

inline std::optional<token_account_facts> holding(const solana::pubkey& mint, std::uint64_t amount) {
  return token_account_facts{program, mint, vault, domain::token_amount{amount}};
}

/// An order and one endpoint's view of it, which agree.
struct checked_order {
  order_facts stored;
  chain_facts seen;

  attempt_facts& attempt(attempt_kind kind, std::optional<attempt_outcome> outcome = attempt_outcome::landed) {
    attempt_facts a;
    a.id = domain::attempt_id::random();
    a.order = stored.id;
    a.kind = kind;
    a.signature = signature(stored.attempts.size() + 1);
    a.outcome = outcome;
    a.expected_input = domain::token_amount{kind == attempt_kind::payout ? output : input};
    a.last_valid_block_height = last_valid;
    if (kind != attempt_kind::deposit && kind != attempt_kind::close)
      a.balance_before = a.expected_input;
    if (kind == attempt_kind::swap)
      a.minimum_output = domain::token_amount{output - 10};
    if (outcome && outcome != attempt_outcome::dead)
      a.slot = landed_slot;
    if (outcome)
      seen.statuses[a.id] =
          outcome == attempt_outcome::dead
              ? std::optional<signature_status>{}
              : signature_status{landed_slot, solana::commitment::finalized,
                                 outcome == attempt_outcome::landed ? std::nullopt : std::optional<std::string>{"{}"}};
    stored.attempts.push_back(a);
    return stored.attempts.back();
  }
  void balances(std::optional<token_account_facts> order_account, std::optional<token_account_facts> output_account) {
    seen.accounts = account_facts{seen_slot, std::move(order_account), std::move(output_account)};
  }
};

inline checked_order open_order(order_state state = order_state::open) {
  checked_order s;
  s.stored.id = domain::order_id::random();
  s.stored.state = state;
  s.stored.vault = vault;
  s.stored.order_account = key(10);
  s.stored.output_account = key(11);
  s.stored.input_mint = input_mint;
  s.stored.input_program = program;
  s.stored.output_mint = output_mint;
  s.stored.output_program = program;
  s.stored.input_amount = domain::token_amount{input};
  s.seen.endpoint = "rpc0";
  s.seen.finalized_slot = seen_slot;
  s.attempt(attempt_kind::deposit);
  s.balances(holding(input_mint, input), std::nullopt);
  return s;
}

inline checked_order swapped_order(order_state state = order_state::ready_withdraw_output) {
  auto s = open_order(state);
  s.attempt(attempt_kind::swap);
  s.stored.output_amount = domain::token_amount{output};
  s.balances(holding(input_mint, 0), holding(output_mint, output));
  return s;
}

inline checked_order filled_order() {
  auto s = swapped_order(order_state::fill_success);
  s.attempt(attempt_kind::payout);
  s.balances(std::nullopt, std::nullopt);
  return s;
}

inline checked_order refunded_order(order_state state) {
  auto s = open_order(state);
  s.attempt(attempt_kind::refund);
  s.balances(std::nullopt, std::nullopt);
  return s;
}

inline std::set<std::string> found_in(const checked_order& s) {
  std::set<std::string> kinds;
  for (const auto& c : verify::check_order(s.stored, s.seen))
    if (c.is == check_result::found)
      kinds.emplace(to_string(c.kind));
  return kinds;
}

inline check_result result_on(const checked_order& s, finding_kind kind) {
  for (const auto& c : verify::check_order(s.stored, s.seen))
    if (c.kind == kind)
      return c.is;
  FAIL("no such question was asked");
  return check_result::unknown;
}

using names = std::set<std::string>;

}  // namespace landfall::executor::verify::tests
