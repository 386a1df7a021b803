#include "executor-service/order/order_store.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>

#include "common/postgres/column.hpp"
#include "executor-service/order/sql.hpp"

namespace landfall::executor {

using postgres::column;
using postgres::nullable;
using postgres::nullable_plain;
using postgres::stored;
using postgres::text_or_null;

namespace {

/// Kept of a failure that a router, endpoint or program describes; logs of a simulation have no bound of their own.
constexpr std::size_t max_detail_bytes = 2'000;

token read_token(const pqxx::row& row, const std::string& side) {
  token t;
  t.mint = column<solana::pubkey>(row[side + "_mint"]);
  t.symbol = row[side + "_symbol"].as<std::string>();
  t.decimals = row[side + "_decimals"].as<int>();
  t.token_program = column<solana::pubkey>(row[side + "_program"]);
  return t;
}

order read_order(const pqxx::row& row) {
  order o;
  o.id = column<domain::order_id>(row["id"]);
  o.state = stored(domain::parse_order_state(row["state"].as<std::string>()), "state");
  o.wallet = column<solana::pubkey>(row["wallet"]);
  o.vault = column<solana::pubkey>(row["vault"]);
  o.order_account = column<solana::pubkey>(row["order_account"]);
  o.output_account = column<solana::pubkey>(row["output_account"]);
  o.input = read_token(row, "input");
  o.output = read_token(row, "output");
  o.input_amount = column<domain::token_amount>(row["input_amount"]);
  if (!row["slippage_bps"].is_null())
    o.slippage_bps = row["slippage_bps"].as<int>();
  o.output_amount = nullable<domain::token_amount>(row["output_amount"]);
  o.attempts_made = row["attempts_made"].as<int>();
  o.lease_epoch = row["lease_epoch"].as<std::uint64_t>();
  o.cancel_requested = row["cancel_requested"].as<bool>();
  o.expires_at = domain::from_unix_ms(row["expires_ms"].as<long long>());
  o.deposit_expires_at = domain::from_unix_ms(row["deposit_expires_ms"].as<long long>());
  if (!row["triggered_ms"].is_null())
    o.triggered_at = domain::from_unix_ms(row["triggered_ms"].as<long long>());
  return o;
}

attempt read_attempt(const pqxx::row& row) {
  attempt a;
  a.id = column<domain::attempt_id>(row["id"]);
  a.kind = stored(parse_attempt_kind(row["kind"].as<std::string>()), "attempt kind");
  a.ordinal = row["ordinal"].as<int>();
  if (!row["signature"].is_null())
    a.signature = column<solana::signature>(row["signature"]);
  if (!row["maker"].is_null())
    a.maker = row["maker"].as<std::string>();
  a.transaction = postgres::bytea_value(row["transaction"]);
  a.blockhash = column<solana::blockhash>(row["blockhash"]);
  a.last_valid_block_height = row["last_valid_block_height"].as<std::uint64_t>();
  a.order_account_balance = nullable<domain::token_amount>(row["order_account_balance"]);
  a.expected_input = nullable<domain::token_amount>(row["expected_input"]);
  a.minimum_output = nullable<domain::token_amount>(row["minimum_output"]);
  a.signed_at = domain::from_unix_ms(row["signed_ms"].as<long long>());
  a.confirmed_slot = nullable_plain<std::uint64_t>(row["confirmed_slot"]);
  if (!row["outcome"].is_null())
    a.outcome = stored(parse_attempt_outcome(row["outcome"].as<std::string>()), "outcome");
  a.slot = nullable_plain<std::uint64_t>(row["slot"]);
  return a;
}

/// Addresses with a space between each two.
account_set read_accounts(std::string_view text) {
  std::vector<solana::pubkey> accounts;
  for (std::size_t from = 0; from < text.size();) {
    const auto to = std::min(text.find(' ', from), text.size());
    accounts.push_back(stored(solana::pubkey::parse(text.substr(from, to - from)), "account of an order"));
    from = to + 1;
  }
  return account_set{std::move(accounts)};
}

std::vector<std::string> wallets_of(const std::vector<order>& orders) {
  std::set<std::string> wallets;
  for (const auto& o : orders)
    wallets.insert(o.wallet.to_string());
  return {wallets.begin(), wallets.end()};
}

std::vector<std::string> ids_of(const pqxx::result& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows)
    ids.push_back(row[0].as<std::string>());
  return ids;
}

std::optional<std::string> amount_text(const std::optional<domain::token_amount>& amount) {
  if (!amount)
    return std::nullopt;
  return amount->to_string();
}

std::optional<std::string> base58_or_null(const std::optional<solana::signature>& id) {
  if (!id)
    return std::nullopt;
  return id->to_string();
}

/// What is written of these orders meanwhile waits for one commit of renewals.
constexpr std::size_t renewals_a_commit = 1'024;

/// A write that finds no row to change: someone else changed it, which undoes the whole unit. The
/// SQLSTATE is that of PostgreSQL's own rule.
void expect_one(const pqxx::result& rows, const char* what) {
  if (rows.size() != 1)
    throw pqxx::sql_error{std::string{what} + " found the row changed", "",
                          domain::sqlstate_of(domain::rule_error::transition_refused)};
}

std::optional<std::string> number_text(const std::optional<std::uint64_t>& number) {
  if (!number)
    return std::nullopt;
  return std::to_string(*number);
}

}  // namespace

order_store::order_store(postgres::database::options opts, std::string instance)
    : db_(std::move(opts)), instance_(std::move(instance)) {}

std::vector<order> order_store::load(postgres::transaction& t, const std::vector<std::string>& ids) {
  std::vector<order> orders;
  if (ids.empty())
    return orders;
  const auto wanted = postgres::array_literal(ids);
  std::unordered_map<std::string, std::size_t> at;
  for (const auto& row : t.run(sql::load_orders, wanted)) {
    at.emplace(row["id"].as<std::string>(), orders.size());
    orders.push_back(read_order(row));
  }
  std::map<solana::pubkey, std::shared_ptr<const account_set>> accounts;
  for (const auto& row : t.run(sql::load_wallet_accounts, postgres::array_literal(wallets_of(orders))))
    accounts.emplace(column<solana::pubkey>(row["wallet"]),
                     std::make_shared<const account_set>(read_accounts(row["accounts"].as<std::string>())));
  // Its own accounts are among them: an order under our lease is unfinished.
  for (auto& o : orders)
    o.wallet_accounts = accounts.at(o.wallet);
  for (const auto& row : t.run(sql::load_attempts, wanted))
    orders[at.at(row["order_id"].as<std::string>())].attempts.push_back(read_attempt(row));
  return orders;
}

postgres::database_result<std::vector<order>> order_store::claim(const claim_capacity& capacity,
                                                                 domain::milliseconds lease,
                                                                 domain::milliseconds expiry_grace) {
  const auto first = rotation_++;
  return db_.transact_retrying(3, [&](postgres::transaction& t) {
    std::vector<std::string> ids;
    const auto take = [&ids](const pqxx::result& rows) { std::ranges::move(ids_of(rows), std::back_inserter(ids)); };
    const auto new_work = std::min(capacity.new_work, capacity.together);
    if (new_work > 0)
      take(t.run(sql::claim_new, instance_, lease.count(), new_work));
    const auto bound = ids.size() + std::min(capacity.started, capacity.together - ids.size());
    for (std::size_t i = 0; i < 3 && ids.size() < bound; ++i) {
      const auto left = bound - ids.size();
      switch ((first + i) % 3) {
        case 0:
          take(t.run(sql::claim_started, instance_, lease.count(), left));
          break;
        case 1:
          take(t.run(sql::claim_deposits, instance_, lease.count(), left));
          break;
        default:
          take(t.run(sql::claim_expired, instance_, lease.count(), left, expiry_grace.count()));
      }
    }
    return load(t, ids);
  });
}

postgres::database_result<std::vector<domain::order_id>> order_store::renew(const std::vector<held_lease>& held,
                                                                            domain::milliseconds lease) {
  std::vector<domain::order_id> renewed;
  for (std::size_t from = 0; from < held.size(); from += renewals_a_commit) {
    const auto part = std::span{held}.subspan(from, std::min(renewals_a_commit, held.size() - from));
    std::vector<std::string> ids;
    std::vector<std::string> epochs;
    for (const auto& h : part) {
      ids.push_back(h.order.to_string());
      epochs.push_back(std::to_string(h.epoch));
    }
    const auto prolonged = db_.transact_retrying(3, [&](postgres::transaction& t) {
      return ids_of(t.run(sql::renew_leases, postgres::array_literal(ids), postgres::array_literal(epochs), instance_,
                          lease.count()));
    });
    if (!prolonged)
      return domain::failure{prolonged.error()};
    for (const auto& id : *prolonged)
      renewed.push_back(stored(domain::order_id::parse(id), "order id"));
  }
  return renewed;
}

void order_store::apply(postgres::transaction& t, const write_unit& unit) {
  const auto id = unit.order.to_string();
  const auto epoch = std::to_string(unit.lease_epoch);
  struct visitor {
    order_store& store;
    postgres::transaction& t;
    const write_unit& unit;
    const std::string& id;
    const std::string& epoch;

    void operator()(const write::transition& w) const {
      std::optional<std::string> attempt;
      if (w.attempt)
        attempt = w.attempt->to_string();
      expect_one(t.run(sql::apply_transition, id, std::string{to_string(w.from)}, std::string{to_string(w.to)}, epoch,
                       w.reason, text_or_null(w.detail, max_detail_bytes), attempt, store.instance_, w.tries,
                       w.retry_after.count()),
                 "a transition");
    }
    void operator()(const write::insert_attempt& w) const {
      const auto& a = w.what;
      expect_one(
          t.run(sql::insert_attempt, a.id.to_string(), id, unit.order_account.to_string(),
                std::string{to_string(a.kind)}, a.ordinal, base58_or_null(a.signature),
                postgres::bytea_literal(a.transaction), a.blockhash.to_string(),
                std::to_string(a.last_valid_block_height), epoch, store.instance_, amount_text(a.order_account_balance),
                amount_text(a.expected_input), amount_text(a.minimum_output), text_or_null(w.quote),
                a.maker ? std::optional{a.quote_id()} : std::nullopt, a.maker),
          "an attempt");
    }
    void operator()(const write::mark_broadcast& w) const {
      // Not found means marked before: nothing to do.
      (void)t.run(sql::mark_broadcast, w.attempt.to_string(), domain::unix_ms(w.at), epoch);
    }
    void operator()(const write::confirm& w) const {
      expect_one(
          t.run(sql::confirm_attempt, w.attempt.to_string(), std::to_string(w.slot), epoch, base58_or_null(w.found_as)),
          "a confirmation");
    }
    void operator()(const write::unconfirm& w) const {
      expect_one(t.run(sql::unconfirm_attempt, w.attempt.to_string(), epoch), "a rollback");
    }
    void operator()(const write::resolve& w) const {
      expect_one(t.run(sql::resolve_attempt, w.attempt.to_string(), std::string{to_string(w.outcome)},
                       number_text(w.slot), number_text(w.fee_lamports), text_or_null(w.error, max_detail_bytes),
                       text_or_null(w.certificate), epoch, base58_or_null(w.found_as)),
                 "an outcome");
    }
    void operator()(const write::record_fill& w) const {
      expect_one(t.run(sql::record_fill, id, epoch, w.input_used.to_string(), w.output_amount.to_string()), "a fill");
    }
    void operator()(const write::release& w) const {
      expect_one(
          t.run(sql::release_lease, id, epoch, domain::unix_ms(w.until), std::string{to_string(w.state)}, w.tries),
          "a release");
    }
  };
  for (const auto& w : unit.writes)
    std::visit(visitor{*this, t, unit, id, epoch}, w);
}

postgres::database_result<order_store::unit_refusals> order_store::commit(const std::vector<write_unit>& units) {
  // Rows are locked in the order of their ids, as `renew` locks them: in two orders they would wait for each other.
  std::vector<std::size_t> by_id(units.size());
  std::iota(by_id.begin(), by_id.end(), std::size_t{0});
  std::ranges::stable_sort(by_id, {}, [&](std::size_t at) { return units[at].order; });
  // Refusals are rare, and a savepoint costs each unit two more round trips: only a batch that was refused is taken
  // apart.
  const auto plain = db_.transact([&](postgres::transaction& t) {
    for (const auto at : by_id)
      apply(t, units[at]);
    return unit_refusals(units.size());
  });
  if (plain.ok() || plain.error().kind != postgres::error_kind::constraint)
    return plain;
  return db_.transact([&](postgres::transaction& t) {
    unit_refusals refusals(units.size());
    for (const auto at : by_id)
      refusals[at] = t.attempt([&](postgres::transaction& part) { apply(part, units[at]); });
    return refusals;
  });
}

}  // namespace landfall::executor
