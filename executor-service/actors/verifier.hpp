#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "common/domain/result.hpp"
#include "common/domain/time.hpp"
#include "common/postgres/database.hpp"
#include "common/runtime/clock.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"
#include "executor-service/core/verify.hpp"
#include "executor-service/core/verify_judge.hpp"
#include "executor-service/core/verify_sums.hpp"

namespace landfall::executor {

/// Look at the next orders; look at the sums.
struct verifier_look_tick {};
struct verifier_sum_tick {};

using verifier_actor = caf::typed_actor<
    /// Its own timers: some orders, their attempts, and deposits without an order; the sums over all orders of each
    /// token.
    caf::reacts_to<verifier_look_tick>, caf::reacts_to<verifier_sum_tick>>;

struct verifier_config {
  /// Of the role `landfall_verifier`.
  postgres::database::options database;
  std::string instance;
  /// Between two looks, and between two looks at the sums.
  domain::milliseconds pace{2'000};
  domain::milliseconds sum_pace{10'000};
  /// Orders in one look; a quarter each for what was found wrong, what just landed, what is on its way, and all.
  int batch = 48;
  /// Deposits without an order in one look; half of them the newest.
  int deposits = 100;
  /// Transactions read in one look, each from as many endpoints as have to agree.
  std::size_t max_transactions = 32;
  /// Accounts in one look at the sums; with more of them in use the sums tell of the first ones only, and the log says
  /// so.
  std::size_t max_sum_accounts = 50'000;
  /// What a sum may lack, in smallest units.
  std::uint64_t dust = 0;
  verify::policy policy;
  /// Set from outside before the actor is stopped: what it waits for then ends at once.
  std::shared_ptr<const std::atomic<bool>> stop;

  /// The error is a sentence.
  [[nodiscard]] domain::result<domain::done, std::string> validate() const;
};

/// Where it reports to; all optional, each has to outlive the actor.
struct verifier_reports {
  runtime::metrics* metrics = nullptr;
  /// Its check `health_check` is ok while the database answers, and as many endpoints as have to agree.
  runtime::health* health = nullptr;
  std::string health_check = "verifier";
};

/// Compares the database with the finalized chain, look by look, and writes down what it finds. Nothing in it has to
/// survive: which orders come next is all it remembers. Blocking; one thread at a time.
class verifier {
public:
  verifier(verifier_config config, std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
           verifier_reports reports = {});
  ~verifier();
  verifier(const verifier&) = delete;
  verifier& operator=(const verifier&) = delete;

  /// Each false if the database or the endpoints gave no answer.
  bool look();
  bool look_at_deposits();
  bool look_at_sums();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Runs a `verifier` for ever, on a thread and a connection of its own. `endpoints` have distinct names.
[[nodiscard]] verifier_actor spawn_verifier(caf::actor_system& system, verifier_config config,
                                            std::vector<std::shared_ptr<rpc_api>> endpoints,
                                            const runtime::clock& clock, verifier_reports reports = {});

/// One walk over the orders (or one of them) and the sums, that writes nothing.
struct verify_summary {
  std::size_t orders = 0;
  std::size_t attempts = 0;
  /// Moved while they were looked at: nothing is said about them.
  std::size_t orders_in_flight = 0;
  std::vector<verify::finding> findings;
  std::vector<verify::sum_line> sums;
  /// What endpoints contradict each other about, so that nothing is said of it.
  std::vector<verify::disputed_question> disputed;
  /// Why the walk could not be finished, or was seen by too few endpoints; empty otherwise.
  std::string trouble;

  [[nodiscard]] bool clean() const {
    return findings.empty() && trouble.empty();
  }
};

struct verify_request {
  /// Nothing: all orders, and the sums.
  std::optional<domain::order_id> order;
};

/// `database` may be of any role that reads: `landfall_operator`, `landfall_verifier`. What is found is looked at a
/// second time, at a later finalized slot, before it is told.
[[nodiscard]] verify_summary verify_once(const postgres::database::options& database,
                                         std::vector<std::shared_ptr<rpc_api>> endpoints,
                                         const verify_request& request = {});

/// {"orders":n,"attempts":n,"ordersInFlight":n,"findings":[{"kind","subject","orderId","attemptId","detail","expected",
/// "observed","slot","endpoint","touchesMoney","agreed"},…],"sums":[{"mint","side","booked","observed","shortfall",
/// "accounts","leftOut","slot"},…],"disputed":[{"kind","subject","foundBy":["rpc0"],"rightBy":["rpc1"]},…],
/// "trouble":null,"clean":true}. Amounts are strings.
[[nodiscard]] std::string to_json(const verify_summary& summary);
/// Lines for people.
[[nodiscard]] std::string to_table(const verify_summary& summary);

}  // namespace landfall::executor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verifier_look_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verifier_sum_tick)
