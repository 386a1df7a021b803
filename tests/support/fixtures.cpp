#include "tests/support/fixtures.hpp"

#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

namespace landfall::tests {

namespace {

constexpr std::string_view base58_digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// 'A' as first of 43 digits makes a number of exactly 32 bytes, of 87 digits one of exactly 64.
std::string base58_number(std::size_t digits, unsigned n) {
  std::string text(digits, '1');
  text[0] = 'A';
  for (std::size_t i = digits - 1; n != 0; --i, n /= 58)
    text[i] = base58_digits[n % 58];
  return text;
}

struct step {
  std::string_view to;
  std::string_view role;
};

/// The way from pending_deposit to a state.
std::vector<step> path_to(std::string_view state) {
  const std::vector<step> opened{{"depositing", "api"}, {"open", "executor"}};
  const auto after = [](std::vector<step> path, std::initializer_list<step> more) {
    path.insert(path.end(), more);
    return path;
  };
  const auto executing = after(opened, {{"ready_execute", "trigger"}, {"executing", "executor"}});
  const auto swapped = after(executing, {{"execute_success", "executor"}});
  const auto withdrawing = after(swapped, {{"ready_withdraw_output", "executor"}, {"withdrawing", "executor"}});
  const std::map<std::string_view, std::vector<step>> paths{
      {"pending_deposit", {}},
      {"depositing", {{"depositing", "api"}}},
      {"deposit_failed", {{"depositing", "api"}, {"deposit_failed", "executor"}}},
      {"open", opened},
      {"ready_execute", after(opened, {{"ready_execute", "trigger"}})},
      {"ready_expire", after(opened, {{"ready_expire", "trigger"}})},
      {"executing", executing},
      {"execute_success", swapped},
      {"execute_failed", after(executing, {{"execute_failed", "executor"}})},
      {"partial_fill_success", after(swapped, {{"partial_fill_success", "executor"}})},
      {"ready_withdraw_output", after(swapped, {{"ready_withdraw_output", "executor"}})},
      {"withdrawing", withdrawing},
      {"withdraw_failed", after(withdrawing, {{"withdraw_failed", "executor"}})},
      {"fill_success", after(withdrawing, {{"fill_success", "executor"}})},
      {"fill_failed", after(swapped, {{"fill_failed", "executor"}})},
      {"ready_to_cancel", after(opened, {{"ready_to_cancel", "api"}})},
      {"cancelled", after(opened, {{"ready_to_cancel", "api"}, {"cancelled", "executor"}})},
      {"oco_cancelled", after(opened, {{"oco_cancelled", "executor"}})},
      {"expired", after(opened, {{"ready_expire", "trigger"}, {"expired", "executor"}})},
  };
  return paths.at(state);
}

}  // namespace

std::string address_of(unsigned n) {
  return base58_number(43, n);
}

std::string signature_of(unsigned n) {
  return base58_number(87, n);
}

std::string death_certificate(std::int64_t last_valid_block_height, const std::string& account_balance) {
  const auto height = std::to_string(last_valid_block_height + 2);
  const auto observation = [&](const std::string& endpoint) {
    return R"({"endpoint":")" + endpoint + R"(","finalized_block_height":)" + height +
           R"(,"finalized_slot":1200,"status_context_slot":1201,"status":null,"searched_history":true})";
  };
  return R"({"rule":"finalized_height","last_valid_block_height":)" + std::to_string(last_valid_block_height) +
         R"(,"observations":[)" + observation("rpc0") + "," + observation("rpc1") +
         R"(],"order_account":{"balance":")" + account_balance +
         R"(","slot":1201,"endpoint":"rpc0"},"endpoints_configured":2})";
}

fixtures::fixtures(scratch_database& database) : database_(database) {
  pqxx::work work{as("operator")};
  work.exec_params(R"(insert into token (mint, symbol, decimals, token_program, price_feed_id) values
    ($1, 'SOL', 9, $3, repeat('a', 64)), ($2, 'USDC', 6, $3, repeat('b', 64)))",
                   std::string{sol_mint}, std::string{usdc_mint},
                   std::string{"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"});
  work.commit();
}

pqxx::connection& fixtures::as(std::string_view role) {
  auto found = connections_.find(role);
  if (found == connections_.end()) {
    auto connection =
        role == "admin" ? database_.connect_as_admin() : database_.connect_as("landfall_" + std::string{role});
    found = connections_.emplace(std::string{role}, std::move(connection)).first;
  }
  return *found->second;
}

std::string fixtures::value(const std::string& sql, const std::string& parameter) {
  pqxx::work work{as("admin")};
  const auto rows = work.exec_params(sql, parameter);
  return rows.empty() || rows[0][0].is_null() ? std::string{} : rows[0][0].as<std::string>();
}

std::string fixtures::state(const order_fixture& order) {
  return value("select state from price_order where id = $1", order.id);
}

deposit_fixture fixtures::deposit_request(std::string_view sub_type) {
  deposit_fixture made;
  made.wallet = address_of(++count_);
  made.vault = address_of(++count_);
  made.order_account = address_of(++count_);
  pqxx::work work{as("api")};
  work.exec_params("insert into vault (wallet, vault) values ($1, $2)", made.wallet, made.vault);
  made.id =
      work.exec_params1(
              R"(insert into deposit_request (id, wallet, vault, order_account, input_mint, output_mint, amount, order_type,
                                      order_sub_type, message, blockhash, last_valid_block_height, expires_at)
         values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'price', $7, '\x01', $8, $9, now() + interval '5 minutes')
         returning id)",
              made.wallet, made.vault, made.order_account, std::string{sol_mint}, std::string{usdc_mint},
              std::string{input_amount}, std::string{sub_type}, address_of(++count_), last_valid_block_height)[0]
          .as<std::string>();
  work.commit();
  return made;
}

void fixtures::expire(const deposit_fixture& deposit) {
  pqxx::work work{as("admin")};
  work.exec("set local session_replication_role = replica");
  work.exec_params0("update deposit_request set expires_at = clock_timestamp() - interval '1 second' where id = $1",
                    deposit.id);
  work.commit();
}

std::string fixtures::insert_order(pqxx::work& work, const deposit_fixture& deposit, int leg,
                                   std::string_view order_type) {
  return work
      .exec_params1(
          R"(insert into price_order (id, wallet, vault, deposit_request_id, leg, order_account, output_account, order_type,
                                      state, input_mint, output_mint, trigger_mint, input_amount, trigger_condition,
                                      trigger_price_usd, slippage_bps, expires_at, last_reason, last_instance)
             values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, 'pending_deposit', $8, $9, $8,
                     $10, 'above', 200, 100,
                     now() + interval '1 hour', 'created', 'api-1')
             returning id)",
          deposit.wallet, deposit.vault, deposit.id, leg, deposit.order_account, address_of(++count_),
          std::string{order_type}, std::string{sol_mint}, std::string{usdc_mint}, std::string{input_amount})[0]
      .as<std::string>();
}

order_fixture fixtures::order() {
  order_fixture made;
  made.deposit = deposit_request();
  pqxx::work work{as("api")};
  made.id = insert_order(work, made.deposit, 0, "single");
  work.commit();
  return made;
}

std::pair<order_fixture, order_fixture> fixtures::pair() {
  order_fixture first;
  first.deposit = deposit_request("oco");
  order_fixture second{{}, first.deposit, 1};
  pqxx::work work{as("api")};
  first.id = insert_order(work, first.deposit, 0, "oco");
  second.id = insert_order(work, first.deposit, 1, "oco");
  work.commit();
  return {first, second};
}

order_fixture fixtures::order_in(std::string_view state) {
  const auto made = state == "oco_cancelled" ? pair().second : order();
  bring(made, state);
  return made;
}

void fixtures::bring(const order_fixture& order, std::string_view state) {
  const auto path = path_to(state);
  const auto now = this->state(order);
  std::size_t next = 0;
  if (now != "pending_deposit") {
    while (next < path.size() && path[next].to != now)
      ++next;
    if (next == path.size())
      throw std::logic_error("no way from " + now + " to " + std::string{state});
    ++next;
  }
  for (; next < path.size(); ++next)
    advance(order, path[next].to, path[next].role);
}

void fixtures::lease(const order_fixture& order) {
  pqxx::work work{as("executor")};
  work.exec_params(R"(update price_order set lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1,
                        lease_holder = 'executor-1', lease_until = clock_timestamp() + interval '5 minutes'
                      where id = $1 and (lease_until is null or lease_until <= clock_timestamp()))",
                   order.id);
  work.commit();
}

void fixtures::expire_lease(const order_fixture& order) {
  pqxx::work work{as("admin")};
  work.exec("set local session_replication_role = replica");
  work.exec_params0("update price_order set lease_until = clock_timestamp() - interval '1 second' where id = $1",
                    order.id);
  work.commit();
}

std::string fixtures::store_attempt(const order_fixture& order, std::string_view kind) {
  const bool deposit = kind == "deposit";
  if (!deposit)
    lease(order);
  const auto number = ++count_;
  pqxx::work work{as(deposit ? "api" : "executor")};
  const auto id =
      work.exec_params1(
              R"(insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash,
                                      last_valid_block_height, lease_epoch, instance, order_account_balance,
                                      expected_input, minimum_output)
                 select gen_random_uuid(), o.id, o.order_account, $2,
                        1 + (select count(*) from attempt a where a.order_id = o.id and a.kind = $2),
                        $3, '\x01', $4, $5,
                        case $2 when 'deposit' then 0 else o.lease_epoch end, 'executor-1', o.input_amount,
                        o.input_amount, 1
                 from price_order o where o.id = $1
                 returning id)",
              order.id, std::string{kind}, signature_of(number), address_of(number), last_valid_block_height)[0]
          .as<std::string>();
  work.commit();
  return id;
}

void fixtures::confirm(const order_fixture& order, const std::string& attempt_id) {
  lease(order);
  pqxx::work work{as("executor")};
  work.exec_params0(R"(update attempt a set broadcast_at = coalesce(broadcast_at, now()), confirmed_slot = 1100,
                         confirmed_at = now(), write_epoch = o.lease_epoch
                       from price_order o where o.id = a.order_id and a.id = $1)",
                    attempt_id);
  work.commit();
}

void fixtures::unconfirm(const order_fixture& order, const std::string& attempt_id) {
  lease(order);
  pqxx::work work{as("executor")};
  work.exec_params0(R"(update attempt a set confirmed_slot = null, confirmed_at = null, write_epoch = o.lease_epoch
                       from price_order o where o.id = a.order_id and a.id = $1)",
                    attempt_id);
  work.commit();
}

void fixtures::resolve(const order_fixture& order, const std::string& attempt_id, std::string_view outcome) {
  lease(order);
  pqxx::work work{as("executor")};
  work.exec_params0(
      R"(update attempt a set outcome = $2, resolved_at = now(), write_epoch = o.lease_epoch,
           slot = case when $2 <> 'dead' then 1100 end, fee_lamports = case when $2 <> 'dead' then 5000 end,
           error = case when $2 = 'landed_failed' then '{"InstructionError":[0,"Custom"]}'::jsonb end,
           certificate = case when $2 = 'dead' then $3::jsonb end
         from price_order o where o.id = a.order_id and a.id = $1)",
      attempt_id, std::string{outcome}, death_certificate(last_valid_block_height, std::string{input_amount}));
  work.commit();
}

std::string fixtures::last_attempt(const order_fixture& order, std::string_view kind) {
  pqxx::work work{as("admin")};
  const auto rows = work.exec_params(
      "select id from attempt where order_account = $1 and kind = $2 order by signed_at desc, ordinal desc limit 1",
      order.deposit.order_account, std::string{kind});
  return rows.empty() ? std::string{} : rows[0][0].as<std::string>();
}

std::string fixtures::store_evidence(const order_fixture& order, std::string_view decision) {
  pqxx::work work{as("trigger")};
  const auto id =
      work.exec_params1(
              R"(insert into evidence (id, order_id, decision, source, price_usd, confidence_usd, publish_time,
                                                   received_at, gates, instance)
                             values (gen_random_uuid(), $1, $2, 'pyth', 201, 0.1, now(), now(), '{}', 'trigger-1')
                             returning id)",
              order.id, std::string{decision})[0]
          .as<std::string>();
  work.commit();
  return id;
}

grounds fixtures::prepare(const order_fixture& order, std::string_view to, std::string_view role) {
  const auto from = state(order);
  const auto unresolved = [&](const std::string& attempt_id) {
    return value("select outcome from attempt where id = $1", attempt_id).empty();
  };
  grounds why;
  if (to == "depositing") {
    why.attempt_id = last_attempt(order, "deposit");
    if (why.attempt_id->empty())
      why.attempt_id = store_attempt(order, "deposit");
  } else if (from == "depositing") {
    why.attempt_id = last_attempt(order, "deposit");
    if (unresolved(*why.attempt_id))
      resolve(order, *why.attempt_id, to == "open" ? "landed" : "landed_failed");
  } else if (from == "open" && to == "ready_expire") {
    pqxx::work work{as("api")};
    work.exec_params0("update price_order set expires_at = now() - interval '1 second' where id = $1", order.id);
    work.commit();
  } else if (to == "oco_cancelled") {
    order_fixture sibling{value("select s.id from price_order o join price_order s on s.deposit_request_id = "
                                "o.deposit_request_id and s.id <> o.id where o.id = $1",
                                order.id),
                          order.deposit, 1 - order.leg};
    bring(sibling, "execute_success");
  } else if (to == "execute_success") {
    why.attempt_id = store_attempt(order, "swap");
    confirm(order, *why.attempt_id);
  } else if (from == "execute_success" && to == "executing") {
    why.attempt_id = last_attempt(order, "swap");
    unconfirm(order, *why.attempt_id);
  } else if (from == "execute_success") {
    why.attempt_id = last_attempt(order, "swap");
    resolve(order, *why.attempt_id, "landed");
  } else if (to == "withdrawing") {
    why.attempt_id = store_attempt(order, "payout");
  } else if (from == "withdrawing") {
    why.attempt_id = last_attempt(order, "payout");
    resolve(order, *why.attempt_id, to == "fill_success" ? "landed" : "landed_failed");
  } else if (to == "cancelled") {
    why.attempt_id = store_attempt(order, "refund");
    resolve(order, *why.attempt_id, "landed");
  } else if (to == "expired") {
    why.reason = "refunds_disabled";
  } else if (from == "execute_failed" && to == "ready_to_cancel" && role == "executor") {
    pqxx::work work{as("api")};
    work.exec_params0("update price_order set cancel_requested_at = now() where id = $1", order.id);
    work.commit();
  }
  if (role == "trigger")
    why.evidence_id = store_evidence(order, to);
  if (role == "executor")
    lease(order);
  return why;
}

void fixtures::move(const order_fixture& order, std::string_view to, std::string_view role, const grounds& why) {
  const std::string carried = role == "executor" ? ", write_epoch = lease_epoch" : "";
  pqxx::work work{as(role)};
  work.exec_params0(
      "update price_order set state = $2, last_reason = $3, last_detail = null, last_attempt_id = $4, "
      "last_evidence_id = $5, last_instance = $6" +
          carried + " where id = $1",
      order.id, std::string{to}, why.reason, why.attempt_id, why.evidence_id, std::string{role} + "-1");
  work.commit();
}

void fixtures::advance(const order_fixture& order, std::string_view to, std::string_view role) {
  move(order, to, role, prepare(order, to, role));
}

}  // namespace landfall::tests
