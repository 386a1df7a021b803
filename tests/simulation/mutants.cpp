#include "tests/simulation/mutants.hpp"

#include <algorithm>

#include "tests/simulation/identity.hpp"
#include "tests/simulation/order_worker.hpp"

namespace landfall::simulation {

using executor::attempt;
using executor::observation_set;
using executor::resolution;
using executor::resolve_policy;
namespace fate = executor::fate;

namespace {

/// A certificate that satisfies every rule of the database, and is made up.
fate::dead forged_death(const attempt& a, const observation_set& seen, const resolve_policy& policy) {
  fate::dead dead;
  auto& c = dead.certificate;
  c.last_valid_block_height = a.last_valid_block_height;
  c.endpoints_configured = policy.endpoints_configured;
  c.by_history = a.maker.has_value();
  for (const auto& [name, view] : seen.endpoints) {
    auto proof = view.latest;
    proof.finalized_block_height = a.last_valid_block_height + 2;
    proof.status_context_slot = std::max(proof.status_context_slot, proof.finalized_slot);
    proof.searched_history = true;
    proof.status.reset();
    c.order_account.slot = std::max(c.order_account.slot, proof.finalized_slot);
    if (a.maker)
      proof.balance = {name, proof.finalized_slot, a.order_account_balance};
    c.observations.push_back(std::move(proof));
  }
  c.order_account.endpoint = "a";
  c.order_account.balance = a.order_account_balance;
  return dead;
}

bool denied_by_enough(const observation_set& seen, const resolve_policy& policy) {
  std::size_t denials = 0;
  for (const auto& [name, view] : seen.endpoints)
    denials += view.latest.status ? 0 : 1;
  return denials >= std::min<std::size_t>(2, policy.endpoints_configured);
}

}  // namespace

std::optional<resolution> believed(mutant broken, const attempt& a, const observation_set& seen,
                                   const resolve_policy& policy, bool accepted, std::uint64_t slot) {
  if (broken == mutant::makers_yes_believed && accepted && !a.confirmed_slot)
    return fate::landed{slot, false, signature_of(transaction_of(a))};
  if (broken == mutant::makers_no_believed && !accepted && !a.confirmed_slot &&
      seen.endpoints.size() >= std::min<std::size_t>(2, policy.endpoints_configured))
    return forged_death(a, seen, policy);
  return std::nullopt;
}

std::optional<resolution> judged_wrongly(mutant broken, const attempt& a, const observation_set& seen,
                                         const resolve_policy& policy, domain::utc_time now) {
  const auto in_doubt = [](const resolution& r) { return std::holds_alternative<fate::in_doubt>(r); };
  switch (broken) {
    case mutant::dead_on_one_endpoint: {
      auto one = policy;
      one.endpoints_configured = 1;
      return resolve(a, seen, one, now);
    }
    case mutant::null_without_height:
      if (in_doubt(resolve(a, seen, policy, now)) && denied_by_enough(seen, policy) && !a.confirmed_slot)
        return forged_death(a, seen, policy);
      return std::nullopt;
    case mutant::timeout_taken_as_death:
      if (in_doubt(resolve(a, seen, policy, now)) && now - a.signed_at > domain::milliseconds{20'000} &&
          seen.endpoints.size() >= std::min<std::size_t>(2, policy.endpoints_configured) && !a.confirmed_slot)
        return forged_death(a, seen, policy);
      return std::nullopt;
    case mutant::margin_zero: {
      if (a.last_valid_block_height < 2)
        return std::nullopt;
      auto earlier = a;
      earlier.last_valid_block_height -= 2;
      auto r = resolve(earlier, seen, policy, now);
      if (auto* dead = std::get_if<fate::dead>(&r)) {
        dead->certificate.last_valid_block_height += 2;
        for (auto& proof : dead->certificate.observations)
          proof.finalized_block_height += 2;
      }
      return r;
    }
    case mutant::dead_on_one_history: {
      auto one = policy;
      one.endpoints_configured = a.maker ? 1 : policy.endpoints_configured;
      return resolve(a, seen, one, now);
    }
    case mutant::dead_without_balances: {
      auto full = seen;
      for (auto& [name, view] : full.endpoints)
        if (view.latest.balance)
          view.latest.balance->balance = a.order_account_balance;
      return resolve(a, full, policy, now);
    }
    case mutant::rollback_ignored: {
      auto r = resolve(a, seen, policy, now);
      if (std::holds_alternative<fate::gone_again>(r))
        return fate::in_doubt{};
      return r;
    }
    default:
      return std::nullopt;
  }
}

void misread(mutant broken, executor::observation& seen) {
  using solana::commitment;
  if (!seen.status)
    return;
  auto& s = *seen.status;
  if (broken == mutant::confirmed_taken_as_final && !s.err && s.level == commitment::confirmed)
    s.level = commitment::finalized;
  if (broken == mutant::processed_taken_as_confirmed && !s.err && s.level == commitment::processed)
    s.level = commitment::confirmed;
  if (broken == mutant::failure_final_at_once && s.err)
    s.level = commitment::finalized;
}

}  // namespace landfall::simulation
