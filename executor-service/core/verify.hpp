#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/decimal.hpp"
#include "common/domain/order_state.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/core/observation.hpp"
#include "executor-service/core/order.hpp"

/// Whether what is stored agrees with the finalized chain. Pure: facts in, verdicts out. Amounts are in smallest units.
namespace landfall::executor::verify {

enum class finding_kind : std::uint8_t {
  order_account_short,            ///< it holds less than what the order still has in it
  order_account_not_emptied,      ///< all of it was swapped or refunded, and it still holds the whole deposit
  output_account_short,           ///< it holds less than what is still to be paid out
  output_account_not_emptied,     ///< it was paid out, and still holds the whole amount
  deposit_arrived_after_failure,  ///< the deposit is stored as failed, and the order account holds it
  double_swap,                    ///< swaps of one deposit that together took more than it
  double_payout,                  ///< two landed payouts of one order
  double_refund,                  ///< two landed refunds of one deposit
  swap_and_refund,                ///< one deposit both swapped and refunded
  fill_record_differs,            ///< the stored output is not what the swaps brought
  landed_not_found,               ///< stored as landed, unknown to every endpoint
  landed_but_failed,              ///< stored as landed, finalized with an error
  landed_slot_differs,            ///< stored as landed in another slot
  failed_but_landed,              ///< stored as landed with an error, finalized without one
  dead_but_landed,                ///< stored as dead, finalized without an error
  dead_but_failed,                ///< stored as dead, finalized with an error
  moved_too_little,               ///< landed, and moved less than it had to
  sum_short,                      ///< the accounts of a token hold less than all movements left in them
};
inline constexpr std::size_t finding_kind_count = 18;

/// The names of the column `kind`.
[[nodiscard]] std::string_view to_string(finding_kind kind);
[[nodiscard]] std::optional<finding_kind> parse_finding_kind(std::string_view name);
/// Whether somebody's money may be missing or paid twice. `is_final`: the order has reached a state of rest; before it,
/// what a stranger can bring about by sending tokens must not hold an order.
[[nodiscard]] bool touches_money(finding_kind kind, bool is_final);

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
  /// Nothing if it gave no answer.
  std::optional<account_facts> accounts;
  /// Answered with history searched; an attempt that is missing here was not asked for or not answered.
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
  /// An order, an attempt, or mint and side.
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

/// Attempts whose status has to be asked for: all of the order's own that are resolved and not settled.
[[nodiscard]] std::vector<const attempt_facts*> attempts_to_ask(const order_facts& stored);

struct finding {
  finding_kind kind = finding_kind::sum_short;
  std::string subject;
  std::optional<domain::order_id> order;
  std::optional<domain::attempt_id> attempt;
  std::string detail;
  std::string expected;
  std::string observed;
  /// The lowest of those who found it.
  std::uint64_t slot = 0;
  std::string endpoint;
  bool money = false;
  /// As many endpoints as needed found it.
  bool agreed = false;
};

struct settled_question {
  finding_kind kind = finding_kind::sum_short;
  std::string subject;

  friend bool operator==(const settled_question&, const settled_question&) = default;
};

struct judgement {
  std::vector<finding> found;
  /// Found right by as many endpoints as needed: an open finding of that kind and subject is closed.
  std::vector<settled_question> right;
};

/// What several endpoints' answers come to. `needed`: endpoints that have to agree, two where two are configured. What
/// one finds and another contradicts is neither; that a signature is unknown counts only where enough say so.
[[nodiscard]] judgement judge(std::span<const std::vector<check>> answers, std::size_t needed);

// ---- Sums over all orders of a token ----

enum class side : std::uint8_t { input, output };

[[nodiscard]] constexpr std::string_view to_string(side s) {
  return s == side::input ? "input" : "output";
}

/// An account and what the finalized movements of ours have left in it.
struct booked_account {
  solana::pubkey account;
  solana::pubkey mint;
  solana::pubkey program;
  solana::pubkey vault;
  side of = side::input;
  domain::int128 booked = 0;
  /// Of the last movement that is booked.
  std::uint64_t last_slot = 0;
  /// An attempt on it is unresolved, or a movement is not looked up: it is left out.
  bool in_flight = false;

  friend bool operator==(const booked_account&, const booked_account&) = default;
};

/// The same account in a finalized bank.
struct account_reading {
  std::uint64_t slot = 0;
  std::optional<token_account_facts> account;
};

/// One token and side. Each account is compared by itself, so that what strangers send to one never covers what is
/// missing in another; and up to the very slot in which it was read, so that reading many accounts in several calls is
/// as exact as reading them in one.
struct sum_line {
  solana::pubkey mint;
  side of = side::input;
  domain::int128 booked = 0;
  domain::int128 observed = 0;
  domain::int128 shortfall = 0;
  std::size_t accounts = 0;
  std::size_t accounts_short = 0;
  /// In flight, or read in a bank older than what is booked.
  std::size_t left_out = 0;
  /// The lowest of the banks read.
  std::uint64_t slot = 0;
};

/// `readings` run along `accounts`.
[[nodiscard]] std::vector<sum_line> add_up(std::span<const booked_account> accounts,
                                           std::span<const account_reading> readings);

/// Short is what lacks more than `dust`.
[[nodiscard]] check check_of(const sum_line& line, const std::string& endpoint, domain::int128 dust);

[[nodiscard]] std::string to_text(domain::int128 number);

// ---- What follows ----

struct policy {
  /// Looks at ever later slots that have to agree before the order is held, or all signing is halted.
  int looks_before_hold = 2;
  int looks_before_halt = 3;
};

/// An open finding as it stands after the look that found it again.
struct open_finding {
  finding_kind kind = finding_kind::sum_short;
  bool money = false;
  int times_agreed = 0;
  bool held_already = false;
};

[[nodiscard]] bool wants_hold(const open_finding& f, const policy& p);
/// `accepted`: the largest shortfall of the same sum under which an operator has released a halt.
[[nodiscard]] bool wants_halt(const open_finding& f, domain::int128 shortfall, domain::int128 accepted,
                              const policy& p);

}  // namespace landfall::executor::verify
