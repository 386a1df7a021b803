#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "executor-service/order/core/resolution.hpp"

/// An attempt, and what endpoints say of it, in few words.
namespace landfall::executor::tests {

using solana::commitment::confirmed;
using solana::commitment::finalized;
using solana::commitment::processed;

inline constexpr std::uint64_t last_valid = 1'000;
inline constexpr std::uint64_t deposit_units = 5'000;
inline const domain::utc_time signed_at = domain::from_unix_ms(1'790'000'000'000);
inline const std::string slippage = R"({"InstructionError":[3,{"Custom":6001}]})";

/// The chain's finalized tip as an endpoint knows it; slots run 200 ahead of heights.
inline observation denies(std::string endpoint, std::uint64_t height, std::uint64_t ahead = 32) {
  return {std::move(endpoint), height, height + 200, height + 200 + ahead, true, std::nullopt};
}
inline observation shows(std::string endpoint, std::uint64_t height, solana::commitment level,
                         std::uint64_t slot = 1'050, std::optional<std::string> err = {}) {
  auto seen = denies(std::move(endpoint), height);
  seen.status = signature_status{slot, level, std::move(err)};
  return seen;
}
inline observation fails(std::string endpoint, std::uint64_t height, solana::commitment level,
                         std::uint64_t slot = 1'050, std::string err = slippage) {
  return shows(std::move(endpoint), height, level, slot, std::move(err));
}
inline observation without_history(observation seen) {
  seen.searched_history = false;
  return seen;
}
/// The status answered by a backend that lags behind the one that told the height.
inline observation status_at(observation seen, std::uint64_t context_slot) {
  seen.status_context_slot = context_slot;
  return seen;
}

inline balance_observation holds(std::uint64_t slot, std::optional<std::uint64_t> units) {
  return {"a", slot, units ? std::optional{domain::token_amount{*units}} : std::nullopt};
}

inline attempt stored(attempt_kind kind = attempt_kind::swap) {
  attempt a;
  a.kind = kind;
  a.last_valid_block_height = last_valid;
  if (kind != attempt_kind::deposit)
    a.order_account_balance = domain::token_amount{deposit_units};
  a.expected_input = domain::token_amount{deposit_units};
  a.signed_at = signed_at;
  return a;
}

inline std::string text(const resolution& r) {
  struct {
    std::string operator()(const fate::landed& l) const {
      return "landed " + std::to_string(l.slot) + (l.finalized ? " finalized" : " confirmed");
    }
    std::string operator()(const fate::landed_failed& f) const {
      return "failed " + std::to_string(f.slot) + " " + f.err;
    }
    std::string operator()(const fate::dead& d) const {
      return "dead by " + std::to_string(d.certificate.observations.size());
    }
    std::string operator()(const fate::rolled_back& g) const {
      return "gone again at " + std::to_string(g.denied_at_slot);
    }
    std::string operator()(const fate::in_doubt& d) const {
      return "in doubt: " + std::string{to_string(d.why)};
    }
  } const to_text;
  return std::visit(to_text, r);
}

/// Past the life of the attempt, by the margin and not a block more.
inline constexpr std::uint64_t over = last_valid + 2;
inline const balance_observation untouched = holds(over + 230, deposit_units);

}  // namespace landfall::executor::tests
