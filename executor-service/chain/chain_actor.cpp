#include "executor-service/chain/chain_actor.hpp"

#include <set>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "executor-service/chain/account_history.hpp"
#include "executor-service/chain/broadcaster.hpp"
#include "executor-service/chain/chain_reads.hpp"
#include "executor-service/chain/endpoint_pool.hpp"
#include "executor-service/chain/status_poller.hpp"

namespace landfall::executor {

namespace {

struct chain_state {
  static inline const char* name = "chain";

  endpoint_pool pool;
  broadcaster sends{pool};
  status_poller statuses{pool};
  chain_reads reads{pool};
  account_history history{pool};

  [[nodiscard]] chain::health_report health() const {
    return {pool.health(), statuses.watch_count()};
  }
};

chain_actor::behavior_type chain_behavior(chain_actor::stateful_pointer<chain_state> self, chain_config config,
                                          std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock* clock,
                                          chain_reports reports) {
  self->state.pool.start(self, config, std::move(endpoints), *clock, std::move(reports));
  self->state.sends.start();
  self->state.statuses.start();
  self->set_down_handler([self](const caf::down_msg& down) { self->state.statuses.on_listener_down(down.source); });
  self->send(self, chain::tick{});
  return {
      [self](const chain::watch& w) -> caf::result<void> { return self->state.statuses.watch(w); },
      [self](const chain::unwatch& w) { self->state.statuses.unwatch(w.id, caf::actor_cast<caf::actor_addr>(w.to)); },
      [self](const chain::broadcast& b) { return self->state.sends.broadcast(b); },
      [self](const chain::history_request& r) { self->state.history.search(r); },
      [self](const chain::blockhash_request&) { return self->state.reads.latest_blockhash(); },
      [self](const chain::simulate_request& r) { return self->state.reads.simulate(r); },
      [self](const chain::accounts_request& r) { return self->state.reads.accounts(r); },
      [self](const chain::transaction_request& r) { return self->state.reads.find_transaction(r); },
      [self](const chain::statuses_request& r) { return self->state.reads.statuses(r); },
      [self](const chain::rent_request& r) { return self->state.reads.rent_of(r.space_bytes); },
      [self](const chain::fee_request& r) { return self->state.reads.fee_for(r); },
      [self](const chain::health_request&) { return self->state.health(); },
      [self](const chain::tick&) { self->state.statuses.tick(); },
      [](const chain::arrived& a) { (*a.handle)(); },
  };
}

}  // namespace

chain_actor spawn_chain(caf::actor_system& system, chain_config config, std::vector<std::shared_ptr<rpc_api>> endpoints,
                        const runtime::clock& clock, chain_reports reports) {
  std::set<std::string> names;
  for (const auto& e : endpoints)
    names.insert(e->name());
  // Two endpoints of one name would count twice in a quorum.
  if (endpoints.empty() || names.size() != endpoints.size())
    domain::broken_invariant("RPC endpoints need names, each another one");
  if (!config.validate())
    domain::broken_invariant("an invalid configuration of the chain actor");
  return system.spawn(chain_behavior, config, std::move(endpoints), &clock, std::move(reports));
}

}  // namespace landfall::executor
