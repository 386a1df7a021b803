#include "executor-service/verify/finding_store.hpp"

#include <unordered_map>
#include <utility>

#include "common/postgres/column.hpp"
#include "executor-service/verify/fact_store.hpp"
#include "executor-service/verify/sql.hpp"

namespace landfall::executor::verify {

using postgres::array_literal;
using postgres::column_as;
using postgres::nullable;
using postgres::transaction;

namespace {

/// One column of a batch.
template <class Items, class Text>
std::string text_column(const Items& items, Text text) {
  std::vector<std::string> values;
  for (const auto& item : items)
    values.push_back(text(item));
  return array_literal(values);
}

template <class Items, class Id>
std::string id_column(const Items& items, Id id) {
  std::vector<std::optional<std::string>> values;
  for (const auto& item : items)
    values.push_back((item.*id) ? std::optional{(item.*id)->to_string()} : std::nullopt);
  return array_literal(values);
}

std::string yes_or_no(bool yes) {
  return yes ? "true" : "false";
}

finding_kind kind_of(const pqxx::field& field) {
  return column_as(field, parse_finding_kind);
}

void insert_movements(transaction& t, const std::vector<seen_movement>& movements) {
  if (movements.empty())
    return;
  (void)t.run(sql::insert_movements, text_column(movements, [](const auto& m) { return m.attempt.to_string(); }),
              text_column(movements, [](const auto& m) { return std::to_string(m.moved.slot); }),
              text_column(movements, [](const auto& m) { return to_text(m.moved.order_account); }),
              text_column(movements, [](const auto& m) { return to_text(m.moved.output_account); }),
              text_column(movements, [](const auto& m) { return m.endpoint; }));
}

}  // namespace

std::vector<finding_store::open_row> finding_store::upsert(transaction& t, const std::vector<finding>& found,
                                                           recorded_findings& out) {
  std::vector<open_row> rows;
  if (found.empty())
    return rows;
  const auto list = [&](auto text) { return text_column(found, text); };
  for (const auto& row :
       t.run(sql::record_findings, list([](const auto& f) { return std::string{to_string(f.kind)}; }),
             list([](const auto& f) { return f.subject; }), id_column(found, &finding::order),
             id_column(found, &finding::attempt), list([](const auto& f) { return f.detail; }),
             list([](const auto& f) { return f.expected; }), list([](const auto& f) { return f.observed; }),
             list([](const auto& f) { return std::to_string(f.slot); }), list([](const auto& f) { return f.endpoint; }),
             list([](const auto& f) { return yes_or_no(f.money); }),
             list([](const auto& f) { return yes_or_no(f.agreed); }))) {
    open_row open;
    open.id = row["id"].as<std::string>();
    open.subject = row["subject"].as<std::string>();
    open.order = nullable<domain::order_id>(row["order_id"]);
    open.times_seen = row["times_seen"].as<int>();
    open.state = {kind_of(row["kind"]), row["touches_money"].as<bool>(), row["times_agreed"].as<int>(),
                  row["held_already"].as<bool>()};
    if (open.times_seen == 1)
      out.opened.push_back({open.state.kind, open.subject});
    rows.push_back(std::move(open));
  }
  return rows;
}

void finding_store::close(transaction& t, const std::vector<settled_question>& right, recorded_findings& out) {
  if (right.empty())
    return;
  for (const auto& row :
       t.run(sql::close_findings, text_column(right, [](const auto& q) { return std::string{to_string(q.kind)}; }),
             text_column(right, [](const auto& q) { return q.subject; })))
    out.closed.push_back({kind_of(row["kind"]), row["subject"].as<std::string>()});
}

void finding_store::hold(transaction& t, const open_row& row, recorded_findings& out) {
  if (!row.order || !wants_hold(row.state, rules_))
    return;
  const auto reason = "verifier: " + std::string{to_string(row.state.kind)} + ", discrepancy " + row.id;
  const bool held = t.run_optional(sql::hold_order, row.order->to_string(), reason).has_value();
  (void)t.run(sql::mark_held, row.id);
  if (held)
    out.held.push_back({*row.order, reason});
}

void finding_store::halt(transaction& t, const open_row& row, const sum_finding& f, recorded_findings& out) {
  const std::string side{to_string(f.of)};
  const auto accepted = whole_number((*t.run_optional(sql::accepted_shortfall, f.mint.to_string(), side))[0]);
  if (!f.what.agreed || !wants_halt(row.state, f.shortfall, accepted, rules_))
    return;
  auto reason = "sum_short, discrepancy " + row.id + ": " + f.what.detail;
  if (t.run_optional(sql::insert_halt, reason, f.mint.to_string(), side, to_text(f.shortfall),
                     static_cast<long long>(f.what.slot), f.what.endpoint, instance_))
    out.halts.push_back(std::move(reason));
}

postgres::database_result<recorded_findings> finding_store::record(const judgement& judged,
                                                                   const std::vector<seen_movement>& movements) {
  return db_.transact_retrying(3, [&](transaction& t) {
    recorded_findings out;
    insert_movements(t, movements);
    const auto rows = upsert(t, judged.found, out);
    close(t, judged.right, out);
    for (const auto& row : rows)
      hold(t, row, out);
    return out;
  });
}

postgres::database_result<recorded_findings> finding_store::record_sums(const std::vector<sum_finding>& found,
                                                                        const std::vector<settled_question>& right) {
  return db_.transact_retrying(3, [&](transaction& t) {
    recorded_findings out;
    std::vector<finding> findings;
    std::unordered_map<std::string, const sum_finding*> by_subject;
    for (const auto& f : found) {
      findings.push_back(f.what);
      by_subject.emplace(f.what.subject, &f);
    }
    const auto rows = upsert(t, findings, out);
    close(t, right, out);
    for (const auto& row : rows)
      halt(t, row, *by_subject.at(row.subject), out);
    return out;
  });
}

postgres::database_result<std::vector<std::string>> finding_store::claimed_deposits() {
  return db_.transact([&](transaction& t) {
    std::vector<std::string> subjects;
    for (const auto& row : t.run(sql::deposits_claimed))
      subjects.push_back(row[0].as<std::string>());
    return subjects;
  });
}

postgres::database_result<open_counts> finding_store::count_open() {
  return db_.transact([&](transaction& t) {
    const auto row = *t.run_optional(sql::open_findings);
    return open_counts{row["money"].as<long long>(), row["others"].as<long long>(), row["halted"].as<bool>()};
  });
}

}  // namespace landfall::executor::verify
