#pragma once

#include <cstdint>

namespace landfall::executor {

/// Safety rules that the simulation breaks on purpose, to show that it finds each break. Those of the engine, of
/// resolution and of the build plans break this very code. The last group breaks the simulation's own endpoints, makers
/// and database.
enum class mutant : std::uint8_t {
  none,
  // the order's engine
  send_before_store,
  submitted_before_store,
  retry_sent_before_commit,
  in_doubt_taken_as_done,
  in_doubt_retried,
  refusal_taken_as_done,
  refusal_retried,
  lost_lease_ignored,
  stop_ignored_while_building,
  permit_kept,
  stale_tick_obeyed,
  overdue_never_rested,
  considered_while_busy,
  rollback_observations_kept,
  signed_while_unresolved,
  failed_while_unresolved,
  router_while_in_doubt,
  // resolution
  dead_on_one_endpoint,
  dead_on_one_history,
  dead_without_balances,
  null_without_height,
  margin_zero,
  timeout_taken_as_death,
  confirmed_taken_as_final,
  processed_taken_as_confirmed,
  failure_final_at_once,
  rollback_ignored,
  // the build plans
  swap_takes_balance,
  payment_pays_balance,
  minimum_output_ignored,
  worse_offer_taken,
  rent_unbounded,
  blockhash_not_found_refused,
  // what the simulation stands in for
  error_read_as_null,
  height_and_status_mixed,
  history_not_searched,
  makers_no_believed,
  makers_yes_believed,
  lease_epoch_ignored,
  lease_end_ignored,
};

#ifdef LANDFALL_FAULT_POINTS
inline constexpr bool mutants_compiled_in = true;
/// The rule that is broken now.
inline mutant armed_mutant = mutant::none;

/// For the simulation alone, which has one thread.
inline void arm(mutant rule) {
  armed_mutant = rule;
}

[[nodiscard]] inline bool mutated(mutant rule) {
  return armed_mutant == rule;
}
[[nodiscard]] inline bool any_mutated() {
  return armed_mutant != mutant::none;
}
#else
inline constexpr bool mutants_compiled_in = false;

constexpr void arm(mutant) {}

[[nodiscard]] constexpr bool mutated(mutant) {
  return false;
}
[[nodiscard]] constexpr bool any_mutated() {
  return false;
}
static_assert(!mutated(mutant::send_before_store) && !any_mutated(), "a build without fault points keeps every rule");
#endif

}  // namespace landfall::executor
