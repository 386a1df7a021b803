#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/runtime/clock.hpp"
#include "common/runtime/health.hpp"
#include "common/runtime/metrics.hpp"
#include "executor-service/verify/core/judgement.hpp"
#include "executor-service/verify/database_actor.hpp"

namespace landfall::executor::verify {

/// What one pass goes over.
enum class pass_kind : std::uint8_t { orders, deposits, sums };

[[nodiscard]] std::string_view to_string(pass_kind of);

/// Where the verifier reports to; all optional, each has to outlive the actor.
struct verifier_reports {
  runtime::metrics* metrics = nullptr;
  /// Its check `health_check` is ok while the database answers, and as many endpoints as have to agree.
  runtime::health* health = nullptr;
  std::string health_check = "verifier";
};

/// Publishes passes: metrics, the log, and the health check.
class pass_report {
public:
  pass_report(verifier_reports reports, const runtime::clock& clock);

  /// The first failure of a row is logged, and its end; not each one between.
  void failed(pass_kind of, const std::string& why);
  /// `by`: nothing where no endpoint was asked, which changes nothing. Too few answers are logged once, as a failure
  /// is.
  void finished(pass_kind of, const std::optional<quorum>& by);

  /// What a pass found, and what came of it.
  void recorded_pass(const std::vector<finding>& found, const std::vector<disputed_question>& disputed,
                     const recorded& stored);
  void orders_pass(std::size_t orders, std::size_t attempts, std::size_t in_flight, std::uint64_t finalized_slot);
  void sums_incomplete(std::size_t accounts);
  /// All orders were checked once more.
  void all_orders_passed();

private:
  void publish_health();
  void findings(const std::vector<finding>& found, const recorded_findings& changed);
  void disputes(const std::vector<disputed_question>& disputed);

  verifier_reports reports_;
  const runtime::clock& clock_;
  std::map<pass_kind, std::string> failures_;
  /// Why nothing can follow from what is found.
  std::map<pass_kind, std::string> shortages_;
  std::map<finding_kind, domain::utc_time> disputes_logged_;
  domain::utc_time all_began_;

  runtime::counter_handle orders_;
  runtime::counter_handle attempts_;
  runtime::counter_handle in_flight_;
  runtime::counter_handle holds_;
  runtime::counter_handle halts_;
  runtime::counter_handle failed_;
  runtime::counter_handle passes_;
  runtime::gauge_handle pass_seconds_;
  runtime::gauge_handle finalized_slot_;
  runtime::gauge_handle open_money_;
  runtime::gauge_handle open_others_;
  runtime::gauge_handle halted_;
};

}  // namespace landfall::executor::verify
