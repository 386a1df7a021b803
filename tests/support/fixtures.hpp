#pragma once

#include <map>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>

#include "tests/support/scratch_database.hpp"

namespace landfall::tests {

inline constexpr std::string_view sol_mint = "So11111111111111111111111111111111111111112";
inline constexpr std::string_view usdc_mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

/// Valid base58 of 32 bytes, another one for each n.
[[nodiscard]] std::string address_of(unsigned n);
/// Valid base58 of 64 bytes, another one for each n.
[[nodiscard]] std::string signature_of(unsigned n);
/// A death certificate that two endpoints agree on, for an attempt with this last valid block height.
[[nodiscard]] std::string death_certificate(std::int64_t last_valid_block_height, const std::string& account_balance);

struct deposit_fixture {
  std::string id;
  std::string wallet;
  std::string vault;
  std::string order_account;
};

struct order_fixture {
  std::string id;
  deposit_fixture deposit;
  /// 0, or 1 for the second of a pair.
  int leg = 0;
};

/// What a move gives as its grounds.
struct grounds {
  std::string reason = "test";
  std::optional<std::string> attempt_id;
  std::optional<std::string> evidence_id;
};

/// Puts rows into a scratch database the way the services do: each statement under the role whose work it is, each
/// order along allowed moves. Every order sells 1 SOL (10^9 lamports) for USDC above 200 USD.
class fixtures {
public:
  static constexpr std::int64_t last_valid_block_height = 1000;
  static constexpr std::string_view input_amount = "1000000000";

  /// Also inserts the two tokens.
  explicit fixtures(scratch_database& database);

  /// The connection of a role ("api", "trigger", "executor", "operator", "verifier", "agents") or of "admin".
  pqxx::connection& as(std::string_view role);
  /// One value, or "" for null, read as admin. $1 is `parameter`.
  std::string value(const std::string& sql, const std::string& parameter);
  std::string state(const order_fixture& order);

  /// An unconsumed deposit request of a new wallet. `sub_type`: single or oco.
  deposit_fixture deposit_request(std::string_view sub_type = "single");
  /// Lets its time to become an order, or to have become one, run out; under the rules' eyes.
  void expire(const deposit_fixture& deposit);
  /// An order in pending_deposit.
  order_fixture order();
  /// Both legs of an OCO pair in pending_deposit, made in one transaction.
  std::pair<order_fixture, order_fixture> pair();
  /// An order that went along allowed moves to `state`.
  order_fixture order_in(std::string_view state);
  /// Takes an order further along its path to `state`.
  void bring(const order_fixture& order, std::string_view state);

  /// Takes the lease for "executor-1" where none is in force.
  void lease(const order_fixture& order);
  /// Lets the lease in force run out, by turning back its end under the rules' eyes.
  void expire_lease(const order_fixture& order);
  /// Stores an attempt: a deposit as api, any other as executor under the lease. Returns its id.
  std::string store_attempt(const order_fixture& order, std::string_view kind);
  /// Notes an attempt as seen confirmed, as executor.
  void confirm(const order_fixture& order, const std::string& attempt_id);
  /// Takes that back: the fork died.
  void unconfirm(const order_fixture& order, const std::string& attempt_id);
  /// `outcome`: landed, landed_failed or dead.
  void resolve(const order_fixture& order, const std::string& attempt_id, std::string_view outcome);
  /// The newest attempt of a kind on the order's account, or "".
  std::string last_attempt(const order_fixture& order, std::string_view kind);
  std::string store_evidence(const order_fixture& order, std::string_view decision);

  /// Makes true what a move needs: stores, confirms or resolves the attempt, stores the evidence, fills the sibling.
  grounds prepare(const order_fixture& order, std::string_view to, std::string_view role);
  /// Only the move.
  void move(const order_fixture& order, std::string_view to, std::string_view role, const grounds& why);
  /// Prepares the move and makes it.
  void advance(const order_fixture& order, std::string_view to, std::string_view role);

private:
  std::string insert_order(pqxx::work& work, const deposit_fixture& deposit, int leg, std::string_view order_type);

  scratch_database& database_;
  std::map<std::string, std::unique_ptr<pqxx::connection>, std::less<>> connections_;
  unsigned count_ = 0;
};

}  // namespace landfall::tests
