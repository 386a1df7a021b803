#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/domain/order_state.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/chain/core/observation.hpp"
#include "executor-service/order/core/order.hpp"

/// What is stored about orders, and what endpoints show of their accounts and attempts. Amounts are in smallest units.
namespace landfall::executor::verify {

/// What a finalized transaction changed; negative is out.
struct movement {
  std::uint64_t slot = 0;
  domain::int128 order_account = 0;
  domain::int128 output_account = 0;

  friend bool operator==(const movement&, const movement&) = default;
};

struct attempt_facts {
  domain::attempt_id id;
  domain::order_id order;
  attempt_kind kind = attempt_kind::deposit;
  /// Nothing where a market maker signs last.
  std::optional<solana::signature> signature;
  /// A market maker signs last: only the chain shows its id.
  bool by_maker = false;
  std::uint64_t last_valid_block_height = 0;
  /// Of the account that it takes from, before it was signed.
  std::optional<domain::token_amount> balance_before;
  std::optional<attempt_outcome> outcome;
  std::optional<std::uint64_t> slot;
  std::optional<domain::token_amount> expected_input;
  std::optional<domain::token_amount> minimum_output;
  /// As the chain shows it; nothing while it was not read.
  std::optional<movement> moved;
  /// `moved` is stored: its status was found right before, and need not be asked for again.
  bool settled = false;

  friend bool operator==(const attempt_facts&, const attempt_facts&) = default;
};

/// What is stored about an order.
struct order_facts {
  domain::order_id id;
  domain::order_state state = domain::order_state::pending_deposit;
  solana::pubkey vault;
  solana::pubkey order_account;
  solana::pubkey output_account;
  solana::pubkey input_mint;
  solana::pubkey input_program;
  solana::pubkey output_mint;
  solana::pubkey output_program;
  domain::token_amount input_amount;
  std::optional<domain::token_amount> output_amount;
  /// Of all orders that share its order account: both legs of a pair.
  std::vector<attempt_facts> attempts;

  friend bool operator==(const order_facts&, const order_facts&) = default;
};

/// A token account.
struct token_account_facts {
  solana::pubkey program;
  solana::pubkey mint;
  solana::pubkey owner;
  domain::token_amount amount;
};

/// How much of a vault's token is at an address. Anybody may have another account at a closed seeded address: it is
/// none of ours and counts as empty.
[[nodiscard]] domain::int128 held_in(const std::optional<token_account_facts>& account, const solana::pubkey& program,
                                     const solana::pubkey& mint, const solana::pubkey& vault);

/// An account in a finalized bank; nothing where there is no token account at the address.
struct account_reading {
  std::uint64_t slot = 0;
  std::optional<token_account_facts> account;
};

/// Accounts as one endpoint shows them, in the order they were asked for.
struct endpoint_readings {
  std::string endpoint;
  std::vector<account_reading> accounts;
};

/// Both accounts of an order in one finalized bank; nothing where there is no token account at the address.
struct account_facts {
  std::uint64_t slot = 0;
  std::optional<token_account_facts> order_account;
  std::optional<token_account_facts> output_account;
};

/// What one endpoint answers about one order.
struct chain_facts {
  std::string endpoint;
  /// Finalized, by its own answer before anything else was asked.
  std::uint64_t finalized_slot = 0;
  std::uint64_t finalized_block_height = 0;
  /// Nothing if it gave no answer.
  std::optional<account_facts> accounts;
  /// Answered with history searched, in a bank no older than `finalized_slot`; an attempt that is missing here was not
  /// asked for or not answered.
  std::map<domain::attempt_id, std::optional<signature_status>> statuses;
};

/// An attempt with that outcome took effect on chain.
[[nodiscard]] inline bool landed(const attempt_facts& a) {
  return a.outcome == attempt_outcome::landed;
}

/// A transaction of ours whose status has to be asked for: what it moved is not stored yet.
[[nodiscard]] inline bool needs_status(const attempt_facts& a) {
  return a.signature && !a.settled;
}

/// Its id is ours, and no block finalized from now on can hold it.
[[nodiscard]] bool past_its_life(const attempt_facts& a, std::uint64_t finalized_block_height);

/// Attempts whose status has to be asked for: those that are resolved and not settled, and those that are not resolved
/// although a block past their life is finalized.
[[nodiscard]] std::vector<const attempt_facts*> attempts_to_ask(const order_facts& stored,
                                                                std::uint64_t finalized_block_height);

[[nodiscard]] inline domain::int128 wide(domain::token_amount amount) {
  return static_cast<domain::int128>(amount.units());
}

[[nodiscard]] std::string to_text(domain::int128 number);

}  // namespace landfall::executor::verify
