#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "executor-service/chain/core/observation.hpp"
#include "executor-service/order/build/core/build_result.hpp"
#include "executor-service/order/core/consequence.hpp"

namespace landfall::executor {

/// The kinds of failed commits that the engine distinguishes, as in `postgres::error_kind`.
enum class commit_fault : std::uint8_t { unavailable, conflict, constraint, in_doubt, defect };

[[nodiscard]] constexpr std::string_view to_string(commit_fault fault) {
  constexpr std::array<std::string_view, 5> names{"unavailable", "conflict", "constraint", "in_doubt", "defect"};
  return names[static_cast<std::size_t>(fault)];
}

/// Why a commit did not succeed. `sqlstate` is empty where the server gave none.
struct commit_error {
  commit_fault kind = commit_fault::defect;
  std::string sqlstate;
  std::string message;
};

/// Inputs of an order's engine.
namespace events {

/// The order was claimed: always the first event.
struct started {};
/// End as soon as nothing of this order is being written, and release the lease.
struct stop {};
/// A timer of the engine. One of an earlier round than the latest is ignored.
struct tick {
  std::uint64_t round = 0;
};
/// The commit that was not made is due again.
struct commit_retry {};

/// An endpoint's status of a signature.
struct observed {
  solana::signature id;
  observation seen;
};
/// What one endpoint's account history shows of an attempt that a maker signs last.
struct history_observed {
  domain::attempt_id attempt;
  observation seen;
};
/// The chain actor refused to watch this attempt: no update will come.
struct watch_refused {
  domain::attempt_id attempt;
  std::string detail;
};

/// Answers `effects::read_deposit` and `effects::read_balance`.
struct balance_read {
  balance_observation seen;
};
/// Answers `effects::read_swap`. No record: no endpoint has the finalized transaction.
struct swap_read {
  std::string endpoint;
  std::optional<swap_record> record;
};
/// Answers `effects::read_fee`. Nothing: no endpoint has the transaction.
struct fee_read {
  std::optional<std::uint64_t> lamports;
};
/// Answers any read that nobody answered; it proves nothing.
struct unanswered {
  std::string detail;
};

struct permit_granted {};
struct permit_failed {
  std::string detail;
};
/// Answers `effects::build`.
struct built {
  built_result result;
};
struct build_failed {
  std::string detail;
};

/// The first broadcast was answered, or its answer is lost.
struct submitted {};
/// Answers `effects::commit`: durable, or why not.
struct committed {
  std::optional<commit_error> error;
};
/// The commit writer ended before it answered `effects::commit`.
struct commit_lost {
  std::string detail;
};
/// Answers `effects::mark_broadcast`.
struct broadcast_marked {
  domain::attempt_id attempt;
  bool written = false;
};

}  // namespace events

using order_event = std::variant<events::started, events::stop, events::tick, events::commit_retry, events::observed,
                                 events::history_observed, events::watch_refused, events::balance_read,
                                 events::swap_read, events::fee_read, events::unanswered, events::permit_granted,
                                 events::permit_failed, events::built, events::build_failed, events::submitted,
                                 events::committed, events::commit_lost, events::broadcast_marked>;

}  // namespace landfall::executor
