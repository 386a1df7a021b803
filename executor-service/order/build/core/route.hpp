#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/token_amount.hpp"
#include "common/solana/instruction.hpp"
#include "common/solana/pubkey.hpp"

namespace landfall::executor {

/// Why the router gave nothing to build on. Nothing was signed, so nothing is at stake.
struct router_error {
  enum class kind : std::uint8_t {
    unreachable,   ///< no connection, it broke, or HTTP 5xx: wait and ask again
    timeout,       ///< likewise
    rate_limited,  ///< HTTP 429, or not sent for our own limiter (`http_status` 0): ask again after `retry_after_ms`
    no_route,      ///< there is no way to swap this amount of these mints: `code`
    rejected,      ///< any other refusal: `code`
    malformed,     ///< an answer to another question, or none of the promised shape
  };
  kind what = kind::malformed;
  /// For people. Does not name the URL.
  std::string message;
  /// The router's own code ("NO_ROUTES_FOUND"); empty if it gave none.
  std::string code;
  int http_status = 0;
  std::optional<std::uint64_t> retry_after_ms;

  /// Whether the same request may succeed later.
  [[nodiscard]] bool is_transient() const noexcept {
    return what == kind::unreachable || what == kind::timeout || what == kind::rate_limited;
  }
};

struct quote_request {
  solana::pubkey input_mint;
  solana::pubkey output_mint;
  domain::token_amount amount;  ///< of the input, all of it is swapped
  int slippage_bps = 50;
  int max_accounts = 40;  ///< leaves capacity for the accounts of our own instructions
};

/// A quote for exactly what was asked: mints, amount and slippage are checked.
struct quote {
  domain::token_amount in_amount;
  domain::token_amount out_amount;              ///< before slippage; above 0
  domain::token_amount other_amount_threshold;  ///< the least after slippage; at most `out_amount`
  int slippage_bps = 0;
  std::string price_impact_pct;  ///< a decimal number; empty if not given
  std::optional<std::uint64_t> context_slot;
  std::string raw;  ///< the whole answer, JSON; goes back with the next call
};

struct swap_request {
  solana::pubkey user;                       ///< who owns the tokens and signs: the vault
  solana::pubkey destination_token_account;  ///< where the output goes
};

/// In the order they have to run: `other`, `setup`, `swap`, `cleanup`. Only the shape is checked: see guard.hpp. The
/// router's compute budget instructions are dropped, ours come first.
struct swap_instructions_view {
  std::vector<solana::instruction> other;
  std::vector<solana::instruction> setup;
  solana::instruction swap;
  std::optional<solana::instruction> cleanup;
  std::vector<solana::pubkey> lookup_tables;

  [[nodiscard]] std::vector<solana::instruction> in_order() const;
};

/// A quote and the instructions that carry it out.
struct route_request {
  quote_request what;
  swap_request how;
};

struct route {
  quote offer;
  swap_instructions_view instructions;
};

/// Either the route or why there is none.
struct route_reply {
  std::shared_ptr<const route> found;
  std::optional<router_error> error;
};

}  // namespace landfall::executor
