#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "executor-service/order/core/event.hpp"
#include "executor-service/order/core/order_write.hpp"

namespace landfall::executor {

/// Outputs of an order's engine, to be performed in this order. At most one of commit, reads, permit and build is
/// unanswered at a time.
namespace effects {

/// One all-or-nothing commit under the order's lease; answered by `events::committed`.
struct commit {
  std::vector<order_write> writes;
};
/// Store when an attempt first left the process; answered by `events::broadcast_marked`. Nothing is decided by it.
struct mark_broadcast {
  write::mark_broadcast mark;
};

/// Read the order account at `confirmed`; answered by `events::balance_read`.
struct read_deposit {
  std::optional<std::uint64_t> min_slot;
};
/// Read the account that an attempt of this kind takes from, at `confirmed`; answered by `events::balance_read`.
struct read_balance {
  attempt_kind kind = attempt_kind::swap;
  std::uint64_t min_slot = 0;

  [[nodiscard]] bool of_output_account() const {
    return kind == attempt_kind::payout;
  }
};
/// Read what the finalized swap moved; answered by `events::swap_read`.
struct read_swap {
  solana::signature id;
};
/// Read the fee of a final transaction; answered by `events::fee_read`.
struct read_fee {
  attempt_kind kind = attempt_kind::swap;
  solana::signature id;
};

/// Report every endpoint's status of the signature, from the beginning.
struct watch {
  domain::attempt_id attempt;
  solana::signature id;
};
struct unwatch {
  solana::signature id;
};
/// Search the order account's history once, at every endpoint, for an attempt that a maker signs last.
struct search_history {
  attempt what;
};

/// Send the stored bytes to all endpoints. The first time is answered by `events::submitted`.
struct broadcast {
  attempt what;
  bool again = false;
};
/// Submit the stored message to its market maker. Nothing answers.
struct submit {
  attempt what;
  bool again = false;
};

/// Wait for a permit to build; answered by `events::permit_granted`.
struct acquire_permit {
  attempt_kind kind = attempt_kind::swap;
};
struct release_permit {};
/// Build and sign the order's next attempt; answered by `events::built`.
struct build {
  attempt_kind kind = attempt_kind::swap;
};

struct timer {
  domain::milliseconds delay{0};
  std::variant<events::tick, events::commit_retry> then;
};
/// The engine has ended: it ignores every later event.
struct finish {};

/// A line of the log, a metric, or both.
struct notice {
  enum class kind : std::uint8_t {
    waiting,
    not_signed,
    attempt_watched,
    not_watched,
    message_unreadable,
    attempt_confirmed,
    attempt_landed,
    attempt_landed_failed,
    attempt_dead,
    rolled_back,
    attempt_overdue,
    commit_retried,
    order_changed_by_other,
    signing_halted,
    commit_refused,
    lease_lost,
    commit_not_known,
    commit_lost,
  };
  kind what;
  std::optional<domain::attempt_id> about;
  std::string why;
  std::string detail;
};
/// An attempt was signed, and is about to be stored.
struct attempt_signed {
  attempt_kind kind = attempt_kind::swap;
};
/// This write is durable: log it.
struct written {
  order_write what;
};

}  // namespace effects

using order_effect =
    std::variant<effects::commit, effects::mark_broadcast, effects::read_deposit, effects::read_balance,
                 effects::read_swap, effects::read_fee, effects::watch, effects::unwatch, effects::search_history,
                 effects::broadcast, effects::submit, effects::acquire_permit, effects::release_permit, effects::build,
                 effects::timer, effects::finish, effects::notice, effects::attempt_signed, effects::written>;

}  // namespace landfall::executor
