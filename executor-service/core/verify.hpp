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
#include "executor-service/core/finding_kind.hpp"
#include "executor-service/order/core/observation.hpp"
#include "executor-service/order/core/order.hpp"

/// Whether what is stored agrees with the finalized chain. Pure: facts in, verdicts out. Amounts are in smallest units.
/// Here one order at one endpoint; `verify_deposits.hpp` has deposits that no order was made of, `verify_sums.hpp` all
/// orders of a token, `verify_judge.hpp` what several endpoints' answers come to.
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
  /// A market maker signs last: what its id is, the chain shows.
  bool by_maker = false;
  std::uint64_t last_valid_block_height = 0;
  /// Of the account that it takes from, before it was signed.
  std::optional<domain::token_amount> balance_before;
  std::optional<attempt_outcome> outcome;
  std::optional<std::uint64_t> slot;
  std::optional<domain::token_amount> expected_input;
  std::optional<domain::token_amount> minimum_output;
  /// As the chain shows it; nothing while it is not looked up.
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

/// What there is of a vault's token at an address. Anybody may have another account at a closed seeded address; it is
/// none of ours, and holds nothing.
[[nodiscard]] domain::int128 held_in(const std::optional<token_account_facts>& account, const solana::pubkey& program,
                                     const solana::pubkey& mint, const solana::pubkey& vault);

/// An account in a finalized bank; nothing where there is no token account at the address.
struct account_reading {
  std::uint64_t slot = 0;
  std::optional<token_account_facts> account;
};

/// Both accounts of an order in one finalized bank; nothing where there is no token account at the address.
struct account_facts {
  std::uint64_t slot = 0;
  std::optional<token_account_facts> order_account;
  std::optional<token_account_facts> output_account;
};

/// What one endpoint says about one order.
struct chain_facts {
  std::string endpoint;
  /// Finalized, as it said before anything else was asked.
  std::uint64_t finalized_slot = 0;
  std::uint64_t finalized_block_height = 0;
  /// Nothing if it gave no answer.
  std::optional<account_facts> accounts;
  /// Answered with history searched, in a bank no older than `finalized_slot`; an attempt that is missing here was not
  /// asked for or not answered.
  std::map<domain::attempt_id, std::optional<signature_status>> statuses;
};

enum class verdict : std::uint8_t {
  found,
  right,
  /// Nothing speaks against it: enough to close a finding, not enough to contradict one.
  not_seen,
  /// In flight, or this endpoint cannot tell.
  unknown,
};

/// One question about one subject, as one endpoint answers it.
struct check {
  finding_kind kind = finding_kind::sum_short;
  /// An order, an attempt, a deposit request, or mint and side.
  std::string subject;
  std::optional<domain::order_id> order;
  std::optional<domain::attempt_id> attempt;
  verdict is = verdict::unknown;
  std::string detail;
  std::string expected;
  std::string observed;
  std::uint64_t slot = 0;
  std::string endpoint;
  bool money = false;
};

/// Every question about an order, as one endpoint answers it.
[[nodiscard]] std::vector<check> verify(const order_facts& stored, const chain_facts& seen);

/// Attempts whose status has to be asked for: those that are resolved and not settled, and those that are not resolved
/// although a block past their life is finalized.
[[nodiscard]] std::vector<const attempt_facts*> attempts_to_ask(const order_facts& stored,
                                                                std::uint64_t finalized_block_height);

[[nodiscard]] std::string to_text(domain::int128 number);

}  // namespace landfall::executor::verify
