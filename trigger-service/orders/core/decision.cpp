#include "trigger-service/orders/core/decision.hpp"

#include "common/json/writer.hpp"

namespace landfall::trigger {

namespace {

decision execute(const watched_order& order, const accepted_price& price, domain::milliseconds write_within) {
  const auto& seen = price.update;
  const std::string condition{to_string(order.condition)};
  decision made;
  made.order = order.id;
  made.to = domain::order_state::ready_execute;
  made.reason = "trigger_" + condition;
  made.detail = "price " + seen.price_usd.to_string() +
                (order.condition == domain::trigger_condition::above ? " >= " : " <= ") +
                order.trigger_price_usd.to_string();
  made.evidence.source = seen.source;
  made.evidence.price_usd = seen.price_usd;
  made.evidence.confidence_usd = seen.confidence_usd;
  made.evidence.publish_time = seen.publish_time;
  made.evidence.received_at = seen.received_at;
  made.evidence.gates = json::writer{}
                            .begin_object()
                            .member("condition", condition)
                            .member("trigger_price_usd", order.trigger_price_usd.to_string())
                            .member("feed_id", seen.feed_id)
                            .key("gates")
                            .raw_json(price.gates)
                            .end_object()
                            .take();
  made.write_by = seen.received_at + write_within;
  return made;
}

}  // namespace

decided decide(const trigger_book& book, const accepted_price& price, domain::utc_time now,
               domain::milliseconds write_within, std::size_t limit) {
  decided out;
  for (const auto& id : book.crossed(price.update.price_usd, limit)) {
    const auto& order = *book.find(id);
    if (order.expires_at <= now)
      out.out_of_time.push_back(id);
    else
      out.decisions.push_back(execute(order, price, write_within));
  }
  return out;
}

std::optional<decision> decide_expiry(domain::order_id order, domain::utc_time expires_at, domain::utc_time now) {
  if (now < expires_at)
    return std::nullopt;
  decision made;
  made.order = order;
  made.to = domain::order_state::ready_expire;
  made.reason = "expired";
  made.detail = "expired at " + domain::to_iso8601(expires_at);
  made.evidence.source = "clock";
  made.evidence.received_at = now;
  made.evidence.gates = json::writer{}
                            .begin_object()
                            .key("gates")
                            .begin_array()
                            .begin_object()
                            .member("gate", "expiry")
                            .member("passed", true)
                            .member("expires_at", domain::to_iso8601(expires_at))
                            .end_object()
                            .end_array()
                            .end_object()
                            .take();
  return made;
}

}  // namespace landfall::trigger
