#pragma once

#include <cstdint>

namespace landfall::executor {

/// Rules of the order engine and of its builds that a test breaks on purpose, to see that it notices.
enum class mutant : std::uint8_t {
  none,
  swap_takes_balance,
  payment_pays_balance,
  minimum_output_ignored,
  worse_offer_taken,
  rent_unbounded,
  blockhash_not_found_refused,
};

#ifdef LANDFALL_FAULT_POINTS
/// The rule that is broken in this process. Only tests write it, while no actor runs.
inline mutant active_mutant = mutant::none;

[[nodiscard]] inline bool mutated(mutant m) {
  return active_mutant == m;
}
#else
[[nodiscard]] constexpr bool mutated(mutant) {
  return false;
}
#endif

}  // namespace landfall::executor
