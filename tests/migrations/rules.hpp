#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "tests/migrations/attack.hpp"

// What the attacks on the rules have in common: statements, and the circumstances that they need.
namespace landfall::tests {

// The functions that keep the rules of price_order; edit_function takes parts of them away.
inline const std::string check_terms = "price_order_check_terms";
inline const std::string check_lease = "price_order_check_lease";
inline const std::string check_hold = "price_order_check_hold";
inline const std::string check_transition = "price_order_check_transition";

/// An executor's move under the lease in force.
inline std::string executor_move(const std::string& to, const std::string& reason = "test") {
  return "update price_order set state = '" + to + "', last_reason = '" + reason +
         "', last_instance = 'executor-1', write_epoch = lease_epoch where id = :id";
}

inline std::string move_by(const std::string& role, const std::string& to, const std::string& more = "") {
  return "update price_order set state = '" + to + "', last_reason = 'test', last_instance = '" + role + "-1'" + more +
         " where id = :id";
}

inline void leased(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
}

inline void held(fixtures& rows, const order_fixture& order) {
  REQUIRE(sqlstate_of(rows.as("verifier"), bind_names(rows, order,
                                                      "update price_order set held_at = now(), held_reason = 'balance' "
                                                      "where id = :id")) == "");
}

inline void leased_and_held(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
  held(rows, order);
}

inline void lease_expired(fixtures& rows, const order_fixture& order) {
  rows.lease(order);
  rows.expire_lease(order);
}

/// Another instance took over: the epoch is one higher than what executor-1 knows.
inline void taken_over(fixtures& rows, const order_fixture& order) {
  lease_expired(rows, order);
  REQUIRE(sqlstate_of(rows.as("executor"),
                      bind_names(rows, order,
                                 "update price_order set lease_epoch = lease_epoch + 1, write_epoch = lease_epoch + 1, "
                                 "lease_holder = 'executor-2', lease_until = clock_timestamp() + interval '1 minute' "
                                 "where id = :id")) == "");
}

inline std::function<void(fixtures&, const order_fixture&)> with_attempt(const std::string& kind,
                                                                         const std::string& outcome = "") {
  return [=](fixtures& rows, const order_fixture& order) {
    const auto id = rows.store_attempt(order, kind);
    if (outcome == "confirmed")
      rows.confirm(order, id);
    else if (!outcome.empty())
      rows.resolve(order, id, outcome);
  };
}

inline void refund_landed(fixtures& rows, const order_fixture& order) {
  rows.advance(order, "ready_expire", "trigger");
  rows.resolve(order, rows.store_attempt(order, "refund"), "landed");
  rows.advance(order, "expired", "executor");
}

inline std::string insert_attempt(const std::string& kind, const std::string& epoch,
                                  const std::string& account = "order_account", const std::string& columns = "",
                                  const std::string& values = "") {
  return "insert into attempt (id, order_id, order_account, kind, ordinal, signature, transaction, blockhash, "
         "last_valid_block_height, lease_epoch, instance" +
         columns + ") select gen_random_uuid(), id, " + account + ", '" + kind + "', 77, '" + signature_of(900'000) +
         "', '\\x01', 'hash', 1000, " + epoch + ", 'executor-1'" + values + " from price_order where id = :id";
}

inline std::string create_order(const std::string& request_columns =
                                    "wallet, vault, id, order_account, order_account, "
                                    "order_sub_type, 'pending_deposit', input_mint, "
                                    "output_mint, input_mint, amount",
                                const std::string& reason = "'created'", const std::string& leg = "0") {
  return "insert into price_order (id, wallet, vault, deposit_request_id, order_account, output_account, order_type, "
         "state, input_mint, output_mint, trigger_mint, input_amount, trigger_condition, trigger_price_usd, "
         "expires_at, "
         "last_reason, last_instance, leg) select gen_random_uuid(), " +
         request_columns + ", 'above', 200, now() + interval '1 hour', " + reason + ", 'api-1', " + leg +
         " from deposit_request where ";
}

inline std::string dead_with(const std::string& certificate, const std::string& attempt = ":swap") {
  return "update attempt set outcome = 'dead', resolved_at = now(), certificate = " + certificate +
         ", write_epoch = lease_epoch where id = " + attempt;
}

inline const std::string good_certificate =
    "'" + death_certificate(fixtures::last_valid_block_height, "1000000000") + "'::jsonb";

/// `function` is certificate_fault, or observation_fault for what one endpoint saw.
inline attack fault_attack(const std::string& function, const std::string& name, const std::string& certificate,
                           const std::string& part, const std::string& replacement) {
  return {name,
          "executing",
          "executor",
          dead_with(certificate),
          "LF008",
          edit_function(function, part, replacement),
          with_attempt("swap")};
}

inline attack certificate_attack(const std::string& name, const std::string& certificate, const std::string& part,
                                 const std::string& replacement) {
  return fault_attack("certificate_fault", name, certificate, part, replacement);
}

inline attack observation_attack(const std::string& name, const std::string& certificate, const std::string& part,
                                 const std::string& replacement) {
  return fault_attack("observation_fault", name, certificate, part, replacement);
}

/// Takes the check with this message out of one of the functions that missing_precondition is made of.
inline std::string without_precondition(const std::string& function, const std::string& message) {
  return edit_function("missing_" + function, "return '" + message + "';", "null;");
}

}  // namespace landfall::tests
