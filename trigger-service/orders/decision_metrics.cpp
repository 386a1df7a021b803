#include "trigger-service/orders/decision_metrics.hpp"

namespace landfall::trigger {

decision_metrics::decision_metrics(runtime::metrics* registry) : registry_(registry) {
  if (registry == nullptr)
    return;
  prices_accepted = registry->counter("landfall_trigger_prices_accepted_total", "Prices that passed every gate.");
  prices_held =
      registry->counter("landfall_trigger_prices_held_total", "Prices that jumped and wait for a second one.");
  for (const auto which : all_gates)
    prices_rejected[static_cast<std::size_t>(which)] =
        registry->counter("landfall_trigger_prices_rejected_total", "Prices that failed a gate; one may fail several.",
                          {{"gate", std::string{to_string(which)}}});
  orders_unreadable =
      registry->counter("landfall_trigger_orders_unreadable_total", "Rows of open orders that cannot be read.");
  database_up = registry->gauge("landfall_trigger_database_up", "Whether the last reading of the database succeeded.");
  pending_decisions = registry->gauge("landfall_trigger_pending_decisions", "Decisions not durable yet.");
  decision_latency =
      registry->histogram("landfall_trigger_decision_latency_seconds", "From a price received to its decision durable.",
                          runtime::latency_buckets_seconds());
}

runtime::gauge_handle decision_metrics::book_orders(const std::string& mint) const {
  if (registry_ == nullptr)
    return {};
  return registry_->gauge("landfall_trigger_book_orders", "Open orders watched.", {{"mint", mint}});
}

runtime::gauge_handle decision_metrics::last_publish_time(const std::string& mint) const {
  if (registry_ == nullptr)
    return {};
  return registry_->gauge("landfall_trigger_last_publish_time_seconds",
                          "When the last accepted price was published, seconds since 1970.", {{"mint", mint}});
}

runtime::counter_handle decision_metrics::decisions(std::string_view to, std::string_view outcome) const {
  if (registry_ == nullptr)
    return {};
  return registry_->counter("landfall_trigger_decisions_total", "Decisions by what became of them.",
                            {{"to", std::string{to}}, {"outcome", std::string{outcome}}});
}

runtime::counter_handle decision_metrics::write_failures(std::string_view kind) const {
  if (registry_ == nullptr)
    return {};
  return registry_->counter("landfall_trigger_write_failures_total", "Batches of decisions that were not written.",
                            {{"kind", std::string{kind}}});
}

}  // namespace landfall::trigger
