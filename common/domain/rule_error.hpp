#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace landfall::domain {

/// Why the database's own rules (migrations/) refuse a write; each raises one SQLSTATE.
enum class rule_error : std::uint8_t {
  transition_refused,        ///< LF001: not from that state, not by that role, or another has changed the row meanwhile
  order_held,                ///< LF002: the order is on hold; only an operator releases it
  lease_not_in_force,        ///< LF003: the lease epoch is stale, or the lease has run out
  never_changes,             ///< LF004: what was written once stays as it is
  lease_refused,             ///< LF005: a lease is taken, renewed or released against its rules
  deposit_request_refused,   ///< LF006: the deposit request is unknown, expired, consumed, or for another order
  attempt_refused,           ///< LF007: the order's state or the role allows no such attempt, or no such result of it
  death_not_proven,          ///< LF008: the certificate does not prove that the attempt can never land
  precondition_missing,      ///< LF009: what the transition rests on is not stored
  transition_without_cause,  ///< LF010: the transition sets no reason or instance of its own
  signing_halted,            ///< LF011: a halt is in force, or is touched by somebody who may not
};

inline constexpr std::array<const char*, 11> rule_sqlstates{"LF001", "LF002", "LF003", "LF004", "LF005", "LF006",
                                                            "LF007", "LF008", "LF009", "LF010", "LF011"};

[[nodiscard]] constexpr const char* sqlstate_of(rule_error e) noexcept {
  return rule_sqlstates[static_cast<std::size_t>(e)];
}

[[nodiscard]] constexpr std::string_view to_string(rule_error e) noexcept {
  constexpr std::array<std::string_view, rule_sqlstates.size()> names{
      "transition_refused",   "order_held",
      "lease_not_in_force",   "never_changes",
      "lease_refused",        "deposit_request_refused",
      "attempt_refused",      "death_not_proven",
      "precondition_missing", "transition_without_cause",
      "signing_halted"};
  return names[static_cast<std::size_t>(e)];
}

}  // namespace landfall::domain
