#include "executor-service/actors/chain.hpp"

#include <set>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <caf/stateful_actor.hpp>

#include "executor-service/actors/chain_history.hpp"
#include "executor-service/actors/chain_pool.hpp"
#include "executor-service/actors/chain_reads.hpp"
#include "executor-service/actors/chain_rounds.hpp"
#include "executor-service/actors/chain_sends.hpp"

namespace landfall::executor {

using domain::done;
using domain::failure;
using domain::milliseconds;

namespace {

struct chain_state {
  static inline const char* name = "chain";

  endpoint_pool pool;
  chain_sends sends{pool};
  status_rounds rounds{pool};
  chain_reads reads{pool};
  history_search history{pool};

  [[nodiscard]] chain::health_report health() const {
    return {pool.health(), rounds.count()};
  }
};

chain_actor::behavior_type chain_behavior(chain_actor::stateful_pointer<chain_state> self, chain_config config,
                                          std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock* clock,
                                          chain_reports reports) {
  self->state.pool.start(self, config, std::move(endpoints), *clock, std::move(reports));
  self->state.sends.start();
  self->state.rounds.start();
  self->set_down_handler([self](const caf::down_msg& down) { self->state.rounds.gone(down.source); });
  self->send(self, chain::tick{});
  return {
      [self](const chain::watch& w) -> caf::result<void> { return self->state.rounds.watch(w); },
      [self](const chain::unwatch& w) { self->state.rounds.unwatch(w.id, caf::actor_cast<caf::actor_addr>(w.to)); },
      [self](const chain::broadcast& b) { return self->state.sends.broadcast(b); },
      [self](const chain::history_look& wanted) { self->state.history.look(wanted); },
      [self](const chain::blockhash_request&) { return self->state.reads.latest_blockhash(); },
      [self](const chain::simulate_request& r) { return self->state.reads.simulate(r); },
      [self](const chain::accounts_request& r) { return self->state.reads.accounts(r); },
      [self](const chain::transaction_request& r) { return self->state.reads.find_transaction(r); },
      [self](const chain::statuses_request& r) { return self->state.reads.statuses(r); },
      [self](const chain::rent_request& r) { return self->state.reads.rent_of(r.space_bytes); },
      [self](const chain::fee_request& r) { return self->state.reads.fee_for(r); },
      [self](const chain::health_request&) { return self->state.health(); },
      [self](const chain::tick&) { self->state.rounds.tick(); },
      [](const chain::arrived& a) { (*a.handle)(); },
  };
}

}  // namespace

domain::result<done, std::string> chain_config::validate() const {
  const auto no = [](const char* why) { return failure{std::string{why}}; };
  if (poll_ms < 10 || poll_ms > 60'000 || idle_poll_ms < poll_ms)
    return no("poll_ms has to be within 10 and 60000, idle_poll_ms not below it");
  if (blockhash_max_age_ms == 0 || blockhash_max_age_ms > 10'000)
    return no("blockhash_max_age_ms has to be within 1 and 10000");
  if (blockhash_min_blocks_left == 0 || blockhash_min_blocks_left > blockhash_max_blocks_left)
    return no("blockhash_min_blocks_left has to be within 1 and blockhash_max_blocks_left");
  if (hedge_min_ms == 0 || hedge_min_ms > hedge_max_ms || hedge_max_ms > 60'000)
    return no("hedge_min_ms has to be within 1 and hedge_max_ms, which has to be within 60000");
  if (max_watches == 0 || max_in_flight_per_endpoint == 0 || max_status_calls_in_flight == 0 || max_waiting == 0 ||
      max_waiting_sends == 0 || max_waiting_reads == 0)
    return no("the bounds of the chain actor have to be at least 1");
  if (fee_percentile > 100)
    return no("fee_percentile has to be within 0 and 100");
  if (fee_floor_micro_lamports > fee_cap_micro_lamports)
    return no("fee_floor_micro_lamports is above fee_cap_micro_lamports");
  return done{};
}

bool is_refused(const caf::error& e) {
  return e == caf::sec::invalid_argument;
}

bool is_unavailable(const caf::error& e) {
  return e && !is_refused(e);
}

chain_actor spawn_chain(caf::actor_system& system, chain_config config, std::vector<std::shared_ptr<rpc_api>> endpoints,
                        const runtime::clock& clock, chain_reports reports) {
  std::set<std::string> names;
  for (const auto& e : endpoints)
    names.insert(e->name());
  // Two of one name would count as two witnesses.
  if (endpoints.empty() || names.size() != endpoints.size())
    domain::broken_invariant("RPC endpoints need names, each another one");
  if (!config.validate())
    domain::broken_invariant("an invalid configuration of the chain actor");
  return system.spawn(chain_behavior, config, std::move(endpoints), &clock, std::move(reports));
}

}  // namespace landfall::executor
