#include "executor-service/verify/summary.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "common/json/writer.hpp"

namespace landfall::executor::verify {

namespace {

template <class Id>
void write_id(json::writer& w, std::string_view name, const std::optional<Id>& id) {
  if (id)
    w.member(name, id->to_string());
  else
    w.key(name).null();
}

void write_names(json::writer& w, std::string_view key, const std::vector<std::string>& names) {
  w.key(key).begin_array();
  for (const auto& name : names)
    w.string(name);
  w.end_array();
}

void write(json::writer& w, const finding& f) {
  w.begin_object().member("kind", to_string(f.kind)).member("subject", f.subject);
  write_id(w, "orderId", f.order);
  write_id(w, "attemptId", f.attempt);
  w.member("detail", f.detail).member("expected", f.expected).member("observed", f.observed);
  w.member("slot", f.slot).member("endpoint", f.endpoint);
  w.member("touchesMoney", f.money).member("agreed", f.agreed).end_object();
}

void write(json::writer& w, const sum_row& row) {
  w.begin_object().member("mint", row.mint.to_string()).member("side", to_string(row.of));
  w.member("booked", to_text(row.booked)).member("observed", to_text(row.observed));
  w.member("shortfall", to_text(row.shortfall)).member("accounts", row.accounts);
  w.member("leftOut", row.left_out).member("slot", row.slot).end_object();
}

void write(json::writer& w, const disputed_question& q) {
  w.begin_object().member("kind", to_string(q.kind)).member("subject", q.subject);
  write_names(w, "foundBy", q.found_by);
  write_names(w, "rightBy", q.right_by);
  w.end_object();
}

template <class Items>
void write_list(json::writer& w, std::string_view key, const Items& items) {
  w.key(key).begin_array();
  for (const auto& item : items)
    write(w, item);
  w.end_array();
}

}  // namespace

std::string to_json(const summary& s) {
  json::writer w;
  w.begin_object().member("orders", s.orders).member("attempts", s.attempts);
  w.member("ordersInFlight", s.orders_in_flight);
  write_list(w, "findings", s.findings);
  write_list(w, "sums", s.sums);
  write_list(w, "disputed", s.disputed);
  if (s.trouble.empty())
    w.key("trouble").null();
  else
    w.member("trouble", s.trouble);
  return w.member("clean", s.clean()).end_object().take();
}

std::string to_table(const summary& s) {
  std::string out;
  for (const auto& f : s.findings)
    out += std::string{to_string(f.kind)} + (f.money ? "  MONEY  " : "  ") + f.subject +
           (f.attempt && f.order ? "  order " + f.order->to_string() : "") + "\n  " + f.detail + "\n  expected " +
           f.expected + ", observed " + f.observed + " (slot " + std::to_string(f.slot) + ", " + f.endpoint +
           (f.agreed ? ")\n" : ", no second endpoint)\n");
  for (const auto& row : s.sums)
    out += "sum  " + row.mint.to_string() + "  " + std::string{to_string(row.of)} + "  booked " + to_text(row.booked) +
           "  observed " + to_text(row.observed) + "  short " + to_text(row.shortfall) + "  accounts " +
           std::to_string(row.accounts) + "  left out " + std::to_string(row.left_out) + "\n";
  for (const auto& q : s.disputed)
    out += "disputed  " + std::string{to_string(q.kind)} + "  " + q.subject + "  found by " + to_list(q.found_by) +
           ", right by " + to_list(q.right_by) + "\n";
  if (!s.trouble.empty())
    out += "not finished: " + s.trouble + "\n";
  out += std::to_string(s.orders) + " orders, " + std::to_string(s.attempts) + " attempts, " +
         std::to_string(s.orders_in_flight) + " in flight, " + std::to_string(s.findings.size()) + " findings\n";
  return out;
}

}  // namespace landfall::executor::verify
