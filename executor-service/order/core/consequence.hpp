#pragma once

#include <optional>
#include <vector>

#include "common/domain/decimal.hpp"
#include "executor-service/order/core/order_write.hpp"
#include "executor-service/order/core/resolution.hpp"
#include "executor-service/order/core/transition.hpp"

namespace landfall::executor {

/// What has to be written, all of it in one commit, and whether the order is given back with it.
struct consequence {
  std::vector<order_write> writes;
  bool leave = false;

  [[nodiscard]] bool nothing() const {
    return writes.empty();
  }
};

/// A transition from the order's state. It does not count as a failed try.
[[nodiscard]] write::transition transition_from(const order& o, domain::order_state to, std::string reason,
                                                std::string detail = {}, std::optional<domain::attempt_id> about = {});

/// What follows from what is proven about a stored attempt without outcome: nothing, while it is in doubt or as
/// confirmed as it was. `fee_lamports` where it is known.
[[nodiscard]] consequence consequence_of(const order& o, const attempt& a, const resolution& proven,
                                         std::optional<std::uint64_t> fee_lamports, domain::utc_time now,
                                         const step_policy& policy);

/// A freshly signed attempt: stored before anything leaves the process, a payout together with its transition.
[[nodiscard]] consequence store_signed(const order& o, const attempt& signed_attempt, std::string quote);

/// What follows when nothing could be signed. A swap's try has failed. Anything else is tried again after the longest
/// wait; closes are counted, so that closing ends some time.
[[nodiscard]] consequence build_refused(const order& o, attempt_kind kind, std::string reason, std::string detail,
                                        domain::utc_time now, const step_policy& policy);

/// There is nothing left to close: the order reaches its last state.
[[nodiscard]] consequence nothing_to_close(const order& o);

/// What a finalized swap moved, from the chain's own record; nothing where the record lacks one of the accounts.
struct swap_record {
  std::optional<domain::int128> order_account_delta;
  std::optional<domain::int128> output_account_delta;
  bool failed = false;
};

/// What follows from the finalized swap: the payout if it is as expected, else a state for a person to solve. Empty if
/// the record lacks a balance, or shows a failure of a swap known to have succeeded: read it again.
[[nodiscard]] consequence swap_validated(const order& o, const attempt& swap, const swap_record& seen);

}  // namespace landfall::executor
