#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "executor-service/chain/rpc/rpc_api.hpp"
#include "executor-service/verify/core/deposit_check.hpp"
#include "executor-service/verify/core/order_comparison.hpp"
#include "executor-service/verify/core/sums.hpp"
#include "executor-service/verify/database_actor.hpp"

namespace landfall::executor::verify {

struct check_orders {
  std::vector<domain::order_id> ids;
};

struct orders_checked {
  order_comparison result;
  /// Nothing where there was nothing to ask.
  std::optional<quorum> by;
  std::uint64_t finalized_slot = 0;
};

struct check_deposits {
  /// Each once, at most `max_accounts_per_call`.
  std::vector<unclaimed_deposit> deposits;
};

struct deposits_checked {
  judgement judged;
  /// Nothing where there was nothing to ask.
  std::optional<quorum> by;
};

struct check_sums {};

struct sums_checked {
  sum_comparison result;
  quorum by;
  /// Every account in use was read.
  bool complete = true;
};

struct read_finalized_slot {};

struct finalized_slot {
  std::uint64_t slot = 0;
};

/// An endpoint's answer, or a deadline: runs in the actor.
struct run_task {
  std::shared_ptr<std::function<void()>> task;
};

/// An error in answer carries a sentence: why the database or every endpoint gave no answer.
using checker_actor = caf::typed_actor<
    /// Compares orders with what the endpoints show.
    caf::replies_to<check_orders>::with<orders_checked>,
    /// Finds deposits that arrived without an order.
    caf::replies_to<check_deposits>::with<deposits_checked>,
    /// Adds up all orders of each token.
    caf::replies_to<check_sums>::with<sums_checked>,
    /// The highest of any endpoint.
    caf::replies_to<read_finalized_slot>::with<finalized_slot>,
    /// An endpoint's answer or a deadline, sent by itself.
    caf::reacts_to<run_task>>;

struct checker_config {
  /// Transactions read in one pass over orders, each from as many endpoints as have to agree.
  std::size_t max_transactions = 32;
  /// Accounts in one pass over the sums; with more of them in use only the first ones are added up, and the log
  /// warns of it.
  std::size_t max_sum_accounts = 50'000;
  /// What a sum may lack, in smallest units.
  std::uint64_t dust = 0;
};

/// Compares what is stored with the finalized chain, and writes nothing. Event-based. `endpoints` have distinct names.
[[nodiscard]] checker_actor spawn_checker(caf::actor_system& system, checker_config config, database_actor database,
                                          std::vector<std::shared_ptr<rpc_api>> endpoints);

}  // namespace landfall::executor::verify

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::check_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::orders_checked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::check_deposits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::deposits_checked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::check_sums)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::sums_checked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::read_finalized_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::finalized_slot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::run_task)
