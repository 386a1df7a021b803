#include "executor-service/order/dispatcher.hpp"

#include <unordered_map>

#include "common/fault/database_fault.hpp"
#include "common/runtime/log.hpp"
#include "executor-service/order/order_store.hpp"

namespace landfall::executor {

namespace {

struct in_flight {
  order_actor worker;
  std::uint64_t epoch = 0;
  /// Claimed before anybody began it.
  bool new_work = false;
};

struct dispatcher_state {
  static inline const char* name = "dispatcher";

  dispatcher_actor::pointer self = nullptr;
  dispatcher_config config;
  std::shared_ptr<const order_dependencies> with;
  std::unique_ptr<order_store> store;
  std::unordered_map<domain::order_id, in_flight> orders;
  std::unordered_map<caf::actor_addr, domain::order_id> by_worker;
  bool stopping = false;
  bool hinted = false;
  in_flight_count counts;
  runtime::gauge_handle new_in_flight;
  runtime::gauge_handle started_in_flight;
  runtime::counter_handle claimed;
  runtime::counter_handle leases_lost;
  runtime::gauge_handle database_up;

  void start(dispatcher_config c) {
    config = std::move(c);
    store = std::make_unique<order_store>(config.database, config.instance);
    if (config.metrics != nullptr) {
      auto& m = *config.metrics;
      const auto in_flight_of = [&](const char* work) {
        return m.gauge("landfall_executor_orders_in_flight",
                       "Orders this instance holds a lease of, by what they were when they were claimed.",
                       {{"work", work}});
      };
      new_in_flight = in_flight_of("new");
      started_in_flight = in_flight_of("started");
      claimed = m.counter("landfall_executor_claims_total", "Orders claimed.");
      leases_lost = m.counter("landfall_executor_leases_lost_total", "Leases that could not be prolonged in time.");
      database_up = m.gauge("landfall_executor_database_up", "1 while the database answers the dispatcher.");
    }
  }

  void mark_database(const postgres::database_error* e) {
    database_up.set(e == nullptr ? 1 : 0);
    if (e != nullptr)
      runtime::log_warn("database_trouble",
                        {{"kind", to_string(e->kind)}, {"sqlstate", e->sqlstate}, {"why", e->message}});
  }

  /// Returns how many there were of each kind.
  in_flight_count adopt(postgres::database_result<std::vector<order>> result) {
    in_flight_count adopted;
    if (!result.ok()) {
      mark_database(&result.error());
      return adopted;
    }
    mark_database(nullptr);
    for (auto& o : *result) {
      claimed.inc();
      const auto id = o.id;
      const auto epoch = o.lease_epoch;
      runtime::log_info("order_claimed",
                        {{"order_id", id.to_string()}, {"state", to_string(o.state)}, {"epoch", epoch}});
      // A former actor of the same order writes under an older epoch, and is refused.
      if (const auto old = orders.find(id); old != orders.end()) {
        by_worker.erase(old->second.worker.address());
        self->send_exit(old->second.worker, caf::exit_reason::user_shutdown);
        --count_of(old->second);
      }
      const bool new_work = o.state == domain::order_state::ready_execute;
      auto worker = spawn_order(self->system(), std::move(o), with);
      self->monitor(worker);
      by_worker[worker.address()] = id;
      auto& entry = orders[id];
      entry = {worker, epoch, new_work};
      ++count_of(entry);
      ++(new_work ? adopted.new_work : adopted.started);
    }
    show_in_flight();
    return adopted;
  }

  std::size_t& count_of(const in_flight& entry) {
    return entry.new_work ? counts.new_work : counts.started;
  }

  void show_in_flight() {
    new_in_flight.set(static_cast<double>(counts.new_work));
    started_in_flight.set(static_cast<double>(counts.started));
  }

  void claim() {
    if (stopping)
      return;
    const auto capacity = capacity_to_claim(config.claims, counts);
    if (capacity.new_work + capacity.started == 0)
      return;
    const auto adopted = adopt(leased(
        {fault::effect::claim}, [&] { return store->claim(capacity, config.lease, with->config.steps.expiry_grace); }));
    // A full batch of either kind: there may be more.
    if ((capacity.new_work > 0 && adopted.new_work >= capacity.new_work) ||
        (capacity.started > 0 && adopted.started >= capacity.started))
      hint();
  }

  /// A claim between its fault points. One that found nothing has done nothing.
  template <class Take>
  static postgres::database_result<std::vector<order>> leased(const fault::point& at, Take take) {
    return fault::around(at, std::move(take), fault::database_fault,
                         [](const auto& taken) { return !taken || !taken->empty(); });
  }

  void hint() {
    if (!std::exchange(hinted, true))
      self->send(self, work_hint{});
  }

  void prolong() {
    if (orders.empty())
      return;
    std::vector<order_store::held_lease> held;
    for (const auto& [id, entry] : orders)
      held.push_back({id, entry.epoch});
    const auto renewed = fault::around(
        {fault::effect::lease_renewal}, [&] { return store->renew(held, config.lease); }, fault::database_fault);
    if (!renewed.ok()) {
      mark_database(&renewed.error());
      return;
    }
    std::unordered_map<domain::order_id, bool> kept;
    for (const auto& id : *renewed)
      kept[id] = true;
    for (const auto& h : held) {
      const auto entry = orders.find(h.order);
      if (kept.contains(h.order) || entry == orders.end() || entry->second.epoch != h.epoch)
        continue;
      // Given back a moment ago, or lost. Either way this actor may write nothing more.
      leases_lost.inc();
      self->send(entry->second.worker, order_stop{});
    }
  }

  void on_down(const caf::down_msg& down) {
    const auto worker = by_worker.find(caf::actor_cast<caf::actor_addr>(down.source));
    if (worker == by_worker.end())
      return;
    if (const auto entry = orders.find(worker->second); entry != orders.end()) {
      --count_of(entry->second);
      orders.erase(entry);
    }
    by_worker.erase(worker);
    show_in_flight();
    if (stopping && orders.empty())
      self->quit();
  }

  void stop() {
    stopping = true;
    for (const auto& [id, entry] : orders)
      self->send(entry.worker, order_stop{});
    if (orders.empty())
      self->quit();
  }
};

dispatcher_actor::behavior_type dispatcher_behavior(dispatcher_actor::stateful_pointer<dispatcher_state> self,
                                                    dispatcher_config config,
                                                    std::shared_ptr<const order_dependencies> with) {
  auto& state = self->state;
  state.self = self;
  state.with = std::move(with);
  state.start(std::move(config));
  self->set_down_handler([self](const caf::down_msg& down) { self->state.on_down(down); });
  self->send(self, claim_tick{});
  self->delayed_send(self, state.config.lease / 3, lease_tick{});
  return {
      [self](work_hint) {
        self->state.hinted = false;
        self->state.claim();
      },
      [self](dispatcher_stop) { self->state.stop(); },
      [self](claim_tick) {
        self->state.claim();
        self->delayed_send(self, self->state.config.poll, claim_tick{});
      },
      [self](lease_tick) {
        self->state.prolong();
        self->delayed_send(self, self->state.config.lease / 3, lease_tick{});
      },
  };
}

struct listener_state {
  static inline const char* name = "order_listener";
  std::unique_ptr<postgres::listener> listener;
};

constexpr auto listen_slice = domain::milliseconds{500};
constexpr auto listen_pause = domain::milliseconds{2'000};

}  // namespace

dispatcher_actor spawn_dispatcher(caf::actor_system& system, dispatcher_config config,
                                  std::shared_ptr<const order_dependencies> with) {
  return system.spawn<caf::detached>(dispatcher_behavior, std::move(config), std::move(with));
}

caf::actor spawn_order_listener(caf::actor_system& system, postgres::database::options database, dispatcher_actor to) {
  return system.spawn<caf::detached>(
      [](caf::stateful_actor<listener_state>* self, postgres::database::options opts,
         dispatcher_actor whom) -> caf::behavior {
        self->state.listener = std::make_unique<postgres::listener>(std::move(opts), "landfall_order");
        self->send(self, caf::tick_atom_v);
        return {[self, whom](caf::tick_atom) {
          const auto notified = self->state.listener->wait(listen_slice);
          if (!notified.ok()) {
            self->delayed_send(self, listen_pause, caf::tick_atom_v);
            return;
          }
          if (!notified->empty())
            self->send(whom, work_hint{});
          self->send(self, caf::tick_atom_v);
        }};
      },
      std::move(database), std::move(to));
}

}  // namespace landfall::executor
