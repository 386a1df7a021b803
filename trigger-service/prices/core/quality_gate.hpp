#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trigger-service/prices/core/price_update.hpp"

namespace landfall::trigger {

/// What a price has to pass before any order may be decided on it.
enum class gate : std::uint8_t {
  positive,    ///< price above zero, confidence not below
  age,         ///< published not too long ago
  ahead,       ///< not published in the future, beyond what clocks differ by
  confidence,  ///< uncertainty small against the price
  sequence,    ///< not published before the last accepted price
  jump,        ///< near the last accepted price, or confirmed by a second update
};
inline constexpr std::array all_gates{gate::positive,   gate::age,      gate::ahead,
                                      gate::confidence, gate::sequence, gate::jump};

[[nodiscard]] std::string_view to_string(gate which);

struct gate_config {
  domain::milliseconds max_age{10'000};
  domain::milliseconds max_ahead{2'000};
  std::int64_t max_confidence_bps = 100;
  std::int64_t max_jump_bps = 1'000;
  /// A price that jumped is confirmed by a later publish time, or by being received again after this.
  domain::milliseconds second_look_after{2'000};

  /// Empty, or what is wrong, as a sentence.
  [[nodiscard]] std::string validate() const;
};

/// What the gates remember of one price feed.
struct price_history {
  std::optional<price_update> accepted;
  /// A price that jumped and waits for a second one to agree with it.
  std::optional<price_update> held;
};

enum class gate_outcome : std::uint8_t { accept, reject, hold_for_confirmation };

struct gate_report {
  gate_outcome outcome = gate_outcome::reject;
  /// Empty unless rejected; `jump` alone where held.
  std::vector<gate> failed;
  /// JSON array: each gate with what it measured, its limit, and whether it passed.
  std::string gates;
};

/// Judges a price. The price itself is compared with orders later, never price ± confidence: the confidence gate bounds
/// by how much that could differ, and the evidence keeps both. Without an accepted price there is nothing to jump from.
[[nodiscard]] gate_report judge(const price_update& candidate, const price_history& history, const gate_config& config,
                                domain::utc_time now);

/// What is remembered after `report` on `candidate`: a rejected price leaves no trace.
[[nodiscard]] price_history remember(price_history history, const price_update& candidate, const gate_report& report,
                                     const gate_config& config);

}  // namespace landfall::trigger
