#include "executor-service/verify/checker.hpp"

#include <caf/all.hpp>
#include <utility>

#include "executor-service/verify/chain_reader.hpp"

namespace landfall::executor::verify {

namespace {

/// What is stored is loaded before the endpoints are asked, so that the chain cannot be behind it without showing, and
/// again after they answered: whatever changed meanwhile was in flight and is checked another time.
struct checker_state {
  static inline const char* name = "verify_checker";

  checker_actor::pointer self = nullptr;
  checker_config config;
  database_actor database;
  std::unique_ptr<chain_reader> chain;

  /// Asks the database; a failure ends the whole check.
  template <class Reply, class Request, class Promise, class Then>
  void ask(Request request, Promise promise, Then then) {
    // The database has bounds of its own for every statement.
    self->request(database, caf::infinite, std::move(request))
        .then([then = std::move(then)](Reply& reply) mutable { then(reply); },
              [promise = std::move(promise)](caf::error& e) mutable { promise.deliver(std::move(e)); });
  }

  /// What to do with a read of the chain; without one the whole check ends.
  template <class Promise, class Then>
  static auto on_read(Promise promise, Then then) {
    return [promise = std::move(promise), then = std::move(then)](auto seen) mutable {
      if (seen)
        then(*seen);
      else
        promise.deliver(unanswered(seen.error()));
    };
  }

  caf::result<orders_checked> check(const check_orders& request) {
    auto promise = self->make_response_promise<orders_checked>();
    if (request.ids.empty()) {
      promise.deliver(orders_checked{});
      return promise;
    }
    ask<loaded_orders>(load_orders{request.ids}, promise, [this, promise, ids = request.ids](loaded_orders& before) {
      chain->orders(before.orders,
                    on_read(promise, [this, promise, ids, before = before.orders](orders_view& seen) mutable {
                      compare(std::move(ids), std::move(before), std::move(seen), promise);
                    }));
    });
    return promise;
  }

  void compare(std::vector<domain::order_id> ids, std::vector<order_facts> before, orders_view seen,
               caf::typed_response_promise<orders_checked> promise) {
    ask<loaded_orders>(load_orders{std::move(ids)}, promise,
                       [promise, before = std::move(before), seen = std::move(seen)](loaded_orders& after) mutable {
                         promise.deliver(orders_checked{compare_orders(std::move(before), after.orders, seen), seen.by,
                                                        seen.finalized_slot});
                       });
  }

  caf::result<deposits_checked> check(const check_deposits& request) {
    auto promise = self->make_response_promise<deposits_checked>();
    if (request.deposits.empty()) {
      promise.deliver(deposits_checked{});
      return promise;
    }
    std::vector<solana::pubkey> keys;
    for (const auto& deposit : request.deposits)
      keys.push_back(deposit.order_account);
    const auto done = [this, promise, list = request.deposits](std::vector<endpoint_readings>& seen) mutable {
      promise.deliver(deposits_checked{compare_deposits(list, seen, chain->needed()), chain->quorum_of(seen.size())});
    };
    chain->accounts(std::move(keys), on_read(promise, done));
    return promise;
  }

  using sums_promise = caf::typed_response_promise<sums_checked>;

  caf::result<sums_checked> check(const check_sums&) {
    auto promise = self->make_response_promise<sums_checked>();
    ask<booked_accounts>(load_booked_accounts{config.max_sum_accounts}, promise, [this, promise](booked_accounts& now) {
      std::vector<solana::pubkey> keys;
      for (const auto& a : now.accounts)
        keys.push_back(a.account);
      const auto done = [this, promise, accounts = now.accounts](std::vector<endpoint_readings>& seen) mutable {
        confirm_sums(std::move(accounts), std::move(seen), promise);
      };
      chain->accounts(std::move(keys), on_read(promise, done));
    });
    return promise;
  }

  /// Only where something is short it matters what changed meanwhile.
  void confirm_sums(std::vector<booked_account> accounts, std::vector<endpoint_readings> seen, sums_promise promise) {
    if (!anything_short(accounts, seen, config.dust))
      return compare_sums(std::move(accounts), std::move(seen), promise);
    ask<booked_accounts>(
        load_booked_accounts{config.max_sum_accounts}, promise,
        [this, promise, accounts = std::move(accounts), seen = std::move(seen)](booked_accounts& after) mutable {
          leave_out_changed(accounts, after.accounts);
          compare_sums(std::move(accounts), std::move(seen), promise);
        });
  }

  void compare_sums(std::vector<booked_account> accounts, std::vector<endpoint_readings> seen, sums_promise promise) {
    ask<open_sums>(load_open_sums{}, promise,
                   [this, promise, accounts = std::move(accounts), seen = std::move(seen)](open_sums& open) mutable {
                     promise.deliver(
                         sums_checked{verify::compare_sums(accounts, seen, open.subjects, chain->needed(), config.dust),
                                      chain->quorum_of(seen.size()), accounts.size() < config.max_sum_accounts});
                   });
  }

  caf::result<finalized_slot> check(const read_finalized_slot&) {
    auto promise = self->make_response_promise<finalized_slot>();
    const auto done = [promise](std::vector<endpoint_snapshot>& found) mutable {
      promise.deliver(finalized_slot{found.front().finalized_slot});
    };
    chain->snapshots(on_read(promise, done));
    return promise;
  }
};

/// Tasks that come back into the actor. Endpoints may outlive it: they do not keep it alive.
task_poster poster_of(checker_actor::pointer self) {
  const auto message = [](task t) { return run_task{std::make_shared<task>(std::move(t))}; };
  return {
      [to = caf::actor_addr{self->address()}, message](task t) {
        if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(to))
          caf::anon_send(caf::actor_cast<checker_actor>(alive), message(std::move(t)));
      },
      [self, message](domain::milliseconds after, task t) { self->delayed_send(self, after, message(std::move(t))); }};
}

checker_actor::behavior_type behavior(checker_actor::stateful_pointer<checker_state> self, checker_config config,
                                      database_actor database, std::vector<std::shared_ptr<rpc_api>> endpoints) {
  auto& state = self->state;
  state.self = self;
  state.config = config;
  state.database = std::move(database);
  state.chain = std::make_unique<chain_reader>(std::move(endpoints), config.max_transactions, poster_of(self));
  return {
      [&state](const check_orders& request) { return state.check(request); },
      [&state](const check_deposits& request) { return state.check(request); },
      [&state](const check_sums& request) { return state.check(request); },
      [&state](const read_finalized_slot& request) { return state.check(request); },
      [](const run_task& run) { (*run.task)(); },
  };
}

}  // namespace

checker_actor spawn_checker(caf::actor_system& system, checker_config config, database_actor database,
                            std::vector<std::shared_ptr<rpc_api>> endpoints) {
  return system.spawn(behavior, config, std::move(database), std::move(endpoints));
}

}  // namespace landfall::executor::verify
