#include "trigger-service/prices/core/quality_gate.hpp"

#include <algorithm>

#include "common/domain/result.hpp"
#include "common/json/writer.hpp"

namespace landfall::trigger {

namespace {

using domain::decimal;
using domain::within_bps;

/// The gates of one price as a JSON array, and which of them failed.
class gate_list {
public:
  gate_list() {
    json_.begin_array();
  }
  /// Opens the object of a gate: add what was measured and end it.
  json::writer& add(gate which, bool passed) {
    if (!passed)
      failed.push_back(which);
    return json_.begin_object().member("gate", to_string(which)).member("passed", passed);
  }
  [[nodiscard]] std::string take() {
    return json_.end_array().take();
  }
  std::vector<gate> failed;

private:
  json::writer json_;
};

bool near(decimal price, decimal reference, std::int64_t max_jump_bps) {
  return within_bps(price.minus(reference), reference, max_jump_bps);
}

bool agrees(const price_update& second, const price_update& first, const gate_config& config) {
  if (!near(second.price_usd, first.price_usd, config.max_jump_bps) || second.publish_time < first.publish_time)
    return false;
  return second.publish_time > first.publish_time || second.received_at - first.received_at >= config.second_look_after;
}

}  // namespace

std::string_view to_string(gate which) {
  switch (which) {
    case gate::positive:
      return "positive";
    case gate::age:
      return "age";
    case gate::ahead:
      return "ahead";
    case gate::confidence:
      return "confidence";
    case gate::sequence:
      return "sequence";
    case gate::jump:
      return "jump";
  }
  domain::broken_invariant("gate outside its enumeration");
}

std::string gate_config::validate() const {
  constexpr std::int64_t all_bps = 10'000;
  if (max_age.count() <= 0)
    return "the greatest age of a price must be positive";
  if (max_ahead.count() < 0)
    return "the tolerance for publish times ahead must not be negative";
  if (max_confidence_bps <= 0 || max_confidence_bps > all_bps)
    return "the confidence limit must be 1 to 10000 bps";
  if (max_jump_bps <= 0 || max_jump_bps > all_bps)
    return "the jump limit must be 1 to 10000 bps";
  if (second_look_after.count() <= 0)
    return "the wait for a second price must be positive";
  return {};
}

gate_report judge(const price_update& candidate, const price_history& history, const gate_config& config,
                  domain::utc_time now) {
  gate_list gates;
  const auto price = candidate.price_usd;
  const bool positive = price.is_positive() && candidate.confidence_usd >= decimal{};
  gates.add(gate::positive, positive).member("price_usd", price.to_string()).end_object();

  const auto age = now - candidate.publish_time;
  gates.add(gate::age, age <= config.max_age)
      .member("age_ms", age.count())
      .member("max_ms", config.max_age.count())
      .end_object();
  gates.add(gate::ahead, -age <= config.max_ahead).member("max_ms", config.max_ahead.count()).end_object();

  // Shares of a price that is not positive mean nothing: the gate stays closed.
  gates.add(gate::confidence, positive && within_bps(candidate.confidence_usd, price, config.max_confidence_bps))
      .member("confidence_usd", candidate.confidence_usd.to_string())
      .member("max_bps", config.max_confidence_bps)
      .end_object();

  const auto& last = history.accepted;
  auto& sequence = gates.add(gate::sequence, !last || candidate.publish_time >= last->publish_time);
  if (last)
    sequence.member("previous_publish_time", domain::to_iso8601(last->publish_time));
  sequence.end_object();

  const bool sound = gates.failed.empty();
  const bool jumped = last && !near(price, last->price_usd, config.max_jump_bps);
  const bool confirmed = jumped && sound && history.held && agrees(candidate, *history.held, config);
  auto& jump = gates.add(gate::jump, !jumped || confirmed);
  if (last)
    jump.member("previous_usd", last->price_usd.to_string());
  jump.member("max_bps", config.max_jump_bps).member("second_look", confirmed).end_object();

  gate_report report;
  report.failed = std::move(gates.failed);
  report.gates = gates.take();
  if (report.failed.empty())
    report.outcome = gate_outcome::accept;
  else
    report.outcome = sound ? gate_outcome::hold_for_confirmation : gate_outcome::reject;
  return report;
}

price_history remember(price_history history, const price_update& candidate, const gate_report& report,
                       const gate_config& config) {
  switch (report.outcome) {
    case gate_outcome::accept:
      history.accepted = candidate;
      history.held.reset();
      break;
    case gate_outcome::hold_for_confirmation:
      // The first of agreeing prices is kept: the wait counts from it.
      if (!history.held || !near(candidate.price_usd, history.held->price_usd, config.max_jump_bps) ||
          candidate.publish_time < history.held->publish_time)
        history.held = candidate;
      break;
    case gate_outcome::reject:
      break;
  }
  return history;
}

}  // namespace landfall::trigger
