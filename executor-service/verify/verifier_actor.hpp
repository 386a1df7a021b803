#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/domain/result.hpp"
#include "common/domain/time.hpp"
#include "executor-service/verify/checker.hpp"
#include "executor-service/verify/pass_report.hpp"

namespace landfall::executor::verify {

struct make_pass {
  pass_kind over = pass_kind::orders;
};

struct pass_made {
  /// False if the database or the endpoints gave no answer.
  bool ok = false;
};

struct pass_tick {
  pass_kind over = pass_kind::orders;
};

using verifier_actor = caf::typed_actor<
    /// Makes one pass now. Passes run one at a time; at most `max_waiting_passes` wait.
    caf::replies_to<make_pass>::with<pass_made>,
    /// Its own timers, each of which goes on by itself once it was sent: `orders` (deposits right after), and `sums`.
    caf::reacts_to<pass_tick>>;

inline constexpr std::size_t max_waiting_passes = 8;

struct verifier_config {
  /// Of the role `landfall_verifier`.
  postgres::database::options database;
  std::string instance;
  /// Between two passes over orders and deposits, and between two over the sums.
  domain::milliseconds pace{2'000};
  domain::milliseconds sum_pace{10'000};
  /// Orders in one pass; a quarter each for what was found wrong, what just landed, what is on its way, and all.
  int batch = 48;
  /// Deposits without an order in one pass; half of them the newest.
  int deposits = 100;
  checker_config checks;
  policy rules;

  /// The error is a sentence.
  [[nodiscard]] domain::result<domain::done, std::string> validate() const;
};

/// Stores what `checker` finds, pass by pass. Event-based. Its only state is which orders come next, and that may be
/// lost. Makes no pass by itself until its first `pass_tick`s.
[[nodiscard]] verifier_actor spawn_verifier(caf::actor_system& system, const verifier_config& config,
                                            checker_actor checker, database_actor database, const runtime::clock& clock,
                                            verifier_reports reports = {});

/// The role `verifier`: runs for ever. Returns its actors in the order in which they are to be stopped. `endpoints`
/// have distinct names.
[[nodiscard]] std::vector<caf::strong_actor_ptr> start_verifier(caf::actor_system& system,
                                                                const verifier_config& config,
                                                                std::vector<std::shared_ptr<rpc_api>> endpoints,
                                                                const runtime::clock& clock,
                                                                verifier_reports reports = {});

}  // namespace landfall::executor::verify

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::make_pass)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::pass_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(landfall::executor::verify::pass_tick)
