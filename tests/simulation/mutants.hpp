#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "executor-service/order/core/mutant.hpp"

namespace landfall::simulation {

/// Safety rules broken on purpose: a simulation that cannot tell them from the real thing proves nothing.
enum class mutant : std::uint8_t {
  none,
  send_before_store,
  dead_on_one_endpoint,
  error_read_as_null,
  height_and_status_mixed,
  null_without_height,
  confirmed_taken_as_final,
  processed_taken_as_confirmed,
  failure_final_at_once,
  in_doubt_taken_as_done,
  timeout_taken_as_death,
  signed_while_unresolved,
  failed_while_unresolved,
  margin_zero,
  history_not_searched,
  rollback_ignored,
  lease_epoch_ignored,
  lease_end_ignored,
  swap_takes_balance,
  makers_no_believed,
  makers_yes_believed,
  dead_on_one_history,
  dead_without_balances,
  handed_over_before_store,
  router_while_in_doubt,
  payment_pays_balance,
  minimum_output_ignored,
  worse_offer_taken,
  rent_unbounded,
  blockhash_not_found_refused,
};

/// The switch in the executor's own code, where the rule is broken there.
[[nodiscard]] constexpr executor::mutant engine_mutant(mutant m) {
  switch (m) {
    case mutant::swap_takes_balance:
      return executor::mutant::swap_takes_balance;
    case mutant::payment_pays_balance:
      return executor::mutant::payment_pays_balance;
    case mutant::minimum_output_ignored:
      return executor::mutant::minimum_output_ignored;
    case mutant::worse_offer_taken:
      return executor::mutant::worse_offer_taken;
    case mutant::rent_unbounded:
      return executor::mutant::rent_unbounded;
    case mutant::blockhash_not_found_refused:
      return executor::mutant::blockhash_not_found_refused;
    default:
      return executor::mutant::none;
  }
}

struct mutant_row {
  mutant which;
  std::string_view name;
  /// The rule that it breaks.
  std::string_view breaks;
  /// It shows as an order that never ends, and in no other way.
  bool shows_as_stuck = false;
};

inline constexpr auto mutants = std::to_array<mutant_row>({
    {mutant::send_before_store, "send_before_store", "bytes leave the process only after their row is durable"},
    {mutant::dead_on_one_endpoint, "dead_on_one_endpoint", "a death certificate takes two endpoints"},
    {mutant::error_read_as_null, "error_read_as_null", "an RPC error proves nothing"},
    {mutant::height_and_status_mixed, "height_and_status_mixed",
     "height and status come from one view, and older answers are dropped"},
    {mutant::null_without_height, "null_without_height", "null means nothing before the height is finalized"},
    {mutant::confirmed_taken_as_final, "confirmed_taken_as_final", "an outcome is finalized"},
    {mutant::processed_taken_as_confirmed, "processed_taken_as_confirmed", "processed moves nothing"},
    {mutant::failure_final_at_once, "failure_final_at_once", "a failure counts when it is finalized"},
    {mutant::in_doubt_taken_as_done, "in_doubt_taken_as_done", "a commit in doubt is read back"},
    {mutant::timeout_taken_as_death, "timeout_taken_as_death", "time proves no death"},
    {mutant::signed_while_unresolved, "signed_while_unresolved", "nothing is signed while an attempt is unresolved"},
    {mutant::failed_while_unresolved, "failed_while_unresolved", "a try fails only when its attempt is over"},
    {mutant::margin_zero, "margin_zero", "a transaction can land one block after its last valid height"},
    {mutant::history_not_searched, "history_not_searched", "null without history is no null"},
    {mutant::rollback_ignored, "rollback_ignored", "a confirmation that is gone is taken back", true},
    {mutant::lease_epoch_ignored, "lease_epoch_ignored", "a stale epoch writes nothing"},
    {mutant::lease_end_ignored, "lease_end_ignored", "no move and no attempt without a lease in force"},
    {mutant::swap_takes_balance, "swap_takes_balance", "a swap takes exactly the order's input"},
    {mutant::makers_no_believed, "makers_no_believed", "that a maker rejects proves no death"},
    {mutant::makers_yes_believed, "makers_yes_believed", "that a maker accepts proves no fill"},
    {mutant::dead_on_one_history, "dead_on_one_history", "one endpoint's history proves no death"},
    {mutant::dead_without_balances, "dead_without_balances",
     "a history without the fill proves no death without the balance"},
    {mutant::handed_over_before_store, "handed_over_before_store",
     "a message goes to a maker only after its row is durable"},
    {mutant::router_while_in_doubt, "router_while_in_doubt", "nobody else is asked while a maker's fill is in doubt"},
    {mutant::payment_pays_balance, "payment_pays_balance", "only what is final is paid"},
    {mutant::minimum_output_ignored, "minimum_output_ignored", "the chain itself is asked for the minimum output"},
    {mutant::worse_offer_taken, "worse_offer_taken", "a maker has to pay more than the router"},
    {mutant::rent_unbounded, "rent_unbounded", "one endpoint's rent is believed within a bound"},
    {mutant::blockhash_not_found_refused, "blockhash_not_found_refused",
     "an endpoint that does not know the blockhash says nothing of the transaction"},
});

}  // namespace landfall::simulation
