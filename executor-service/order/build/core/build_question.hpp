#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/domain/time.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/message.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/order/build/core/guard.hpp"
#include "executor-service/order/build/core/maker_offer.hpp"
#include "executor-service/order/build/core/route.hpp"

namespace landfall::executor {

/// What a build asks the outside. `unanswered` is the stable code for a question that nobody answered.
namespace question {

/// Accounts at `confirmed`, all from one bank that is no older than `min_context_slot`.
struct accounts {
  static constexpr const char* unanswered = "accounts_unread";
  std::vector<solana::pubkey> keys;
  std::optional<std::uint64_t> min_context_slot;
};
struct route {
  static constexpr const char* unanswered = "router_unreachable";
  route_request what;
};
/// Market makers, all at once. Without an answer there is no offer.
struct offers {
  maker_quote_request what;
};
/// What a token account has to hold so that it stays.
struct rent {
  static constexpr const char* unanswered = "rent_unread";
};
/// As `accounts`.
struct lookup_tables {
  static constexpr const char* unanswered = "lookup_tables_unread";
  std::vector<solana::pubkey> keys;
  std::uint64_t min_context_slot = 0;
};
/// The priority fee that transactions which write these accounts pay.
struct fee {
  static constexpr const char* unanswered = "fee_unread";
  std::vector<solana::pubkey> writable_accounts;
};
struct blockhash {
  static constexpr const char* unanswered = "no_fresh_blockhash";
};
/// What the unsigned transaction would do, and what it would leave in `accounts`.
struct simulation {
  static constexpr const char* unanswered = "not_simulated";
  solana::bytes transaction;
  std::vector<solana::pubkey> accounts;
  std::uint64_t min_context_slot = 0;
};
/// Signatures of the fee payer and of the wallet's vault; those before a maker's own where there is one.
struct signature {
  static constexpr const char* unanswered = "signer_unreachable";
  solana::message message;
  solana::pubkey wallet;
  std::optional<solana::pubkey> maker;
};

}  // namespace question

using build_question =
    std::variant<question::accounts, question::route, question::offers, question::rent, question::lookup_tables,
                 question::fee, question::blockhash, question::simulation, question::signature>;

/// One answer for each kind of question.
namespace answer {

struct accounts {
  std::uint64_t context_slot = 0;
  /// In the order asked; nothing where the account does not exist.
  std::vector<std::optional<account_view>> list;
};
struct route {
  route_reply reply;
};
struct offers {
  /// The one that pays most; nothing where nobody quoted in time.
  std::shared_ptr<const maker_offer> best;
};
struct rent {
  std::uint64_t lamports = 0;
};
struct lookup_tables {
  accounts tables;
};
struct fee {
  std::uint64_t micro_lamports_per_unit = 0;
};
struct blockhash {
  std::uint64_t context_slot = 0;
  solana::blockhash hash;
  std::uint64_t last_valid_block_height = 0;
};
struct simulation {
  /// JSON; nothing where it would succeed.
  std::optional<std::string> err;
  /// Empty if there was none.
  std::string last_log;
  std::optional<std::uint64_t> units_consumed;
  /// In the order asked.
  std::vector<std::optional<account_view>> accounts;
};
struct signature {
  /// Nothing where a maker signs last.
  std::optional<solana::signature> id;
  solana::bytes transaction;
  /// Why nothing was signed; empty if it was.
  std::string refused;
  domain::utc_time signed_at{};
};

}  // namespace answer

using build_answer = std::variant<answer::accounts, answer::route, answer::offers, answer::rent, answer::lookup_tables,
                                  answer::fee, answer::blockhash, answer::simulation, answer::signature>;

}  // namespace landfall::executor
