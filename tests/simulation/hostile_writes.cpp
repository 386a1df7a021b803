#include "tests/simulation/hostile_writes.hpp"

#include "executor-service/order/core/resolution.hpp"
#include "tests/simulation/identity.hpp"

namespace landfall::simulation {

using domain::order_state;
using executor::attempt;
using executor::attempt_kind;
using executor::attempt_outcome;
using executor::order_write;
namespace write = executor::write;

namespace {

/// Beyond the numbers of the world's own transactions.
constexpr std::size_t first_forged = 1'000'000;

class forger {
public:
  forger(const stored_order& o, instant now, random& dice) : o_(o), now_(now), dice_(dice) {}

  std::uint64_t epoch(std::uint64_t unit_epoch) {
    const auto in_force = o_.row.lease_epoch;
    switch (dice_.below(8)) {
      case 0:
        return in_force + 1;
      case 1:
        return in_force == 0 ? 7 : in_force - 1;
      case 2:
        return unit_epoch;
      default:
        return in_force;
    }
  }

  order_write any() {
    switch (dice_.below(8)) {
      case 0:
      case 1:
        return transition();
      case 2:
        return new_attempt();
      case 3:
      case 4:
        return outcome();
      case 5:
        return confirmation();
      case 6:
        return write::record_fill{domain::token_amount{1}, domain::token_amount{2}};
      default:
        return write::mark_broadcast{some_attempt(), domain::from_unix_ms(now_)};
    }
  }

private:
  bool often() {
    return dice_.chance(800);
  }

  domain::attempt_id some_attempt() {
    const auto& attempts = o_.row.attempts;
    return attempts.empty() || dice_.chance(100) ? attempt_id_of(first_forged)
                                                 : attempts[dice_.below(attempts.size())].id;
  }

  order_write transition() {
    write::transition m;
    m.from = often() ? o_.row.state : any_state();
    m.to = any_state();
    m.reason = "hostile";
    if (dice_.chance(300))
      m.attempt = some_attempt();
    return m;
  }

  order_state any_state() {
    return domain::order_states[dice_.below(domain::order_states.size())].state;
  }

  order_write new_attempt() {
    const auto number = first_forged + 1 + dice_.below(1'000'000);
    attempt a;
    a.kind = static_cast<attempt_kind>(dice_.below(5));
    a.ordinal = often() ? o_.row.count(a.kind) + 1 : 1;
    a.id = attempt_id_of(number);
    const bool by_maker = dice_.chance(300);
    if (by_maker)
      a.maker = "maker";
    if (!by_maker || dice_.chance(100))
      a.signature = signature_of(number);
    a.transaction = {1};
    a.last_valid_block_height = 1;
    if (often()) {
      a.order_account_balance = o_.row.input_amount;
      a.expected_input = o_.row.input_amount;
      a.minimum_output = domain::token_amount{1};
    }
    return write::insert_attempt{a, {}};
  }

  order_write confirmation() {
    if (dice_.chance(400))
      return write::unconfirm{some_attempt()};
    write::confirm c{some_attempt(), 1, {}};
    if (dice_.chance(300))
      c.found_as = signature_of(first_forged);
    return c;
  }

  order_write outcome() {
    write::resolve r;
    r.attempt = some_attempt();
    r.outcome = static_cast<attempt_outcome>(dice_.below(3));
    const auto* a = o_.row.find(r.attempt);
    if (a != nullptr && r.outcome == attempt_outcome::dead)
      r.certificate = certificate_of(*a);
    if (r.outcome != attempt_outcome::dead && often())
      r.slot = 1;
    if (r.outcome == attempt_outcome::landed_failed && often())
      r.error = "{}";
    const bool due = a != nullptr && a->maker && r.outcome != attempt_outcome::dead;
    if (due == often() && (a == nullptr || a->maker))
      r.found_as = signature_of(first_forged);
    return r;
  }

  /// A good one more often than not; otherwise each of its parts may be wrong.
  std::string certificate_of(const attempt& dead) {
    const bool forged = !dice_.chance(300);
    const auto wrong = [&] { return forged && dice_.chance(120); };
    executor::death_certificate c;
    c.by_history = dead.maker.has_value() != wrong();
    c.last_valid_block_height = dead.last_valid_block_height + (wrong() ? 1 : 0);
    c.endpoints_configured = wrong() ? 0 : 2;
    const auto balance = dead.order_account_balance.value_or(domain::token_amount{0});
    const auto less = [&] { return balance.units() == 0 ? balance : domain::token_amount{balance.units() - 1}; };
    for (const char* endpoint : {"a", "b"}) {
      if (wrong())
        continue;
      executor::observation seen;
      seen.endpoint = wrong() ? "a" : endpoint;
      seen.finalized_block_height = dead.last_valid_block_height + (wrong() ? 1 : 2);
      seen.finalized_slot = 100;
      seen.status_context_slot = wrong() ? 99 : 100;
      seen.searched_history = true;
      if (c.by_history)
        seen.balance = executor::balance_observation{seen.endpoint, wrong() ? 99U : 100U, wrong() ? less() : balance};
      c.observations.push_back(seen);
    }
    c.order_account = {"a", wrong() ? 99U : 100U, wrong() ? less() : balance};
    return c.to_json();
  }

  const stored_order& o_;
  instant now_;
  random& dice_;
};

}  // namespace

write_unit hostile_unit(const stored_order& o, const write_unit& last, instant now, random& dice) {
  forger forge{o, now, dice};
  write_unit unit{last.order, forge.epoch(last.lease_epoch), {}};
  if (dice.chance(200))
    unit.writes = last.writes;
  else
    unit.writes.push_back(forge.any());
  // No order gets here by an executor's hand but by its sibling's fill, and there are no siblings.
  write::transition poison;
  poison.from = order_state::oco_cancelled;
  poison.to = order_state::open;
  poison.reason = "hostile";
  unit.writes.push_back(poison);
  return unit;
}

}  // namespace landfall::simulation
