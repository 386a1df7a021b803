#include "executor-service/verify/summary.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "common/runtime/json_text.hpp"

namespace landfall::executor::verify {

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

std::string to_json(const summary& s) {
  json_object out;
  out.number("orders", s.orders).number("attempts", s.attempts).number("ordersInFlight", s.orders_in_flight);
  out.raw("findings", json_list(s.findings, [](const finding& f) {
            json_object o;
            o.text("kind", to_string(f.kind)).text("subject", f.subject).id("orderId", f.order);
            o.id("attemptId", f.attempt).text("detail", f.detail).text("expected", f.expected);
            o.text("observed", f.observed).number("slot", f.slot).text("endpoint", f.endpoint);
            return o.yes("touchesMoney", f.money).yes("agreed", f.agreed).take();
          }));
  out.raw("sums", json_list(s.sums, [](const sum_row& row) {
            json_object o;
            o.text("mint", row.mint.to_string()).text("side", to_string(row.of));
            o.text("booked", to_text(row.booked)).text("observed", to_text(row.observed));
            o.text("shortfall", to_text(row.shortfall)).number("accounts", row.accounts);
            return o.number("leftOut", row.left_out).number("slot", row.slot).take();
          }));
  out.raw("disputed", json_list(s.disputed, [](const disputed_question& q) {
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
