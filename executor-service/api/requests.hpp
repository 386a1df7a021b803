#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/domain/decimal.hpp"
#include "common/domain/time.hpp"
#include "common/domain/token_amount.hpp"
#include "common/domain/trigger_condition.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/api/reply.hpp"

namespace landfall::executor::api {

/// Requests as values, checked field by field from untrusted text; no clock, no effects. Unknown fields are ignored.

enum class proof_kind { message, transaction };

[[nodiscard]] std::string_view to_string(proof_kind kind) noexcept;

struct challenge_request {
  solana::pubkey wallet;
  proof_kind kind = proof_kind::message;
};

struct verify_request {
  solana::pubkey wallet;
  proof_kind kind = proof_kind::message;
  /// Of a message proof.
  solana::signature signature;
  /// Of a transaction proof: wire bytes.
  solana::bytes signed_transaction;
};

struct craft_request {
  solana::pubkey wallet;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  domain::token_amount amount;
};

/// What an order does when its price comes. Selling watches the input token, buying the output token.
enum class order_context { take_profit, stop_loss, buy_above, buy_below };

[[nodiscard]] std::string_view to_string(order_context context) noexcept;
[[nodiscard]] constexpr order_context context_of(bool watches_input, domain::trigger_condition condition) noexcept {
  if (watches_input)
    return condition == domain::trigger_condition::above ? order_context::take_profit : order_context::stop_loss;
  return condition == domain::trigger_condition::above ? order_context::buy_above : order_context::buy_below;
}

/// The slippage of an order that names none: nothing means automatic.
[[nodiscard]] constexpr std::optional<int> default_slippage_bps(order_context context) noexcept {
  if (context == order_context::stop_loss || context == order_context::buy_above)
    return 2000;
  return std::nullopt;
}

/// A `single` price order.
struct create_request {
  domain::deposit_request_id deposit_request;
  /// Wire bytes; what they are is checked against the crafted deposit.
  solana::bytes signed_deposit;
  solana::pubkey wallet;
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  solana::pubkey trigger_mint;
  domain::token_amount input_amount;
  domain::trigger_condition condition = domain::trigger_condition::above;
  domain::decimal trigger_price_usd;
  /// With the default applied; nothing means automatic.
  std::optional<int> slippage_bps;
  domain::utc_time expires_at;
};

enum class state_group { active, past };
enum class sort_field { updated_at, created_at, expires_at };
enum class sort_direction { ascending, descending };

[[nodiscard]] std::string_view to_string(state_group group) noexcept;
[[nodiscard]] std::string_view to_string(sort_field field) noexcept;

struct history_query {
  std::optional<state_group> group;
  std::optional<solana::pubkey> mint;
  int limit = 20;
  std::int64_t offset = 0;
  sort_field sort = sort_field::updated_at;
  sort_direction direction = sort_direction::descending;
};

[[nodiscard]] validated<challenge_request> parse_challenge_request(std::string_view body);
[[nodiscard]] validated<verify_request> parse_verify_request(std::string_view body);
[[nodiscard]] validated<craft_request> parse_craft_request(std::string_view body);
/// Whether `expires_at` still lies ahead is the caller's question: a repeated request continues its order even after
/// it.
[[nodiscard]] validated<create_request> parse_create_request(std::string_view body);
[[nodiscard]] validated<history_query> parse_history_query(const std::map<std::string, std::string>& query);

/// 1 to 255 printable ASCII characters.
[[nodiscard]] bool is_idempotency_key(std::string_view key) noexcept;

}  // namespace landfall::executor::api
