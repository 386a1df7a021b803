#include "executor-service/actors/order_log.hpp"

#include <string>
#include <variant>

#include "executor-service/stores/order_store.hpp"

namespace landfall::executor {

using runtime::field;
using runtime::level;

namespace {

std::string id_of(const attempt* a) {
  return a != nullptr ? a->id.to_string() : std::string{};
}

std::string signature_of(const attempt* a) {
  return a != nullptr && a->signature ? a->signature->to_string() : std::string{};
}

}  // namespace

void log_order(const order& o, const attempt* about, level l, std::string_view event, std::string_view why,
               std::string_view detail) {
  runtime::log(
      l, event,
      {field{"order_id", o.id.to_string()}, field{"state", to_string(o.state)}, field{"attempt_id", id_of(about)},
       field{"signature", signature_of(about)}, field{"why", why}, field{"detail", detail}});
}

void tell_written(const order& o, const order_write& w) {
  if (const auto* move = std::get_if<write::move>(&w)) {
    const auto* a = move->attempt ? o.find(*move->attempt) : nullptr;
    runtime::log_info("order_moved",
                      {field{"order_id", o.id.to_string()}, field{"from", to_string(move->from)},
                       field{"to", to_string(move->to)}, field{"reason", move->reason}, field{"detail", move->detail},
                       field{"attempt_id", id_of(a)}, field{"signature", signature_of(a)}});
  } else if (const auto* stored = std::get_if<write::insert_attempt>(&w)) {
    const auto& a = stored->what;
    runtime::log_info("attempt_stored", {field{"order_id", o.id.to_string()}, field{"attempt_id", id_of(&a)},
                                         field{"signature", signature_of(&a)}, field{"maker", a.maker.value_or("")},
                                         field{"kind", to_string(a.kind)}});
  }
}

void tell_proven(const order& o, const attempt& a, const resolution& proven, const order_metrics& metrics) {
  if (const auto* landed = std::get_if<fate::landed>(&proven)) {
    log_order(o, &a, level::info, landed->finalized ? "attempt_landed" : "attempt_confirmed");
    if (landed->finalized)
      metrics.landed.inc();
  } else if (const auto* failed = std::get_if<fate::landed_failed>(&proven)) {
    log_order(o, &a, level::warn, "attempt_landed_failed", failed->err);
    metrics.landed_failed.inc();
  } else if (std::holds_alternative<fate::dead>(proven)) {
    log_order(o, &a, level::warn, "attempt_dead");
    metrics.dead.inc();
  } else {
    log_order(o, &a, level::warn, "rolled_back");
    metrics.rollbacks.inc();
  }
}

void tell_overdue(const order& o, const attempt& a, doubt why, const order_metrics& metrics) {
  log_order(o, &a, level::warn, "attempt_overdue", to_string(why));
  metrics.overdue.inc();
}

void tell_refused(const order& o, const attempt* about, const postgres::database_error& e) {
  if (e.is(domain::rule_error::transition_refused))
    log_order(o, about, level::info, "order_moved_by_other", e.sqlstate, e.message);
  else if (e.is(domain::rule_error::signing_halted))
    log_order(o, about, level::warn, "signing_halted", e.sqlstate, e.message);
  else
    log_order(o, about, level::error, "commit_refused", e.sqlstate, e.message);
}

void count_signed(attempt_kind kind, const order_metrics& metrics) {
  (kind == attempt_kind::swap     ? metrics.signed_swaps
   : kind == attempt_kind::payout ? metrics.signed_payouts
   : kind == attempt_kind::refund ? metrics.signed_refunds
                                  : metrics.signed_closes)
      .inc();
}

}  // namespace landfall::executor
