#include "executor-service/verify/verify_store.hpp"

#include <stdexcept>
#include <unordered_map>

#include "common/postgres/column.hpp"
#include "executor-service/verify/sql.hpp"

namespace landfall::executor {

using domain::int128;
using postgres::column;
using postgres::nullable;
using postgres::stored;
using verify::finding;
using verify::finding_kind;

namespace {

int128 wide_of(const pqxx::field& field) {
  const auto text = field.as<std::string>();
  const bool negative = text.starts_with('-');
  int128 number = 0;
  for (const char c : text.substr(negative ? 1 : 0)) {
    if (c < '0' || c > '9' || text.size() > 36)
      throw std::runtime_error{std::string{"stored "} + field.name() + " is no whole number"};
    number = number * 10 + (c - '0');
  }
  return negative ? -number : number;
}

std::vector<domain::order_id> ids_of(const pqxx::result& rows) {
  std::vector<domain::order_id> ids;
  for (const auto& row : rows)
    ids.push_back(column<domain::order_id>(row[0]));
  return ids;
}

std::vector<std::string> subjects_of(const pqxx::result& rows) {
  std::vector<std::string> subjects;
  for (const auto& row : rows)
    subjects.push_back(row[0].as<std::string>());
  return subjects;
}

std::string array_of(const std::vector<domain::order_id>& ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids)
    texts.push_back(id.to_string());
  return postgres::array_literal(texts);
}

template <class Id>
std::optional<std::string> text_of(const std::optional<Id>& id) {
  if (!id)
    return std::nullopt;
  return id->to_string();
}

verify::order_facts read_order(const pqxx::row& row) {
  verify::order_facts o;
  o.id = column<domain::order_id>(row["id"]);
  o.state = stored(domain::parse_order_state(row["state"].as<std::string>()), "state");
  o.vault = column<solana::pubkey>(row["vault"]);
  o.order_account = column<solana::pubkey>(row["order_account"]);
  o.output_account = column<solana::pubkey>(row["output_account"]);
  o.input_mint = column<solana::pubkey>(row["input_mint"]);
  o.input_program = column<solana::pubkey>(row["input_program"]);
  o.output_mint = column<solana::pubkey>(row["output_mint"]);
  o.output_program = column<solana::pubkey>(row["output_program"]);
  o.input_amount = column<domain::token_amount>(row["input_amount"]);
  o.output_amount = nullable<domain::token_amount>(row["output_amount"]);
  return o;
}

verify::attempt_facts read_attempt(const pqxx::row& row) {
  verify::attempt_facts a;
  a.id = column<domain::attempt_id>(row["id"]);
  a.order = column<domain::order_id>(row["order_id"]);
  a.kind = stored(parse_attempt_kind(row["kind"].as<std::string>()), "attempt kind");
  if (!row["signature"].is_null())
    a.signature = column<solana::signature>(row["signature"]);
  a.by_maker = row["by_maker"].as<bool>();
  a.last_valid_block_height = row["last_valid_block_height"].as<std::uint64_t>();
  a.balance_before = nullable<domain::token_amount>(row["order_account_balance"]);
  if (!row["outcome"].is_null())
    a.outcome = stored(parse_attempt_outcome(row["outcome"].as<std::string>()), "outcome");
  if (!row["slot"].is_null())
    a.slot = row["slot"].as<std::uint64_t>();
  a.expected_input = nullable<domain::token_amount>(row["expected_input"]);
  a.minimum_output = nullable<domain::token_amount>(row["minimum_output"]);
  a.settled = row["settled"].as<bool>();
  if (!row["moved_slot"].is_null())
    a.moved = verify::movement{row["moved_slot"].as<std::uint64_t>(), wide_of(row["order_account_delta"]),
                               wide_of(row["output_account_delta"])};
  return a;
}

/// One column of a batch.
template <class Items, class Text>
std::vector<std::string> column(const Items& items, Text text) {
  std::vector<std::string> values;
  for (const auto& item : items)
    values.push_back(text(item));
  return values;
}

template <class Items, class Id>
std::vector<std::optional<std::string>> id_column(const Items& items, Id id) {
  std::vector<std::optional<std::string>> values;
  for (const auto& item : items)
    values.push_back((item.*id) ? std::optional{(item.*id)->to_string()} : std::nullopt);
  return values;
}

std::string yes_or_no(bool yes) {
  return yes ? "true" : "false";
}

finding_kind kind_of(const pqxx::field& field) {
  return stored(verify::parse_finding_kind(field.as<std::string>()), "finding kind");
}

}  // namespace

verify_store::verify_store(postgres::database::options opts) : db_(std::move(opts)) {}

postgres::database_result<std::vector<domain::order_id>> verify_store::with_findings(int limit) {
  return db_.transact([&](postgres::transaction& t) { return ids_of(t.run(verify_sql::orders_with_findings, limit)); });
}

postgres::database_result<std::vector<domain::order_id>> verify_store::just_landed(domain::milliseconds within,
                                                                                   int limit) {
  return db_.transact(
      [&](postgres::transaction& t) { return ids_of(t.run(verify_sql::orders_just_landed, within.count(), limit)); });
}

postgres::database_result<std::vector<domain::order_id>> verify_store::unsettled(std::optional<domain::order_id> after,
                                                                                 int limit) {
  return db_.transact(
      [&](postgres::transaction& t) { return ids_of(t.run(verify_sql::orders_unsettled, text_of(after), limit)); });
}

postgres::database_result<std::vector<domain::order_id>> verify_store::all(std::optional<domain::order_id> after,
                                                                           int limit) {
  return db_.transact(
      [&](postgres::transaction& t) { return ids_of(t.run(verify_sql::orders_all, text_of(after), limit)); });
}

postgres::database_result<std::vector<verify::order_facts>> verify_store::load(
    const std::vector<domain::order_id>& ids) {
  return db_.transact([&](postgres::transaction& t) {
    std::vector<verify::order_facts> orders;
    std::unordered_map<std::string, std::vector<std::size_t>> by_account;
    const auto wanted = array_of(ids);
    for (const auto& row : t.run(verify_sql::order_facts, wanted)) {
      by_account[row["order_account"].as<std::string>()].push_back(orders.size());
      orders.push_back(read_order(row));
    }
    for (const auto& row : t.run(verify_sql::attempt_facts, wanted)) {
      // An order that appeared between the two statements is not in the list yet.
      const auto at = by_account.find(row["order_account"].as<std::string>());
      if (at == by_account.end())
        continue;
      for (const auto i : at->second)
        orders[i].attempts.push_back(read_attempt(row));
    }
    return orders;
  });
}

std::vector<verify_store::open_row> verify_store::upsert(postgres::transaction& t, const std::vector<finding>& found) {
  std::vector<open_row> rows;
  if (found.empty())
    return rows;
  const auto list = [&](auto text) { return postgres::array_literal(column(found, text)); };
  for (const auto& row :
       t.run(verify_sql::record_findings, list([](const auto& f) { return std::string{to_string(f.kind)}; }),
             list([](const auto& f) { return f.subject; }), postgres::array_literal(id_column(found, &finding::order)),
             postgres::array_literal(id_column(found, &finding::attempt)), list([](const auto& f) { return f.detail; }),
             list([](const auto& f) { return f.expected; }), list([](const auto& f) { return f.observed; }),
             list([](const auto& f) { return std::to_string(f.slot); }), list([](const auto& f) { return f.endpoint; }),
             list([](const auto& f) { return yes_or_no(f.money); }),
             list([](const auto& f) { return yes_or_no(f.agreed); }))) {
    open_row open;
    open.id = row["id"].as<std::string>();
    open.subject = row["subject"].as<std::string>();
    if (!row["order_id"].is_null())
      open.order = column<domain::order_id>(row["order_id"]);
    open.times_seen = row["times_seen"].as<int>();
    open.state = {kind_of(row["kind"]), row["touches_money"].as<bool>(), row["times_agreed"].as<int>(),
                  row["held_already"].as<bool>()};
    rows.push_back(std::move(open));
  }
  return rows;
}

void verify_store::close(postgres::transaction& t, const std::vector<verify::settled_question>& right, recorded& out) {
  if (right.empty())
    return;
  for (const auto& row :
       t.run(verify_sql::close_findings,
             postgres::array_literal(column(right, [](const auto& q) { return std::string{to_string(q.kind)}; })),
             postgres::array_literal(column(right, [](const auto& q) { return q.subject; }))))
    out.closed.push_back({kind_of(row["kind"]), row["subject"].as<std::string>()});
}

void verify_store::hold(postgres::transaction& t, const std::vector<open_row>& rows, const verify::policy& policy,
                        recorded& out) {
  for (const auto& row : rows) {
    if (!row.order || !verify::wants_hold(row.state, policy))
      continue;
    const auto reason = "verifier: " + std::string{to_string(row.state.kind)} + ", discrepancy " + row.id;
    const bool held = t.run_optional(verify_sql::hold_order, row.order->to_string(), reason).has_value();
    (void)t.run(verify_sql::note_hold, row.id);
    if (held)
      out.held.push_back({*row.order, row.state.kind, reason});
  }
}

postgres::database_result<verify_store::recorded> verify_store::record(const verify::judgement& look,
                                                                       const std::vector<seen_movement>& movements,
                                                                       const verify::policy& policy) {
  return db_.transact_retrying(3, [&](postgres::transaction& t) {
    recorded out;
    if (!movements.empty()) {
      const auto list = [&](auto text) { return postgres::array_literal(column(movements, text)); };
      (void)t.run(verify_sql::insert_movements, list([](const auto& m) { return m.attempt.to_string(); }),
                  list([](const auto& m) { return std::to_string(m.moved.slot); }),
                  list([](const auto& m) { return verify::to_text(m.moved.order_account); }),
                  list([](const auto& m) { return verify::to_text(m.moved.output_account); }),
                  list([](const auto& m) { return m.endpoint; }));
    }
    const auto rows = upsert(t, look.found);
    for (const auto& row : rows)
      if (row.times_seen == 1)
        out.opened.push_back({row.state.kind, row.subject});
    close(t, look.right, out);
    hold(t, rows, policy, out);
    return out;
  });
}

postgres::database_result<std::vector<verify::unclaimed_deposit>> verify_store::unclaimed_deposits(
    std::optional<domain::deposit_request_id> after, int limit) {
  return db_.transact([&](postgres::transaction& t) {
    std::vector<verify::unclaimed_deposit> list;
    for (const auto& row : t.run(verify_sql::deposits_unclaimed, text_of(after), limit))
      list.push_back({column<domain::deposit_request_id>(row["id"]), column<solana::pubkey>(row["order_account"]),
                      column<solana::pubkey>(row["vault"]), column<solana::pubkey>(row["input_mint"]),
                      column<solana::pubkey>(row["input_program"]), column<domain::token_amount>(row["amount"])});
    return list;
  });
}

postgres::database_result<std::vector<std::string>> verify_store::claimed_since() {
  return db_.transact([&](postgres::transaction& t) { return subjects_of(t.run(verify_sql::deposits_claimed)); });
}

postgres::database_result<std::vector<verify::booked_account>> verify_store::booked_accounts(std::size_t limit) {
  return db_.transact([&](postgres::transaction& t) {
    std::vector<verify::booked_account> accounts;
    for (const auto& row : t.run(verify_sql::booked_accounts, static_cast<long long>(limit))) {
      verify::booked_account a;
      a.account = column<solana::pubkey>(row["account"]);
      a.mint = column<solana::pubkey>(row["mint"]);
      a.program = column<solana::pubkey>(row["token_program"]);
      a.vault = column<solana::pubkey>(row["vault"]);
      a.of = row["side"].as<std::string>() == "input" ? verify::side::input : verify::side::output;
      a.booked = wide_of(row["booked"]);
      a.last_slot = row["last_slot"].as<std::uint64_t>();
      a.in_flight = row["in_flight"].as<bool>();
      accounts.push_back(std::move(a));
    }
    return accounts;
  });
}

postgres::database_result<std::vector<std::string>> verify_store::open_sums() {
  return db_.transact([&](postgres::transaction& t) { return subjects_of(t.run(verify_sql::open_sums)); });
}

postgres::database_result<verify_store::recorded_sums> verify_store::record_sums(
    const std::vector<sum_finding>& found, const std::vector<verify::settled_question>& right,
    const std::string& instance, const verify::policy& policy) {
  return db_.transact_retrying(3, [&](postgres::transaction& t) {
    recorded_sums out;
    std::vector<finding> findings;
    std::unordered_map<std::string, const sum_finding*> by_subject;
    for (const auto& f : found) {
      findings.push_back(f.what);
      by_subject.emplace(f.what.subject, &f);
    }
    const auto rows = upsert(t, findings);
    close(t, right, out.findings);
    for (const auto& row : rows) {
      if (row.times_seen == 1)
        out.findings.opened.push_back({row.state.kind, row.subject});
      const auto& f = *by_subject.at(row.subject);
      const std::string side{to_string(f.of)};
      const auto accepted = wide_of((*t.run_optional(verify_sql::accepted_shortfall, f.mint.to_string(), side))[0]);
      if (!f.what.agreed || !verify::wants_halt(row.state, f.shortfall, accepted, policy))
        continue;
      auto reason = "sum_short, discrepancy " + row.id + ": " + f.what.detail;
      if (t.run_optional(verify_sql::insert_halt, reason, f.mint.to_string(), side, verify::to_text(f.shortfall),
                         static_cast<long long>(f.what.slot), f.what.endpoint, instance))
        out.halts.push_back(std::move(reason));
    }
    return out;
  });
}

postgres::database_result<verify_store::standing> verify_store::now_open() {
  return db_.transact([&](postgres::transaction& t) {
    const auto row = *t.run_optional(verify_sql::standing);
    return standing{row["money"].as<long long>(), row["others"].as<long long>(), row["halted"].as<bool>()};
  });
}

}  // namespace landfall::executor
