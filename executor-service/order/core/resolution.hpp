#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/domain/time.hpp"
#include "executor-service/chain/core/observation.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// Adds an endpoint's observation. False, and nothing changes, if it is older than the same endpoint's last one: its
/// height or slot is lower.
[[nodiscard]] bool accumulate(observation_set& seen, observation next);

/// Keeps the balance read at the highest slot; of two at one slot the lower, which proves less. False if `next` was
/// dropped.
[[nodiscard]] bool accumulate(observation_set& seen, balance_observation next);

struct resolve_policy {
  /// RPC endpoints this service is configured with, reachable or not.
  std::size_t endpoints_configured = 0;
  /// Blocks beyond the last valid height that have to be finalized; never taken as less than 2.
  std::uint64_t margin_blocks = 2;
  /// An attempt without outcome for longer than this is overdue: it is logged, and polled only now and then.
  domain::milliseconds overdue_after{180'000};
  /// Longest time between two such polls.
  domain::milliseconds longest_rest{300'000};
};

/// Why an attempt can never land: each endpoint of `observations` for itself has finalized a block beyond the attempt's
/// life, does not know the signature after that, and the money is where it was.
struct death_certificate {
  std::uint64_t last_valid_block_height = 0;
  std::size_t endpoints_configured = 0;
  std::vector<observation> observations;
  balance_observation order_account;
  /// Whether the order account's history was searched for the message, because the id was for a maker to give.
  bool by_history = false;

  /// {"rule":"finalized_height","last_valid_block_height":n,"endpoints_configured":n,"observations":[{"endpoint":"…",
  /// "finalized_block_height":n,"finalized_slot":n,"status_context_slot":n,"status":null,"searched_history":true},…],
  /// "order_account":{"balance":"…","slot":n,"endpoint":"…"}}. A missing account has the balance "0". By history, the
  /// rule is "finalized_history", and each observation has its own "balance" and "balance_slot".
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const death_certificate&, const death_certificate&) = default;
};

/// Why nothing is proven yet.
enum class doubt : std::uint8_t {
  not_answered,        ///< no endpoint has answered yet
  alive,               ///< unknown everywhere, and the blockhash may still be used
  processed_only,      ///< seen, but in a block that may be dropped, and not enough others have finalized past it
  failed_unfinalized,  ///< seen with an error, in a block that is not final by enough endpoints' word
  contradiction,       ///< endpoints disagree on whether it succeeded, or on its final slot
  partly_gone,         ///< was confirmed; not every endpoint that had shown it denies it by now
  too_few_proofs,      ///< past its life, but too few endpoints prove that it is unknown after it
  balance_unread,      ///< only the account's balance is missing: read it at `balance_min_slot` or later
  balance_moved,       ///< the account holds less than before the attempt, although no endpoint knows it
  deposit_arrived,     ///< the order account holds the whole deposit, although no endpoint knows of it
};

[[nodiscard]] std::string_view to_string(doubt why);

namespace fate {

/// Succeeded. The order goes on from here; only `finalized` cannot be undone.
struct landed {
  std::uint64_t slot = 0;
  bool finalized = false;
  /// The id that a market maker gave it.
  std::optional<solana::signature> found_as = {};

  friend bool operator==(const landed&, const landed&) = default;
};
/// Executed with an error, and finalized: as many endpoints as a death takes say so, or that it can never land.
struct landed_failed {
  std::uint64_t slot = 0;
  /// JSON
  std::string err;
  std::optional<solana::signature> found_as = {};

  friend bool operator==(const landed_failed&, const landed_failed&) = default;
};
/// Can never land.
struct dead {
  death_certificate certificate;

  friend bool operator==(const dead&, const dead&) = default;
};
/// Was marked as confirmed, and the block that held it was dropped (or its successor holds it with an error). Clear
/// `confirmed_slot`: the attempt is in doubt again. It may still land, so nothing else is signed.
struct rolled_back {
  /// All who had shown it deny it, the earliest of them at this slot.
  std::uint64_t denied_at_slot = 0;

  friend bool operator==(const rolled_back&, const rolled_back&) = default;
};
/// Nothing is proven: keep watching, change nothing.
struct in_doubt {
  doubt why = doubt::not_answered;
  /// Whether to send the stored bytes, and only them, once more. Always harmless.
  bool send_again = true;
  /// Read the account's balance, at `confirmed` or better, in a bank of this slot or later.
  std::optional<std::uint64_t> balance_min_slot;
  bool overdue = false;

  friend bool operator==(const in_doubt&, const in_doubt&) = default;
};

}  // namespace fate

using resolution = std::variant<fate::landed, fate::landed_failed, fate::dead, fate::rolled_back, fate::in_doubt>;

/// Whether an attempt has had no outcome for so long that it rests between two polls: what cannot be resolved must not
/// take the slots of what can.
[[nodiscard]] bool is_overdue(const attempt& a, const resolve_policy& policy, domain::utc_time now);

/// How long an overdue attempt rests: a quarter of the time since it was signed, up to a bound.
[[nodiscard]] domain::milliseconds rest_of_overdue(const attempt& a, const resolve_policy& policy,
                                                   domain::utc_time now);

/// What is proven about a stored attempt that has no outcome yet. Endpoints that word the same failure differently do
/// not contradict each other; one that shows success where another shows failure does.
[[nodiscard]] resolution resolve(const attempt& a, const observation_set& seen, const resolve_policy& policy,
                                 domain::utc_time now);

}  // namespace landfall::executor
