#include "executor-service/order/core/resolution.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "common/domain/result.hpp"
#include "common/json/writer.hpp"
#include "executor-service/order/core/forged_certificate.hpp"
#include "executor-service/order/core/mutant.hpp"

namespace landfall::executor {

namespace {

constexpr std::uint64_t least_margin_blocks = 2;

std::string balance_text(const balance_observation& seen) {
  return seen.balance ? seen.balance->to_string() : "0";
}

std::size_t needed_proofs(const attempt& a, const resolve_policy& policy) {
  if (mutated(mutant::dead_on_one_endpoint) || (a.maker && mutated(mutant::dead_on_one_history)))
    return 1;
  return policy.endpoints_configured == 1 ? 1 : 2;
}

bool past_life(const observation& seen, std::uint64_t last_valid_block_height, std::uint64_t margin_blocks) {
  if (mutated(mutant::null_without_height))
    return true;
  const auto margin = mutated(mutant::margin_zero) ? 0 : std::max(margin_blocks, least_margin_blocks);
  return seen.finalized_block_height >= margin && seen.finalized_block_height - margin >= last_valid_block_height;
}

/// Whether this endpoint alone shows that the attempt can never land.
bool proves_death(const endpoint_view& view, std::uint64_t last_valid_block_height, std::uint64_t margin_blocks) {
  const auto& latest = view.latest;
  return past_life(latest, last_valid_block_height, margin_blocks) && !latest.status && latest.searched_history &&
         latest.status_context_slot >= latest.finalized_slot &&
         (!view.shown || latest.status_context_slot > view.shown->status_context_slot);
}

/// Why the account's balance contradicts the death of `a`, if it does.
std::optional<doubt> balance_against(const attempt& a, const balance_observation& account) {
  const auto units = account.balance ? account.balance->units() : 0;
  if (a.kind == attempt_kind::deposit) {
    // Less than the whole is no deposit, whoever sent it there: a deposit brings all of it, and nothing of ours takes
    // any away before it is final.
    const auto whole = a.expected_input ? a.expected_input->units() : 1;
    return units >= whole ? std::optional{doubt::deposit_arrived} : std::nullopt;
  }
  if (a.order_account_balance && units < a.order_account_balance->units())
    return doubt::balance_moved;
  return std::nullopt;
}

/// Whether the endpoint's own balance of the order account agrees that nothing has left it. An index of signatures may
/// lag behind the bank that it indexes, so a history without the message proves nothing by itself.
bool balance_agrees(const attempt& a, const observation& seen) {
  return seen.balance && seen.balance->slot >= seen.finalized_slot &&
         (!balance_against(a, *seen.balance) || mutated(mutant::dead_without_balances));
}

/// What one endpoint contributes to a death certificate; of a maker's message its own balance too.
bool certifies(const endpoint_view& view, const attempt& a, const resolve_policy& policy) {
  return proves_death(view, a.last_valid_block_height, policy.margin_blocks) &&
         (!a.maker || balance_agrees(a, view.latest));
}

/// True if the view's only evidence is a `processed` status and enough endpoints have finalized past it with another
/// result, a death or a finalized status: the status is stale. With two endpoints configured, the other one's finalized
/// status is enough.
bool is_overtaken(const endpoint_view& view, const attempt& a, const observation_set& seen,
                  const resolve_policy& policy) {
  const auto& latest = view.latest;
  if (view.shown || view.finalized || !latest.status || latest.status->level != solana::commitment::processed)
    return false;
  std::size_t proofs = 0;
  for (const auto& [name, theirs] : seen.endpoints) {
    if (theirs.latest.finalized_slot < latest.status_context_slot)
      continue;
    if (theirs.finalized && policy.endpoints_configured == 2)
      return true;
    if (theirs.finalized || certifies(theirs, a, policy))
      ++proofs;
  }
  return proofs >= needed_proofs(a, policy);
}

/// What all endpoints together show of the transaction right now.
struct showing {
  std::optional<signature_status> success;
  std::optional<signature_status> failure;
  bool slots_differ = false;
};

void keep_best(std::optional<signature_status>& best, const signature_status& next, bool& slots_differ) {
  if (best && best->level == solana::commitment::finalized && next.level == solana::commitment::finalized)
    slots_differ = slots_differ || best->slot != next.slot;
  if (!best || next.level > best->level)
    best = next;
}

showing shown_by(const attempt& a, const observation_set& seen, const resolve_policy& policy) {
  showing found;
  for (const auto& [name, view] : seen.endpoints) {
    if (is_overtaken(view, a, seen, policy))
      continue;
    const auto& status = view.finalized ? view.finalized : view.latest.status;
    if (status)
      keep_best(status->err ? found.failure : found.success, *status, found.slots_differ);
  }
  return found;
}

/// Whether `view` now denies that the transaction succeeded, in a bank later than the one that showed it to succeed, or
/// when it can land nowhere any more. The latter holds whatever slot was answered: nothing lands after its last valid
/// height.
bool denies(const endpoint_view& view, const attempt& a, const resolve_policy& policy) {
  const auto& latest = view.latest;
  const auto shown_at = std::max(*a.confirmed_slot, view.shown ? view.shown->status_context_slot : 0);
  const bool denied = latest.status ? latest.status->err.has_value() : latest.searched_history;
  return (denied && latest.status_context_slot > shown_at) || certifies(view, a, policy);
}

/// The slot from which on everybody who had shown a confirmed attempt denies it; nothing while one does not. Where
/// nobody has shown it to this process, as many have to deny it as a death takes.
std::optional<std::uint64_t> denied_at(const attempt& a, const observation_set& seen, const resolve_policy& policy) {
  std::size_t had_shown = 0;
  std::size_t denials = 0;
  std::optional<std::uint64_t> at;
  for (const auto& [name, view] : seen.endpoints) {
    if (view.shown)
      ++had_shown;
    if (denies(view, a, policy)) {
      ++denials;
      at = std::min(at.value_or(view.latest.status_context_slot), view.latest.status_context_slot);
    } else if (view.shown) {
      return std::nullopt;
    }
  }
  return had_shown > 0 || denials >= needed_proofs(a, policy) ? at : std::nullopt;
}

/// Whether what the account holds, read late enough for a proof at `slot`, contradicts that nothing has left it; asks
/// for it to be read where it is not known.
std::optional<fate::in_doubt> money_against(const attempt& a, const observation_set& seen, std::uint64_t slot,
                                            std::uint64_t ask_for_slot, fate::in_doubt doubtful) {
  if (!seen.balance || seen.balance->slot < slot) {
    doubtful.why = doubt::balance_unread;
    doubtful.balance_min_slot = ask_for_slot;
    return doubtful;
  }
  if (const auto against = balance_against(a, *seen.balance)) {
    doubtful.why = *against;
    return doubtful;
  }
  return std::nullopt;
}

/// For an attempt that some endpoint shows failed and finalized. That takes the quorum of a death, since the next
/// attempt is signed after either. An endpoint that proves the death counts too while the money is where it was: both
/// mean that the attempt moved none and never will.
resolution failed_somewhere(const attempt& a, const observation_set& seen, const resolve_policy& policy,
                            const signature_status& failure, fate::in_doubt doubtful) {
  std::size_t failed = 0;
  std::size_t never = 0;
  std::uint64_t highest = 0;
  auto lowest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [name, view] : seen.endpoints) {
    if (view.finalized && view.finalized->err) {
      ++failed;
    } else if (certifies(view, a, policy)) {
      ++never;
      lowest = std::min(lowest, view.latest.finalized_slot);
      highest = std::max(highest, view.latest.finalized_slot);
    }
  }
  doubtful.why = doubt::failed_unfinalized;
  if (failed + never < needed_proofs(a, policy))
    return doubtful;
  // A maker's death is certified with a balance of its own.
  if (failed < needed_proofs(a, policy) && !a.maker)
    if (const auto against = money_against(a, seen, lowest, highest, doubtful))
      return *against;
  return fate::landed_failed{failure.slot, *failure.err, failure.found_as};
}

fate::dead certified(const attempt& a, death_certificate certificate) {
  if (any_mutated())
    forge(certificate, a);
  return {std::move(certificate)};
}

/// For an attempt that no endpoint shows and that is not marked as confirmed.
resolution unknown_everywhere(const attempt& a, const observation_set& seen, const resolve_policy& policy,
                              fate::in_doubt doubtful) {
  std::vector<observation> proofs;
  const bool timed_out = mutated(mutant::timeout_taken_as_death) && doubtful.overdue;
  bool past_somewhere = false;
  bool moved_somewhere = false;
  for (const auto& [name, view] : seen.endpoints) {
    moved_somewhere = moved_somewhere || (view.latest.balance && balance_against(a, *view.latest.balance));
    past_somewhere = past_somewhere || past_life(view.latest, a.last_valid_block_height, policy.margin_blocks);
    if (certifies(view, a, policy) || (timed_out && (!a.maker || view.latest.balance)))
      proofs.push_back(view.latest);
  }
  const auto because = [&](doubt why) {
    doubtful.why = why;
    return doubtful;
  };
  if (seen.endpoints.empty())
    return because(doubt::not_answered);
  if ((!past_somewhere && !timed_out) || a.last_valid_block_height == 0)
    return because(doubt::alive);
  if (proofs.size() < needed_proofs(a, policy))
    return because(a.maker && moved_somewhere ? doubt::balance_moved : doubt::too_few_proofs);

  const auto by_slot = [](const observation& x, const observation& y) { return x.finalized_slot < y.finalized_slot; };
  if (a.maker) {
    const auto units = [](const observation& o) { return o.balance->balance ? o.balance->balance->units() : 0; };
    const auto least = *std::ranges::min_element(proofs, {}, units)->balance;
    return certified(a, {a.last_valid_block_height, policy.endpoints_configured, std::move(proofs), least, true});
  }
  const auto [lowest, highest] = std::minmax_element(proofs.begin(), proofs.end(), by_slot);
  // Asked for at the highest, so that the answer still counts after the next poll, when all of them are a little
  // further.
  if (const auto against = money_against(a, seen, lowest->finalized_slot, highest->finalized_slot, doubtful))
    return *against;
  return certified(a, {a.last_valid_block_height, policy.endpoints_configured, std::move(proofs), *seen.balance});
}

}  // namespace

bool accumulate(observation_set& seen, observation next) {
  if (mutated(mutant::failure_final_at_once) && next.status && next.status->err)
    next.status->level = solana::commitment::finalized;
  const bool success = next.status && !next.status->err;
  const auto found = seen.endpoints.find(next.endpoint);
  if (found != seen.endpoints.end()) {
    const auto& last = found->second.latest;
    if (next.finalized_block_height < last.finalized_block_height || next.finalized_slot < last.finalized_slot ||
        next.status_context_slot < last.status_context_slot)
      return false;
  }
  auto& view = found != seen.endpoints.end() ? found->second : seen.endpoints[next.endpoint];
  if (success && next.status->level != solana::commitment::processed)
    view.shown = next;
  if (next.status && next.status->level == solana::commitment::finalized && !view.finalized)
    view.finalized = next.status;
  view.latest = std::move(next);
  return true;
}

bool accumulate(observation_set& seen, balance_observation next) {
  if (seen.balance) {
    if (next.slot < seen.balance->slot)
      return false;
    const auto units = [](const balance_observation& b) { return b.balance ? b.balance->units() : 0; };
    if (next.slot == seen.balance->slot && units(next) > units(*seen.balance))
      return false;
  }
  seen.balance = std::move(next);
  return true;
}

std::string_view to_string(doubt why) {
  constexpr std::array<std::string_view, 10> names{
      "not_answered", "alive",          "processed_only", "failed_unfinalized", "contradiction",
      "partly_gone",  "too_few_proofs", "balance_unread", "balance_moved",      "deposit_arrived"};
  return names[static_cast<std::size_t>(why)];
}

std::string death_certificate::to_json() const {
  json::writer w;
  w.begin_object().member("rule", by_history ? "finalized_history" : "finalized_height");
  w.member("last_valid_block_height", last_valid_block_height).member("endpoints_configured", endpoints_configured);
  w.key("observations").begin_array();
  for (const auto& seen : observations) {
    // A certificate is made of nothing but null statuses.
    if (seen.status)
      domain::broken_invariant("a death certificate that holds a status");
    w.begin_object().member("endpoint", seen.endpoint).member("finalized_block_height", seen.finalized_block_height);
    w.member("finalized_slot", seen.finalized_slot).member("status_context_slot", seen.status_context_slot);
    w.key("status").null().member("searched_history", seen.searched_history);
    if (by_history)
      w.member("balance", balance_text(*seen.balance)).member("balance_slot", seen.balance->slot);
    w.end_object();
  }
  w.end_array().key("order_account").begin_object().member("balance", balance_text(order_account));
  w.member("slot", order_account.slot).member("endpoint", order_account.endpoint);
  return w.end_object().end_object().take();
}

bool is_overdue(const attempt& a, const resolve_policy& policy, domain::utc_time now) {
  return now - a.signed_at > policy.overdue_after;
}

domain::milliseconds rest_of_overdue(const attempt& a, const resolve_policy& policy, domain::utc_time now) {
  return std::clamp(std::chrono::duration_cast<domain::milliseconds>(now - a.signed_at) / 4, domain::milliseconds{0},
                    policy.longest_rest);
}

resolution resolve(const attempt& a, const observation_set& seen, const resolve_policy& policy, domain::utc_time now) {
  if (a.outcome)
    domain::broken_invariant("an attempt with an outcome is resolved again");
  fate::in_doubt doubtful;
  doubtful.overdue = is_overdue(a, policy, now);
  const auto because = [&](doubt why) {
    doubtful.why = why;
    return doubtful;
  };

  const auto [success, failure, slots_differ] = shown_by(a, seen, policy);
  if (slots_differ || (success && failure))
    return because(doubt::contradiction);
  if (success && (success->level != solana::commitment::processed || mutated(mutant::processed_taken_as_confirmed))) {
    const bool final = success->level == solana::commitment::finalized || mutated(mutant::confirmed_taken_as_final);
    return fate::landed{success->slot, final, success->found_as};
  }
  if (success)
    return because(doubt::processed_only);
  if (a.confirmed_slot) {
    if (const auto at = denied_at(a, seen, policy); at && !mutated(mutant::rollback_ignored))
      return fate::rolled_back{*at};
    return because(seen.endpoints.empty() ? doubt::not_answered : doubt::partly_gone);
  }
  if (failure && failure->level == solana::commitment::finalized)
    return failed_somewhere(a, seen, policy, *failure, doubtful);
  if (failure)
    return because(doubt::failed_unfinalized);
  return unknown_everywhere(a, seen, policy, doubtful);
}

}  // namespace landfall::executor
