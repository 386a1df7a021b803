#include "executor-service/verify/pass_report.hpp"

#include <array>
#include <set>
#include <utility>

#include "common/runtime/log.hpp"

namespace landfall::executor::verify {

namespace {

/// Between two lines of the log about endpoints that contradict each other on the same kind of question.
constexpr domain::milliseconds dispute_log_interval{3'600'000};

}  // namespace

std::string_view to_string(pass_kind of) {
  constexpr std::array<std::string_view, 3> names{"orders", "deposits", "sums"};
  return names[static_cast<std::size_t>(of)];
}

pass_report::pass_report(verifier_reports reports, const runtime::clock& clock)
    : reports_(std::move(reports)), clock_(clock), all_began_(clock.now()) {
  if (reports_.metrics == nullptr)
    return;
  auto& m = *reports_.metrics;
  orders_ = m.counter("landfall_verifier_orders_checked_total", "Orders compared with the finalized chain.");
  attempts_ = m.counter("landfall_verifier_attempts_checked_total", "Attempts of those orders.");
  in_flight_ = m.counter("landfall_verifier_orders_in_flight_total", "Orders that changed while they were checked.");
  holds_ = m.counter("landfall_verifier_holds_total", "Orders held.");
  halts_ = m.counter("landfall_verifier_halts_total", "Halts of all new signing.");
  failed_ = m.counter("landfall_verifier_failures_total", "Passes to which database or endpoints gave no answer.");
  passes_ = m.counter("landfall_verifier_passes_total", "Passes over all orders that were finished.");
  pass_seconds_ = m.gauge("landfall_verifier_pass_seconds", "How long the last pass over all orders took.");
  finalized_slot_ = m.gauge("landfall_verifier_finalized_slot", "Highest finalized slot of the last pass.");
  open_money_ = m.gauge("landfall_verifier_open_discrepancies", "Open discrepancies.", {{"touches_money", "true"}});
  open_others_ = m.gauge("landfall_verifier_open_discrepancies", "Open discrepancies.", {{"touches_money", "false"}});
  halted_ = m.gauge("landfall_verifier_signing_halted", "1 while all new signing is halted.");
}

void pass_report::failed(pass_kind of, const std::string& why) {
  failed_.inc();
  if (!failures_.contains(of))
    runtime::log_warn("verifier_cannot_check", {{"at", to_string(of)}, {"why", why}});
  failures_[of] = why;
  if (reports_.health != nullptr)
    reports_.health->set(reports_.health_check, false, std::string{to_string(of)} + ": " + why);
}

void pass_report::finished(pass_kind of, const std::optional<quorum>& by) {
  if (failures_.erase(of) > 0)
    runtime::log_info("verifier_checks_again", {{"at", to_string(of)}});
  if (by) {
    auto why = by->shortage();
    const bool was = shortages_.contains(of);
    if (!why.empty() && !was)
      runtime::log_warn("verifier_cannot_judge", {{"at", to_string(of)}, {"why", why}});
    if (why.empty() && was)
      runtime::log_info("verifier_judges_again", {{"at", to_string(of)}});
    if (why.empty())
      shortages_.erase(of);
    else
      shortages_[of] = std::move(why);
  }
  publish_health();
}

/// A part that failed keeps its sentence until it is finished once more.
void pass_report::publish_health() {
  if (reports_.health == nullptr || !failures_.empty())
    return;
  std::string why;
  if (!shortages_.empty())
    why = std::string{to_string(shortages_.begin()->first)} + ": " + shortages_.begin()->second;
  reports_.health->set(reports_.health_check, why.empty(), why);
}

void pass_report::recorded_pass(const std::vector<finding>& found, const std::vector<disputed_question>& disputed,
                                const recorded& stored) {
  findings(found, stored.changed);
  disputes(disputed);
  for (const auto& h : stored.changed.held) {
    holds_.inc();
    runtime::log_error("order_held", {{"order_id", h.order.to_string()}, {"why", h.reason}});
  }
  for (const auto& reason : stored.changed.halts) {
    halts_.inc();
    runtime::log_error("signing_halted", {{"why", reason}});
  }
  if (!stored.open)
    return;
  open_money_.set(static_cast<double>(stored.open->money));
  open_others_.set(static_cast<double>(stored.open->others));
  halted_.set(stored.open->halted ? 1 : 0);
}

void pass_report::findings(const std::vector<finding>& found, const recorded_findings& changed) {
  std::set<std::pair<finding_kind, std::string>> is_new;
  for (const auto& o : changed.opened)
    is_new.emplace(o.kind, o.subject);
  for (const auto& f : found) {
    if (!is_new.contains({f.kind, f.subject}))
      continue;
    if (reports_.metrics != nullptr)
      reports_.metrics
          ->counter("landfall_verifier_findings_total", "Discrepancies found.",
                    {{"kind", std::string{to_string(f.kind)}}})
          .inc();
    runtime::log(f.money ? runtime::level::error : runtime::level::warn, "discrepancy_found",
                 {{"kind", to_string(f.kind)},
                  {"subject", f.subject},
                  {"order_id", f.order ? f.order->to_string() : std::string{}},
                  {"detail", f.detail},
                  {"expected", f.expected},
                  {"observed", f.observed},
                  {"slot", f.slot},
                  {"endpoint", f.endpoint},
                  {"agreed", f.agreed}});
  }
  for (const auto& c : changed.closed)
    runtime::log_info("discrepancy_closed", {{"kind", to_string(c.kind)}, {"subject", c.subject}});
}

void pass_report::disputes(const std::vector<disputed_question>& disputed) {
  const auto now = clock_.now();
  for (const auto& q : disputed) {
    const std::string kind{to_string(q.kind)};
    if (reports_.metrics != nullptr)
      reports_.metrics
          ->counter("landfall_verifier_disputes_total",
                    "Questions on which endpoints contradict each other, each time that they were asked.",
                    {{"kind", kind}})
          .inc();
    const auto logged = disputes_logged_.find(q.kind);
    if (logged != disputes_logged_.end() && now - logged->second < dispute_log_interval)
      continue;
    disputes_logged_[q.kind] = now;
    runtime::log_warn(
        "endpoints_disagree",
        {{"kind", kind}, {"subject", q.subject}, {"found_by", to_list(q.found_by)}, {"right_by", to_list(q.right_by)}});
  }
}

void pass_report::orders_pass(std::size_t orders, std::size_t attempts, std::size_t in_flight,
                              std::uint64_t finalized_slot) {
  orders_.inc(static_cast<double>(orders));
  attempts_.inc(static_cast<double>(attempts));
  in_flight_.inc(static_cast<double>(in_flight));
  if (finalized_slot > 0)
    finalized_slot_.set(static_cast<double>(finalized_slot));
}

void pass_report::sums_incomplete(std::size_t accounts) {
  runtime::log_warn("sums_incomplete", {{"accounts", static_cast<std::uint64_t>(accounts)}});
}

void pass_report::all_orders_passed() {
  passes_.inc();
  const auto now = clock_.now();
  pass_seconds_.set(static_cast<double>((now - all_began_).count()) / 1000);
  all_began_ = now;
}

}  // namespace landfall::executor::verify
