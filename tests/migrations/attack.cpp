#include "tests/migrations/attack.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace landfall::tests {

namespace {

std::string quoted(const std::string& text) {
  return text.empty() ? "null" : "'" + text + "'";
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

/// All that a rule protects, as one value.
std::string fingerprint(fixtures& rows) {
  return rows.value(R"(select md5(concat(
      (select string_agg(o::text, '|' order by o.id) from price_order o),
      (select string_agg(a::text, '|' order by a.id) from attempt a),
      (select string_agg(m::text, '|' order by m.id) from order_transition m),
      (select string_agg(e::text, '|' order by e.id) from evidence e),
      (select string_agg(d::text, '|' order by d.id) from deposit_request d),
      (select string_agg(v::text, '|' order by v.id) from vault v),
      (select string_agg(k::text, '|' order by k.key) from idempotency_key k), $1::text)))",
                    "");
}

}  // namespace

std::string edit_function(const std::string& function, const std::string& part, const std::string& replacement) {
  return R"(do $mutant$
declare
  body text := pg_get_functiondef(')" +
         function + R"('::regproc);
begin
  if position($part$)" +
         part + R"($part$ in body) = 0 then raise 'no such part in the function'; end if;
  execute replace(body, $part$)" +
         part + "$part$, $new$" + replacement + R"($new$);
end $mutant$;)";
}

std::string bind_names(fixtures& rows, const order_fixture& order, const std::string& sql) {
  auto text = sql;
  const std::vector<std::pair<std::string, std::string>> names{
      {":id", order.id},
      {":account", order.deposit.order_account},
      {":request", order.deposit.id},
      {":wallet", order.deposit.wallet},
      {":vault", order.deposit.vault},
      {":deposit", rows.last_attempt(order, "deposit")},
      {":swap", rows.last_attempt(order, "swap")},
      {":payout", rows.last_attempt(order, "payout")},
      {":refund", rows.last_attempt(order, "refund")},
      {":evidence",
       rows.value("select id from evidence where order_id = $1 order by decided_at desc limit 1", order.id)},
  };
  for (const auto& [name, with] : names)
    replace_all(text, name, quoted(with));
  return text;
}

void withstand(const std::vector<attack>& attacks) {
  for (const auto& one : attacks) {
    INFO(one.name);
    scratch_database database;
    fixtures rows{database};
    const auto order = rows.order_in(one.state);
    if (one.given)
      one.given(rows, order);
    const auto sql = bind_names(rows, order, one.sql);
    const auto before = fingerprint(rows);
    CHECK(sqlstate_of(rows.as(one.role), sql) == one.refused);
    CHECK(fingerprint(rows) == before);
    REQUIRE(sqlstate_of(rows.as("admin"), one.mutation) == "");
    INFO("with the rule taken away");
    CHECK(sqlstate_of(rows.as(one.role), sql) == "");
  }
}

}  // namespace landfall::tests
