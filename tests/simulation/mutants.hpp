#pragma once

#include <array>
#include <string_view>

#include "executor-service/order/core/mutant.hpp"

namespace landfall::simulation {

using executor::mutant;

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
    {mutant::submitted_before_store, "submitted_before_store",
     "a message goes to a maker only after its row is durable"},
    {mutant::retry_sent_before_commit, "retry_sent_before_commit", "the next try waits for its commit as the first"},
    {mutant::in_doubt_taken_as_done, "in_doubt_taken_as_done", "a commit in doubt is read back"},
    {mutant::in_doubt_retried, "in_doubt_retried", "a commit in doubt is not made again"},
    {mutant::refusal_taken_as_done, "refusal_taken_as_done", "a commit that a rule refused did not happen"},
    {mutant::refusal_retried, "refusal_retried", "a commit that a rule refused is not made again"},
    {mutant::lost_lease_ignored, "lost_lease_ignored", "nothing is done without the lease"},
    {mutant::stop_ignored_while_building, "stop_ignored_while_building",
     "what was signed after the stop is not stored"},
    {mutant::permit_kept, "permit_kept", "a permit ends when what was built is on its way"},
    {mutant::stale_tick_obeyed, "stale_tick_obeyed", "a timer of an earlier round does nothing"},
    {mutant::overdue_never_rested, "overdue_never_rested", "an overdue attempt gives its lease to another order"},
    {mutant::considered_while_busy, "considered_while_busy", "one commit or question at a time"},
    {mutant::rollback_observations_kept, "rollback_observations_kept", "after a rollback all is observed anew"},
    {mutant::signed_while_unresolved, "signed_while_unresolved", "nothing is signed while an attempt is unresolved"},
    {mutant::failed_while_unresolved, "failed_while_unresolved", "a try fails only when its attempt is over"},
    {mutant::router_while_in_doubt, "router_while_in_doubt", "nobody else is asked while a maker's fill is in doubt"},
    {mutant::dead_on_one_endpoint, "dead_on_one_endpoint", "a death certificate takes two endpoints"},
    {mutant::dead_on_one_history, "dead_on_one_history", "one endpoint's history proves no death"},
    {mutant::dead_without_balances, "dead_without_balances",
     "a history without the fill proves no death without the balance"},
    {mutant::null_without_height, "null_without_height", "null means nothing before the height is finalized"},
    {mutant::margin_zero, "margin_zero", "a transaction can land one block after its last valid height"},
    {mutant::timeout_taken_as_death, "timeout_taken_as_death", "time proves no death"},
    {mutant::confirmed_taken_as_final, "confirmed_taken_as_final", "an outcome is finalized"},
    {mutant::processed_taken_as_confirmed, "processed_taken_as_confirmed", "processed makes no transition"},
    {mutant::failure_final_at_once, "failure_final_at_once", "a failure counts when it is finalized"},
    {mutant::rollback_ignored, "rollback_ignored", "a confirmation that is gone is taken back", true},
    {mutant::swap_takes_balance, "swap_takes_balance", "a swap takes exactly the order's input"},
    {mutant::payment_pays_balance, "payment_pays_balance", "only what is final is paid"},
    {mutant::minimum_output_ignored, "minimum_output_ignored", "the chain itself is asked for the minimum output"},
    {mutant::worse_offer_taken, "worse_offer_taken", "a maker has to pay more than the router"},
    {mutant::rent_unbounded, "rent_unbounded", "one endpoint's rent is believed within a bound"},
    {mutant::blockhash_not_found_refused, "blockhash_not_found_refused",
     "an endpoint that does not know the blockhash says nothing of the transaction"},
    {mutant::error_read_as_null, "error_read_as_null", "an RPC error proves nothing"},
    {mutant::height_and_status_mixed, "height_and_status_mixed",
     "height and status come from one view, and older answers are dropped"},
    {mutant::history_not_searched, "history_not_searched", "null without history is no null"},
    {mutant::makers_no_believed, "makers_no_believed", "that a maker rejects proves no death"},
    {mutant::makers_yes_believed, "makers_yes_believed", "that a maker accepts proves no fill"},
    {mutant::lease_epoch_ignored, "lease_epoch_ignored", "a stale epoch writes nothing"},
    {mutant::lease_end_ignored, "lease_end_ignored", "no transition and no attempt without a lease in force"},
});

}  // namespace landfall::simulation
