#include "executor-service/verify/fact_store.hpp"

#include <map>
#include <set>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "common/postgres/column.hpp"
#include "executor-service/verify/sql.hpp"

namespace landfall::executor::verify {

using domain::int128;
using postgres::column;
using postgres::column_as;
using postgres::nullable;
using postgres::nullable_as;
using postgres::nullable_plain;
using postgres::transaction;

namespace {

constexpr domain::milliseconds just_landed_within{3'600'000};

std::vector<domain::order_id> ids_of(const pqxx::result& rows) {
  std::vector<domain::order_id> ids;
  for (const auto& row : rows)
    ids.push_back(column<domain::order_id>(row[0]));
  return ids;
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

order_facts read_order(const pqxx::row& row) {
  order_facts o;
  o.id = column<domain::order_id>(row["id"]);
  o.state = column_as(row["state"], domain::parse_order_state);
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

attempt_facts read_attempt(const pqxx::row& row) {
  attempt_facts a;
  a.id = column<domain::attempt_id>(row["id"]);
  a.order = column<domain::order_id>(row["order_id"]);
  a.kind = column_as(row["kind"], parse_attempt_kind);
  a.signature = nullable<solana::signature>(row["signature"]);
  a.by_maker = row["by_maker"].as<bool>();
  a.last_valid_block_height = row["last_valid_block_height"].as<std::uint64_t>();
  a.balance_before = nullable<domain::token_amount>(row["order_account_balance"]);
  a.outcome = nullable_as(row["outcome"], parse_attempt_outcome);
  a.slot = nullable_plain<std::uint64_t>(row["slot"]);
  a.expected_input = nullable<domain::token_amount>(row["expected_input"]);
  a.minimum_output = nullable<domain::token_amount>(row["minimum_output"]);
  a.settled = row["settled"].as<bool>();
  if (!row["moved_slot"].is_null())
    a.moved = movement{row["moved_slot"].as<std::uint64_t>(), whole_number(row["order_account_delta"]),
                       whole_number(row["output_account_delta"])};
  return a;
}

/// Where the page after `page` begins; nothing after the last one.
template <class Items>
auto next_after(const Items& page, int limit) -> std::optional<typename Items::value_type> {
  return page.size() == static_cast<std::size_t>(limit) ? std::optional{page.back()} : std::nullopt;
}

}  // namespace

int128 whole_number(const pqxx::field& field) {
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

postgres::database_result<order_batch> fact_store::next_orders(const order_cursor& after, int limit) {
  const int quarter = limit / 4;
  order_batch out;
  std::set<domain::order_id> known;
  // A page a transaction: none has to agree with another, and a short one holds back no vacuum.
  const auto page = [&](auto... statement_and_arguments) {
    auto ids = db_.transact([&](transaction& t) { return ids_of(t.run(statement_and_arguments...)); });
    if (ids.ok())
      for (const auto& id : *ids)
        if (known.insert(id).second)
          out.ids.push_back(id);
    return ids;
  };
  if (auto ids = page(sql::orders_with_findings, quarter); !ids.ok())
    return domain::failure{ids.error()};
  if (auto ids = page(sql::orders_just_landed, just_landed_within.count(), quarter); !ids.ok())
    return domain::failure{ids.error()};
  const auto moving = page(sql::orders_unsettled, text_of(after.unsettled), quarter);
  if (!moving.ok())
    return domain::failure{moving.error()};
  const auto any = page(sql::orders_all, text_of(after.all), quarter);
  if (!any.ok())
    return domain::failure{any.error()};
  out.next = {next_after(*moving, quarter), next_after(*any, quarter)};
  return out;
}

postgres::database_result<std::vector<domain::order_id>> fact_store::orders(std::optional<domain::order_id> after,
                                                                            int limit) {
  return db_.transact([&](transaction& t) { return ids_of(t.run(sql::orders_all, text_of(after), limit)); });
}

postgres::database_result<std::vector<order_facts>> fact_store::load(const std::vector<domain::order_id>& ids) {
  return db_.transact([&](transaction& t) {
    std::vector<order_facts> orders;
    std::unordered_map<std::string, std::vector<std::size_t>> by_account;
    const auto wanted = array_of(ids);
    for (const auto& row : t.run(sql::order_facts, wanted)) {
      by_account[row["order_account"].as<std::string>()].push_back(orders.size());
      orders.push_back(read_order(row));
    }
    for (const auto& row : t.run(sql::attempt_facts, wanted)) {
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

postgres::database_result<deposit_batch> fact_store::next_deposits(std::optional<domain::deposit_request_id> after,
                                                                   int limit) {
  const int half = limit / 2;
  std::map<domain::deposit_request_id, unclaimed_deposit> list;
  deposit_batch out;
  for (const auto& from : {std::optional<domain::deposit_request_id>{}, after}) {
    const auto page = unclaimed_deposits(from, half);
    if (!page.ok())
      return domain::failure{page.error()};
    for (const auto& deposit : *page)
      list.emplace(deposit.id, deposit);
    out.next = page->size() == static_cast<std::size_t>(half) ? std::optional{page->back().id} : std::nullopt;
  }
  for (auto& [id, deposit] : list)
    out.deposits.push_back(std::move(deposit));
  return out;
}

postgres::database_result<std::vector<unclaimed_deposit>> fact_store::unclaimed_deposits(
    std::optional<domain::deposit_request_id> after, int limit) {
  return db_.transact([&](transaction& t) {
    std::vector<unclaimed_deposit> list;
    for (const auto& row : t.run(sql::deposits_unclaimed, text_of(after), limit))
      list.push_back({column<domain::deposit_request_id>(row["id"]), column<solana::pubkey>(row["order_account"]),
                      column<solana::pubkey>(row["vault"]), column<solana::pubkey>(row["input_mint"]),
                      column<solana::pubkey>(row["input_program"]), column<domain::token_amount>(row["amount"])});
    return list;
  });
}

postgres::database_result<std::vector<booked_account>> fact_store::booked_accounts(std::size_t limit) {
  return db_.transact([&](transaction& t) {
    std::vector<booked_account> accounts;
    for (const auto& row : t.run(sql::booked_accounts, static_cast<long long>(limit))) {
      booked_account a;
      a.account = column<solana::pubkey>(row["account"]);
      a.mint = column<solana::pubkey>(row["mint"]);
      a.program = column<solana::pubkey>(row["token_program"]);
      a.vault = column<solana::pubkey>(row["vault"]);
      a.of = row["side"].as<std::string>() == "input" ? side::input : side::output;
      a.booked = whole_number(row["booked"]);
      a.last_slot = row["last_slot"].as<std::uint64_t>();
      a.in_flight = row["in_flight"].as<bool>();
      accounts.push_back(std::move(a));
    }
    return accounts;
  });
}

postgres::database_result<std::vector<std::string>> fact_store::open_sums() {
  return db_.transact([&](transaction& t) {
    std::vector<std::string> subjects;
    for (const auto& row : t.run(sql::open_sums))
      subjects.push_back(row[0].as<std::string>());
    return subjects;
  });
}

}  // namespace landfall::executor::verify
