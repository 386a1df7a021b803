#include "executor-service/order/order_actor.hpp"

#include <deque>
#include <utility>

#include "common/fault/await.hpp"
#include "common/fault/fault_point.hpp"
#include "common/solana/transaction.hpp"
#include "executor-service/order/chain_record.hpp"
#include "executor-service/order/commit_point.hpp"
#include "executor-service/order/core/engine.hpp"
#include "executor-service/order/order_log.hpp"

namespace landfall::executor {

namespace {

/// The order's engine, fed and obeyed. Nothing is decided here.
struct order_shell {
  static inline const char* name = "order";

  order_actor::pointer self = nullptr;
  std::shared_ptr<const order_dependencies> with;
  std::optional<order_engine> engine;
  std::deque<order_event> events;
  bool performing = false;
  /// Whose permit this order has, if any.
  semaphore_actor permit_of;

  /// One event after the other: what happens while effects are performed comes after them.
  void feed(order_event event) {
    events.push_back(std::move(event));
    if (std::exchange(performing, true))
      return;
    for (; !events.empty(); events.pop_front())
      for (auto& effect : engine->on(events.front(), with->clock->now()))
        std::visit([this](auto& e) { perform(e); }, effect);
    performing = false;
  }

  [[nodiscard]] const order& o() const {
    return engine->current();
  }
  chain::status_listener listener() const {
    return caf::actor_cast<chain::status_listener>(self);
  }

  /// Sends a request to the chain actor. Without an answer the engine gets `events::unanswered`.
  template <class Request, class Then>
  void ask(const fault::point& at, Request request, Then then) {
    fault::await(at, self, with->chain, with->config.request_timeout, std::move(request), std::move(then),
                 [this](const caf::error& e) { feed(events::unanswered{caf::to_string(e)}); });
  }
  static chain::accounts_request account_request(const solana::pubkey& key, std::optional<std::uint64_t> min_slot) {
    return {{key}, commitment::confirmed, min_slot};
  }

  // --- writing ---

  [[nodiscard]] commit_unit unit_of(std::vector<order_write> writes) const {
    const auto point = commit_point(o(), writes);
    return {{o().id, o().order_account, o().lease_epoch, std::move(writes)}, point};
  }

  void perform(effects::commit& e) {
    self->request(with->commit_writer, caf::infinite, unit_of(std::move(e.writes)))
        .then([this](const commit_reply& reply) { feed(events::committed{error_of(reply)}); },
              [this](const caf::error& why) { feed(events::commit_lost{caf::to_string(why)}); });
  }
  static std::optional<commit_error> error_of(const commit_reply& reply) {
    if (!reply.error)
      return std::nullopt;
    static_assert(static_cast<int>(postgres::error_kind::defect) == static_cast<int>(commit_fault::defect));
    return commit_error{static_cast<commit_fault>(reply.error->kind), reply.error->sqlstate, reply.error->message};
  }

  void perform(effects::mark_broadcast& e) {
    const auto id = e.mark.attempt;
    self->request(with->commit_writer, caf::infinite, unit_of({std::move(e.mark)}))
        .then(
            [this, id](const commit_reply& reply) {
              feed(events::broadcast_marked{id, !reply.error});
            },
            [this, id](const caf::error&) {
              feed(events::broadcast_marked{id, false});
            });
  }

  // --- reading ---

  void perform(const effects::read_deposit& e) {
    ask({fault::effect::deposit_check}, account_request(o().order_account, e.min_slot),
        [this](const chain::accounts_read& read) {
          feed(events::balance_read{balance_in(read, o().input, o().vault)});
        });
  }
  void perform(const effects::read_balance& e) {
    const bool output = e.of_output_account();
    ask({fault::effect::balance_read, to_string(e.kind)},
        account_request(output ? o().output_account : o().order_account, e.min_slot),
        [this, output](const chain::accounts_read& read) {
          feed(events::balance_read{balance_in(read, output ? o().output : o().input, o().vault)});
        });
  }
  void perform(const effects::read_swap& e) {
    ask({fault::effect::swap_read}, chain::transaction_request{e.id, commitment::finalized},
        [this](const chain::transaction_found& found) {
          feed(events::swap_read{found.endpoint,
                                 found.view ? std::optional{swap_record_of(o(), *found.view)} : std::nullopt});
        });
  }
  void perform(const effects::read_fee& e) {
    ask({fault::effect::fee_read, to_string(e.kind)}, chain::transaction_request{e.id, commitment::finalized},
        [this](const chain::transaction_found& found) {
          feed(events::fee_read{found.view ? std::optional{found.view->fee_lamports} : std::nullopt});
        });
  }

  // --- the watched attempt ---

  void perform(const effects::watch& e) {
    // A refused watch never sends an update.
    self->request(with->chain, caf::infinite, chain::watch{e.id, listener()})
        .then([] {},
              [this, id = e.attempt](const caf::error& why) {
                feed(events::watch_refused{id, caf::to_string(why)});
              });
  }
  void perform(const effects::unwatch& e) {
    self->send(with->chain, chain::unwatch{e.id, listener()});
  }
  void perform(const effects::search_history& e) {
    if (auto search = history_request_of(o(), e.what, self->address()))
      self->send(with->chain, *std::move(search));
    else
      log_notice(o(),
                 {effects::notice::kind::message_unreadable,
                  e.what.id,
                  "the stored bytes are no transaction, or no deposit is",
                  {}},
                 with->metrics);
  }
  void perform(effects::broadcast& e) {
    const auto& a = e.what;
    if (e.again)
      return fault::around_send({fault::effect::rebroadcast, to_string(a.kind)}, [&] {
        caf::anon_send(with->chain, chain::broadcast{a.signature.value(), a.transaction, true});
      });
    bool asked = false;
    fault::around_send({fault::effect::broadcast, to_string(a.kind)}, [&] {
      asked = true;
      self->request(with->chain, with->config.request_timeout, chain::broadcast{a.signature.value(), a.transaction})
          .then([this](const chain::sent&) { feed(events::submitted{}); },
                [this](const caf::error&) { feed(events::submitted{}); });
    });
    if (!asked)
      feed(events::submitted{});
  }
  void perform(const effects::submit& e) {
    const auto& a = e.what;
    fault::around_send({e.again ? fault::effect::handed_over_again : fault::effect::handed_over}, [&] {
      self->send(with->maker, maker::submit{a.id, *a.maker, a.quote_id(), a.transaction});
    });
  }

  // --- building ---

  void perform(const effects::acquire_permit& e) {
    const auto& permits = e.kind == attempt_kind::swap ? with->swap_permits : with->payment_permits;
    if (!permits)
      return feed(events::permit_granted{});
    self->request(permits, caf::infinite, permit_request{})
        .then(
            [this, permits](permit_granted) {
              permit_of = permits;
              feed(events::permit_granted{});
            },
            [this](const caf::error& why) { feed(events::permit_failed{caf::to_string(why)}); });
  }
  void perform(const effects::release_permit&) {
    if (const auto permits = std::exchange(permit_of, nullptr))
      self->send(permits, permit_released{});
  }
  void perform(const effects::build& e) {
    const auto builder = spawn_builder(self->system(), o(), e.kind, with);
    fault::await(
        {fault::effect::build, to_string(e.kind)}, self, builder, 4 * with->config.request_timeout, build_request{},
        [this](const build_reply& answer) { feed(events::built{*answer.result}); },
        [this](const caf::error& why) { feed(events::build_failed{caf::to_string(why)}); });
  }

  // --- time, the end, log and metrics ---

  void perform(const effects::timer& e) {
    self->delayed_send(self, e.delay, std::visit([](const auto& due) { return order_timer{due}; }, e.then));
  }
  void perform(const effects::finish&) {
    self->quit();
  }
  void perform(const effects::notice& e) {
    log_notice(o(), e, with->metrics);
  }
  void perform(const effects::attempt_signed& e) {
    count_signed(e.kind, with->metrics);
  }
  void perform(const effects::written& e) {
    log_written(o(), e.what);
  }
};

order_actor::behavior_type order_behavior(order_actor::stateful_pointer<order_shell> self, order o,
                                          std::shared_ptr<const order_dependencies> with) {
  auto& state = self->state;
  state.self = self;
  state.with = std::move(with);
  state.engine.emplace(std::move(o), state.with->config);
  self->send(self, order_timer{events::started{}});
  return {
      [self](const chain::status_update& m) {
        self->state.feed(events::observed{m.id, m.seen});
      },
      [self](const chain::history_update& m) {
        self->state.feed(events::history_observed{m.attempt, m.seen});
      },
      [self](const order_timer& timer) { std::visit([self](const auto& due) { self->state.feed(due); }, timer.due); },
      [self](order_stop) { self->state.feed(events::stop{}); },
  };
}

}  // namespace

order_actor spawn_order(caf::actor_system& system, order o, std::shared_ptr<const order_dependencies> with) {
  if (!with->config.validate())
    domain::broken_invariant("an invalid configuration of the order actor");
  return system.spawn(order_behavior, std::move(o), std::move(with));
}

}  // namespace landfall::executor
