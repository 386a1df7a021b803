#pragma once

#include <string>
#include <variant>

#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// Bounds of the executor's decisions. Times in milliseconds.
struct step_policy {
  /// Evidence older than this when the order is claimed, or when its swap is to be built: the trigger decides again.
  domain::milliseconds evidence_max_age{300'000};
  /// Failed tries of an order's swap after which the deposit is refunded.
  int max_swap_attempts = 10;
  /// Closes tried per order, refusals beyond `max_swap_attempts` included. After that the accounts stay as they are.
  int max_close_attempts = 10;
  domain::milliseconds retry_base{1'000};
  domain::milliseconds retry_cap{60'000};
  /// How long after its expiry the executor expires an open order by itself; before, that is the trigger service's.
  domain::milliseconds expiry_grace{15'000};
};

namespace step {

/// Find out what became of a stored attempt; nothing else is done for the order meanwhile.
struct resolve {
  domain::attempt_id attempt;
};
/// The deposit landed: read the order account, then go to `open`.
struct check_deposit {};
/// Quote, build, check, simulate, sign, store, send. The kind is swap, payout, refund or close.
struct build {
  attempt_kind kind;
};
/// The swap is final: compare what the chain shows with what was expected.
struct validate_swap {
  domain::attempt_id attempt;
};
/// A transition that needs nothing from outside. `retry_after` delays the next claim.
struct transition {
  domain::order_state to;
  std::string reason;
  domain::milliseconds retry_after{0};
};
/// Nothing to do before this time: release the lease.
struct release {
  domain::utc_time until;
};

}  // namespace step

using next =
    std::variant<step::resolve, step::check_deposit, step::build, step::validate_swap, step::transition, step::release>;

/// Decides what an order does next, from what is stored and the time alone; live work and recovery alike.
[[nodiscard]] next next_step(const order& o, domain::utc_time now, const step_policy& policy);

/// Whether a swap may go to a market maker: not after one that failed, which cost the order a blockhash's life.
[[nodiscard]] bool may_ask_makers(const order& o);

/// min(cap, base · 2^(tries-1))
[[nodiscard]] domain::milliseconds retry_delay(int tries, const step_policy& policy);

}  // namespace landfall::executor
