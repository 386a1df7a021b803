#include <optional>
#include <string>
#include <string_view>

#include "common/json/writer.hpp"
#include "executor-service/verify/verifier_actor.hpp"

namespace landfall::executor {

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

void write(json::writer& w, const verify::finding& f) {
  w.begin_object().member("kind", to_string(f.kind)).member("subject", f.subject);
  write_id(w, "orderId", f.order);
  write_id(w, "attemptId", f.attempt);
  w.member("detail", f.detail).member("expected", f.expected).member("observed", f.observed);
  w.member("slot", f.slot).member("endpoint", f.endpoint);
  w.member("touchesMoney", f.money).member("agreed", f.agreed).end_object();
}

void write(json::writer& w, const verify::sum_line& line) {
  w.begin_object().member("mint", line.mint.to_string()).member("side", to_string(line.of));
  w.member("booked", verify::to_text(line.booked)).member("observed", verify::to_text(line.observed));
  w.member("shortfall", verify::to_text(line.shortfall)).member("accounts", line.accounts);
  w.member("leftOut", line.left_out).member("slot", line.slot).end_object();
}

void write(json::writer& w, const verify::disputed_question& q) {
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

std::string to_json(const verify_summary& s) {
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

std::string to_table(const verify_summary& s) {
  std::string out;
  for (const auto& f : s.findings)
    out += std::string{to_string(f.kind)} + (f.money ? "  MONEY  " : "  ") + f.subject +
           (f.attempt && f.order ? "  order " + f.order->to_string() : "") + "\n  " + f.detail + "\n  expected " +
           f.expected + ", observed " + f.observed + " (slot " + std::to_string(f.slot) + ", " + f.endpoint +
           (f.agreed ? ")\n" : ", no second endpoint)\n");
  for (const auto& line : s.sums)
    out += "sum  " + line.mint.to_string() + "  " + std::string{to_string(line.of)} + "  booked " +
           verify::to_text(line.booked) + "  observed " + verify::to_text(line.observed) + "  short " +
           verify::to_text(line.shortfall) + "  accounts " + std::to_string(line.accounts) + "  left out " +
           std::to_string(line.left_out) + "\n";
  for (const auto& q : s.disputed)
    out += "disputed  " + std::string{to_string(q.kind)} + "  " + q.subject + "  found by " +
           verify::to_list(q.found_by) + ", right by " + verify::to_list(q.right_by) + "\n";
  if (!s.trouble.empty())
    out += "not finished: " + s.trouble + "\n";
  out += std::to_string(s.orders) + " orders, " + std::to_string(s.attempts) + " attempts, " +
         std::to_string(s.orders_in_flight) + " in flight, " + std::to_string(s.findings.size()) + " findings\n";
  return out;
}

}  // namespace landfall::executor
