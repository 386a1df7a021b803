#include "executor-service/order/order_log.hpp"

#include <array>
#include <string>
#include <variant>

#include "common/runtime/log.hpp"

namespace landfall::executor {

using runtime::field;
using runtime::level;

namespace {

struct notice_row {
  effects::notice::kind what;
  level importance;
  std::string_view event;
  runtime::counter_handle order_metrics::*counted = nullptr;
};

using kind = effects::notice::kind;

constexpr auto notice_rows = std::to_array<notice_row>({
    {kind::waiting, level::warn, "waiting"},
    {kind::not_signed, level::warn, "not_signed", &order_metrics::build_failures},
    {kind::attempt_watched, level::info, "attempt_watched"},
    {kind::not_watched, level::warn, "not_watched"},
    {kind::message_unreadable, level::error, "message_unreadable"},
    {kind::attempt_confirmed, level::info, "attempt_confirmed"},
    {kind::attempt_landed, level::info, "attempt_landed", &order_metrics::landed},
    {kind::attempt_landed_failed, level::warn, "attempt_landed_failed", &order_metrics::landed_failed},
    {kind::attempt_dead, level::warn, "attempt_dead", &order_metrics::dead},
    {kind::rolled_back, level::warn, "rolled_back", &order_metrics::rollbacks},
    {kind::attempt_overdue, level::warn, "attempt_overdue", &order_metrics::overdue},
    {kind::commit_retried, level::warn, "commit_retried"},
    {kind::order_changed_by_other, level::info, "order_changed_by_other"},
    {kind::signing_halted, level::warn, "signing_halted"},
    {kind::commit_refused, level::error, "commit_refused"},
    {kind::lease_lost, level::warn, "lease_lost"},
    {kind::commit_not_known, level::warn, "commit_not_known"},
    {kind::commit_lost, level::error, "commit_writer_gone"},
});

constexpr bool in_order_of_kinds() {
  for (std::size_t i = 0; i < notice_rows.size(); ++i)
    if (static_cast<std::size_t>(notice_rows[i].what) != i)
      return false;
  return true;
}
static_assert(in_order_of_kinds());

std::string id_of(const attempt* a) {
  return a != nullptr ? a->id.to_string() : std::string{};
}

std::string signature_of(const attempt* a) {
  return a != nullptr && a->signature ? a->signature->to_string() : std::string{};
}

}  // namespace

void log_notice(const order& o, const effects::notice& n, const order_metrics& metrics) {
  const auto& line = notice_rows.at(static_cast<std::size_t>(n.what));
  const auto* about = n.about ? o.find(*n.about) : nullptr;
  runtime::log(
      line.importance, line.event,
      {field{"order_id", o.id.to_string()}, field{"state", to_string(o.state)}, field{"attempt_id", id_of(about)},
       field{"signature", signature_of(about)}, field{"why", n.why}, field{"detail", n.detail}});
  if (line.counted != nullptr)
    (metrics.*line.counted).inc();
}

void log_written(const order& o, const order_write& w) {
  if (const auto* t = std::get_if<write::transition>(&w)) {
    const auto* a = t->attempt ? o.find(*t->attempt) : nullptr;
    runtime::log_info("order_transition",
                      {field{"order_id", o.id.to_string()}, field{"from", to_string(t->from)},
                       field{"to", to_string(t->to)}, field{"reason", t->reason}, field{"detail", t->detail},
                       field{"attempt_id", id_of(a)}, field{"signature", signature_of(a)}});
  } else if (const auto* stored = std::get_if<write::insert_attempt>(&w)) {
    const auto& a = stored->what;
    runtime::log_info("attempt_stored", {field{"order_id", o.id.to_string()}, field{"attempt_id", id_of(&a)},
                                         field{"signature", signature_of(&a)}, field{"maker", a.maker.value_or("")},
                                         field{"kind", to_string(a.kind)}});
  }
}

void count_signed(attempt_kind kind, const order_metrics& metrics) {
  (kind == attempt_kind::swap     ? metrics.signed_swaps
   : kind == attempt_kind::payout ? metrics.signed_payouts
   : kind == attempt_kind::refund ? metrics.signed_refunds
                                  : metrics.signed_closes)
      .inc();
}

}  // namespace landfall::executor
