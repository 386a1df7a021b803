#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// The writes of the executor, as values: a unit of them is one all-or-nothing piece of a commit.
namespace write {

/// The state has to be `from` still, or the whole unit is refused.
struct transition {
  domain::order_state from;
  domain::order_state to;
  std::string reason;
  std::string detail;
  std::optional<domain::attempt_id> attempt;
  int tries = 0;
  domain::milliseconds retry_after{0};
};
struct insert_attempt {
  attempt what;
  /// JSON of the router's quote, or empty.
  std::string quote;
};
struct mark_broadcast {
  domain::attempt_id attempt;
  domain::utc_time at;
};
struct confirm {
  domain::attempt_id attempt;
  std::uint64_t slot;
  /// The id that a market maker gave it.
  std::optional<solana::signature> found_as = {};
};
struct unconfirm {
  domain::attempt_id attempt;
};
struct resolve {
  domain::attempt_id attempt;
  attempt_outcome outcome;
  std::optional<std::uint64_t> slot;
  std::optional<std::uint64_t> fee_lamports;
  /// JSON, or empty.
  std::string error;
  std::string certificate;
  /// The id that a market maker gave it, where it landed.
  std::optional<solana::signature> found_as = {};
};
struct record_fill {
  domain::token_amount input_used;
  domain::token_amount output_amount;
};
/// `state` is what the holder knows: if the stored state is another by now, the order is due at once.
struct release {
  domain::utc_time until;
  domain::order_state state;
  int tries = 0;
};

}  // namespace write

using order_write = std::variant<write::transition, write::insert_attempt, write::mark_broadcast, write::confirm,
                                 write::unconfirm, write::resolve, write::record_fill, write::release>;

/// Brings a loaded order up to what was committed.
void apply(order& o, const order_write& w);

}  // namespace landfall::executor
