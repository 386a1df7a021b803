#include "executor-service/api/order_view.hpp"

#include <algorithm>
#include <string_view>

#include "executor-service/api/reply.hpp"

namespace landfall::executor::api {

namespace {

using domain::order_state;

enum class event_state { success, failed, pending };

std::string_view to_string(event_state state) {
  switch (state) {
    case event_state::success:
      return "success";
    case event_state::failed:
      return "failed";
    case event_state::pending:
      return "pending";
  }
  return "pending";
}

struct event {
  std::string_view type;
  domain::utc_time at;
  event_state state = event_state::pending;
  std::optional<std::string> signature;
  std::optional<std::string> mint;
  std::optional<domain::token_amount> amount;
  std::optional<std::string> output_mint;
  std::optional<domain::token_amount> output_amount;
  std::optional<order_context> context;
  std::optional<std::string> reason;
  std::optional<std::string> detail;
};

event_state state_of(const attempt_view& a) {
  if (!a.outcome)
    return event_state::pending;
  return *a.outcome == attempt_outcome::landed ? event_state::success : event_state::failed;
}

domain::utc_time time_of(const attempt_view& a) {
  if (a.outcome == attempt_outcome::landed && a.confirmed_at)
    return *a.confirmed_at;
  if (a.resolved_at)
    return *a.resolved_at;
  return a.confirmed_at.value_or(a.signed_at);
}

/// What is known of an attempt, as a stable code.
std::string progress_of(const attempt_view& a) {
  if (a.outcome)
    return std::string{executor::to_string(*a.outcome)};
  if (a.confirmed_at)
    return "confirmed";
  return a.broadcast_at ? "in_doubt" : "signed";
}

const move_view* last_move_of(const order_view& o, const std::string& attempt) {
  const auto found =
      std::find_if(o.moves.rbegin(), o.moves.rend(), [&](const move_view& m) { return m.attempt == attempt; });
  return found == o.moves.rend() ? nullptr : &*found;
}

/// Reason and detail: why it failed as the move that ended it says, else how far it is known.
void explain(event& e, const order_view& o, const attempt_view& a) {
  e.reason = progress_of(a);
  e.detail = a.error;
  const auto* move = last_move_of(o, a.id);
  if (e.state != event_state::failed || move == nullptr)
    return;
  if (move->reason)
    e.reason = move->reason;
  if (move->detail && !move->detail->empty())
    e.detail = move->detail;
}

event attempt_event(std::string_view type, const order_view& o, const attempt_view& a) {
  event e;
  e.type = type;
  e.state = state_of(a);
  e.at = time_of(a);
  e.signature = a.signature;
  explain(e, o, a);
  return e;
}

template <class First, class... Rest>
First first_of(const First& first, const Rest&... rest) {
  First chosen = first;
  ((chosen = chosen ? chosen : rest), ...);
  return chosen;
}

event deposit_event(const order_view& o, const attempt_view& a) {
  auto e = attempt_event("deposit", o, a);
  if (!a.outcome && a.confirmed_at)
    e.state = event_state::success;
  e.mint = o.input_mint;
  e.amount = o.input_amount;
  return e;
}

event fill_event(const order_view& o, const attempt_view& a, bool only_landed_swap) {
  auto e = attempt_event("fill", o, a);
  e.mint = o.input_mint;
  e.output_mint = o.output_mint;
  if (e.state == event_state::success) {
    e.amount = first_of(a.input_moved, a.expected_input);
    e.output_amount = a.output_moved;
    if (!e.output_amount && only_landed_swap)
      e.output_amount = o.output_amount;
  } else if (e.state == event_state::failed) {
    e.amount = domain::token_amount{0};
    e.output_amount = domain::token_amount{0};
  } else {
    e.amount = a.expected_input;
  }
  return e;
}

event payout_event(const order_view& o, const attempt_view& a) {
  auto e = attempt_event("withdrawal", o, a);
  e.mint = o.output_mint;
  e.amount = first_of(a.output_moved, o.output_amount);
  return e;
}

/// A refund follows either a cancel or an expiry: whichever came last before it was signed.
event refund_event(const order_view& o, const attempt_view& a) {
  std::string_view type = "expired";
  for (const auto& m : o.moves)
    if (m.at <= a.signed_at && (m.to == order_state::ready_to_cancel || m.to == order_state::ready_expire))
      type = m.to == order_state::ready_to_cancel ? "cancelled" : "expired";
  auto e = attempt_event(type, o, a);
  e.mint = o.input_mint;
  e.amount = first_of(a.input_moved, a.order_account_balance, a.expected_input);
  return e;
}

event move_event(std::string_view type, event_state state, const move_view& m) {
  event e;
  e.type = type;
  e.at = m.at;
  e.state = state;
  e.reason = m.reason;
  e.detail = m.detail;
  return e;
}

std::vector<event> events_of(const order_view& o) {
  std::vector<event> events;
  const auto context = context_of(o.trigger_mint == o.input_mint, o.condition);
  const auto landed = [&](attempt_kind kind) {
    return std::count_if(o.attempts.begin(), o.attempts.end(),
                         [&](const attempt_view& a) { return a.kind == kind && a.outcome == attempt_outcome::landed; });
  };
  for (const auto& a : o.attempts) {
    switch (a.kind) {
      case attempt_kind::deposit:
        events.push_back(deposit_event(o, a));
        break;
      case attempt_kind::swap:
        events.push_back(fill_event(o, a, landed(attempt_kind::swap) == 1));
        events.back().context = context;
        break;
      case attempt_kind::payout:
        events.push_back(payout_event(o, a));
        break;
      case attempt_kind::refund:
        events.push_back(refund_event(o, a));
        break;
      // Closing empty accounts is our housekeeping.
      case attempt_kind::close:
        break;
    }
  }
  for (const auto& m : o.moves) {
    if (m.to == order_state::execute_failed && !m.attempt) {
      events.push_back(move_event("fill", event_state::failed, m));
      events.back().output_mint = o.output_mint;
      events.back().output_amount = domain::token_amount{0};
      events.back().context = context;
    }
    const bool cancelled = m.to == order_state::cancelled || m.to == order_state::oco_cancelled;
    if ((cancelled || m.to == order_state::expired) && landed(attempt_kind::refund) == 0)
      events.push_back(move_event(cancelled ? "cancelled" : "expired", event_state::success, m));
  }
  std::stable_sort(events.begin(), events.end(), [](const event& a, const event& b) { return a.at < b.at; });
  return events;
}

void text_if(json::writer& w, std::string_view name, const std::optional<std::string>& text) {
  if (text)
    w.member(name, *text);
}

void detail_if(json::writer& w, const std::optional<std::string>& detail) {
  if (detail)
    w.member("detail", excerpt_of(*detail));
}

void amount_if(json::writer& w, std::string_view name, const std::optional<domain::token_amount>& amount) {
  if (amount)
    w.member(name, amount->to_string());
}

void amount_or_null(json::writer& w, std::string_view name, const std::optional<domain::token_amount>& amount) {
  if (amount)
    w.member(name, amount->to_string());
  else
    w.key(name).null();
}

void time_or_null(json::writer& w, std::string_view name, const std::optional<domain::utc_time>& time) {
  if (time)
    w.member(name, domain::unix_ms(*time));
  else
    w.key(name).null();
}

void number_or_null(json::writer& w, std::string_view name, const std::optional<std::string>& digits) {
  if (digits)
    w.key(name).raw_number(*digits);
  else
    w.key(name).null();
}

void write_event(json::writer& w, const event& e) {
  w.begin_object()
      .member("type", e.type)
      .member("timestamp", domain::unix_ms(e.at))
      .member("state", to_string(e.state));
  text_if(w, "txSignature", e.signature);
  text_if(w, "mint", e.mint);
  amount_if(w, "amount", e.amount);
  text_if(w, "outputMint", e.output_mint);
  amount_if(w, "outputAmount", e.output_amount);
  if (e.context)
    w.member("orderContext", api::to_string(*e.context));
  text_if(w, "reason", e.reason);
  detail_if(w, e.detail);
  w.end_object();
}

void write_evidence(json::writer& w, const evidence_view& seen) {
  w.begin_object().member("id", seen.id).member("source", seen.source);
  number_or_null(w, "priceUsd", seen.price_usd);
  number_or_null(w, "confidenceUsd", seen.confidence_usd);
  time_or_null(w, "publishTime", seen.publish_time);
  w.member("receivedAt", domain::unix_ms(seen.received_at)).member("decidedAt", domain::unix_ms(seen.decided_at));
  w.member("instance", seen.instance).key("gates");
  if (const auto gates = json::parse(seen.gates))
    w.value(*gates);
  else
    w.null();
  w.end_object();
}

void write_triggers(json::writer& w, const order_view& o) {
  w.key("triggers").begin_array();
  for (const auto& m : o.moves) {
    if (m.role != "trigger")
      continue;
    w.begin_object().member("timestamp", domain::unix_ms(m.at)).member("decision", domain::to_string(m.to));
    text_if(w, "reason", m.reason);
    detail_if(w, m.detail);
    w.key("evidence");
    const auto seen =
        std::find_if(o.evidence.begin(), o.evidence.end(), [&](const evidence_view& e) { return m.evidence == e.id; });
    if (seen == o.evidence.end())
      w.null();
    else
      write_evidence(w, *seen);
    w.end_object();
  }
  w.end_array();
}

/// used / whole in millionths, rounded down, as a decimal: 1 is filled.
std::string ratio(domain::token_amount used, domain::token_amount whole) {
  constexpr unsigned scale = 1'000'000;
  const auto millionths = static_cast<domain::int128>(domain::uint128{used.units()} * scale / whole.units());
  return domain::decimal::from_scaled(millionths * 1'000'000'000'000).to_string();
}

}  // namespace

void write_order(json::writer& w, const order_view& o) {
  const auto used = o.input_used.value_or(domain::token_amount{0});
  const auto remaining = o.input_amount.minus(used).value_or(domain::token_amount{0});
  w.begin_object()
      .member("id", o.id)
      .member("orderType", o.order_type)
      .member("orderState", domain::shown_as(o.state))
      .member("rawState", domain::to_string(o.state))
      .member("userPubkey", o.wallet)
      .member("privyWalletPubkey", o.vault)
      .member("inputMint", o.input_mint)
      .member("initialInputAmount", o.input_amount.to_string())
      .member("remainingInputAmount", remaining.to_string())
      .member("outputMint", o.output_mint)
      .member("triggerMint", o.trigger_mint)
      .member("triggerCondition", to_string(o.condition))
      .key("triggerPriceUsd")
      .raw_number(o.trigger_price_usd);
  if (o.slippage_bps)
    w.member("slippageBps", *o.slippage_bps);
  w.member("expiresAt", domain::unix_ms(o.expires_at))
      .member("createdAt", domain::unix_ms(o.created_at))
      .member("updatedAt", domain::unix_ms(o.updated_at));
  time_or_null(w, "triggeredAt", o.triggered_at);
  amount_or_null(w, "outputAmount", o.output_amount);
  amount_or_null(w, "inputUsed", o.input_used);
  number_or_null(w, "fillPercent", o.input_used ? std::optional{ratio(*o.input_used, o.input_amount)} : std::nullopt);
  w.key("trailingBps").null().key("highWatermark").null().key("lowWatermark").null();
  text_if(w, "reason", o.last_reason);
  detail_if(w, o.last_detail);
  w.key("events").begin_array();
  for (const auto& e : events_of(o))
    write_event(w, e);
  w.end_array();
  write_triggers(w, o);
  w.end_object();
}

}  // namespace landfall::executor::api
