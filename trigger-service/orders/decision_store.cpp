#include "trigger-service/orders/decision_store.hpp"

#include <optional>
#include <unordered_map>
#include <utility>

#include "trigger-service/sql.hpp"

namespace landfall::trigger {

namespace {

using postgres::array_literal;

/// The decisions turned into one array a column.
struct columns {
  std::vector<std::string> orders, evidences, targets, reasons, details, sources, received, gates;
  std::vector<std::optional<std::string>> prices, confidences, published;
};

template <class T, class ToText>
std::optional<std::string> text_of(const std::optional<T>& value, ToText to_text) {
  return value ? std::optional{to_text(*value)} : std::nullopt;
}

columns columns_of(const std::vector<decision>& decisions) {
  const auto decimal_text = [](domain::decimal value) { return value.to_string(); };
  const auto time_text = [](domain::utc_time time) { return domain::to_iso8601(time); };
  columns c;
  for (const auto& d : decisions) {
    c.orders.push_back(d.order.to_string());
    c.evidences.push_back(d.evidence.id.to_string());
    c.targets.emplace_back(to_string(d.to));
    c.reasons.push_back(d.reason);
    c.details.push_back(d.detail);
    c.sources.push_back(d.evidence.source);
    c.prices.push_back(text_of(d.evidence.price_usd, decimal_text));
    c.confidences.push_back(text_of(d.evidence.confidence_usd, decimal_text));
    c.published.push_back(text_of(d.evidence.publish_time, time_text));
    c.received.push_back(time_text(d.evidence.received_at));
    c.gates.push_back(d.evidence.gates);
  }
  return c;
}

}  // namespace

decision_store::decision_store(postgres::database::options opts, std::string instance)
    : db_(std::move(opts)), instance_(std::move(instance)) {}

postgres::database_result<std::vector<written_decision>> decision_store::write_together(
    const std::vector<decision>& decisions) {
  const auto c = columns_of(decisions);
  auto rows = db_.transact([&](postgres::transaction& t) {
    return t.run(sql::write_decisions, array_literal(c.orders), array_literal(c.evidences), array_literal(c.targets),
                 array_literal(c.reasons), array_literal(c.details), array_literal(c.sources), array_literal(c.prices),
                 array_literal(c.confidences), array_literal(c.published), array_literal(c.received),
                 array_literal(c.gates), instance_);
  });
  if (!rows)
    return domain::failure{rows.error()};
  std::unordered_map<std::string, write_outcome> by_evidence;
  for (const auto& row : *rows) {
    const bool applied = row["applied"].as<bool>() || row["applied_before"].as<bool>();
    by_evidence[row["evidence_id"].as<std::string>()] = applied ? write_outcome::applied : write_outcome::not_applied;
  }
  std::vector<written_decision> out;
  out.reserve(decisions.size());
  for (const auto& id : c.evidences)
    out.push_back({by_evidence.at(id), {}});
  return out;
}

postgres::database_result<std::vector<written_decision>> decision_store::write(const std::vector<decision>& decisions) {
  if (decisions.empty())
    return std::vector<written_decision>{};
  auto together = write_together(decisions);
  if (together || together.error().kind != postgres::error_kind::constraint)
    return together;
  if (decisions.size() == 1)
    return std::vector<written_decision>{{write_outcome::refused, together.error().message}};
  // One decision that the database refuses must not keep back the others.
  std::vector<written_decision> out;
  out.reserve(decisions.size());
  for (const auto& d : decisions) {
    auto alone = write({d});
    if (!alone)
      return alone;
    out.push_back(std::move(alone->front()));
  }
  return out;
}

}  // namespace landfall::trigger
