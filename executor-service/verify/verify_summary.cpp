#include <string>
#include <string_view>
#include <utility>

#include "common/runtime/json_text.hpp"
#include "executor-service/verify/verifier_actor.hpp"

namespace landfall::executor {

using verify::finding;

namespace {

/// Builds one JSON object.
class json_object {
public:
  json_object& text(std::string_view name, std::string_view value) {
    key(name);
    runtime::append_json_string(out_, value);
    return *this;
  }
  json_object& raw(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
    return *this;
  }
  json_object& number(std::string_view name, std::uint64_t value) {
    return raw(name, std::to_string(value));
  }
  json_object& yes(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  template <class Id>
  json_object& id(std::string_view name, const std::optional<Id>& value) {
    return value ? text(name, value->to_string()) : raw(name, "null");
  }
  std::string take() {
    return std::move(out_) + "}";
  }

private:
  void key(std::string_view name) {
    out_ += out_.size() > 1 ? ",\"" : "\"";
    out_ += name;
    out_ += "\":";
  }
  std::string out_ = "{";
};

template <class Items, class Text>
std::string json_list(const Items& items, Text text) {
  std::string out = "[";
  for (const auto& item : items)
    out += (out.size() > 1 ? "," : "") + text(item);
  return out + "]";
}

std::string json_names(const std::vector<std::string>& names) {
  return json_list(names, [](const std::string& name) {
    std::string text;
    runtime::append_json_string(text, name);
    return text;
  });
}

}  // namespace

std::string to_json(const verify_summary& s) {
  json_object out;
  out.number("orders", s.orders).number("attempts", s.attempts).number("ordersInFlight", s.orders_in_flight);
  out.raw("findings", json_list(s.findings, [](const finding& f) {
            json_object o;
            o.text("kind", to_string(f.kind)).text("subject", f.subject).id("orderId", f.order);
            o.id("attemptId", f.attempt).text("detail", f.detail).text("expected", f.expected);
            o.text("observed", f.observed).number("slot", f.slot).text("endpoint", f.endpoint);
            return o.yes("touchesMoney", f.money).yes("agreed", f.agreed).take();
          }));
  out.raw("sums", json_list(s.sums, [](const verify::sum_line& line) {
            json_object o;
            o.text("mint", line.mint.to_string()).text("side", to_string(line.of));
            o.text("booked", verify::to_text(line.booked)).text("observed", verify::to_text(line.observed));
            o.text("shortfall", verify::to_text(line.shortfall)).number("accounts", line.accounts);
            return o.number("leftOut", line.left_out).number("slot", line.slot).take();
          }));
  out.raw("disputed", json_list(s.disputed, [](const verify::disputed_question& q) {
            json_object o;
            o.text("kind", to_string(q.kind)).text("subject", q.subject);
            return o.raw("foundBy", json_names(q.found_by)).raw("rightBy", json_names(q.right_by)).take();
          }));
  if (s.trouble.empty())
    out.raw("trouble", "null");
  else
    out.text("trouble", s.trouble);
  return out.yes("clean", s.clean()).take();
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
