#include "executor-service/verify/verifier_actor.hpp"

#include <caf/all.hpp>
#include <deque>
#include <functional>
#include <utility>

namespace landfall::executor::verify {

using domain::failure;

domain::result<domain::done, std::string> verifier_config::validate() const {
  if (pace <= domain::milliseconds{0} || sum_pace <= domain::milliseconds{0})
    return failure{std::string{"the verifier's paces have to be above 0"}};
  if (deposits < 2 || static_cast<std::size_t>(deposits) > max_accounts_per_call)
    return failure{"the verifier checks 2 to " + std::to_string(max_accounts_per_call) + " deposits at once"};
  if (batch < 4 || checks.max_transactions == 0 || checks.max_sum_accounts == 0)
    return failure{std::string{"the verifier checks 4 orders, a transaction and an account at least"}};
  if (rules.passes_before_hold < 2 || rules.passes_before_halt < 2)
    return failure{std::string{"one pass alone neither holds an order nor halts signing"}};
  return domain::done{};
}

namespace {

struct verifier_state {
  static inline const char* name = "verifier";

  struct waiting_pass {
    pass_kind over;
    std::function<void(bool ok)> done;
  };

  verifier_actor::pointer self = nullptr;
  verifier_config config;
  checker_actor checker;
  database_actor database;
  std::unique_ptr<pass_report> report;
  order_cursor orders_done;
  std::optional<domain::deposit_request_id> deposits_done;
  /// The first is under way.
  std::deque<waiting_pass> passes;

  void enqueue(pass_kind over, std::function<void(bool ok)> done) {
    passes.push_back({over, std::move(done)});
    if (passes.size() == 1)
      begin(over);
  }

  void begin(pass_kind over) {
    switch (over) {
      case pass_kind::orders:
        return pass_over_orders();
      case pass_kind::deposits:
        return pass_over_deposits();
      case pass_kind::sums:
        return pass_over_sums();
    }
  }

  void end(bool ok) {
    const auto done = std::move(passes.front().done);
    passes.pop_front();
    if (!passes.empty())
      begin(passes.front().over);
    done(ok);
  }

  /// Goes on with the answer; an error ends the pass.
  template <class Reply, class Whom, class Request, class Then>
  void ask(const Whom& whom, Request request, Then then) {
    // Who is asked has bounds of its own for every call.
    self->request(whom, caf::infinite, std::move(request))
        .then([then = std::move(then)](Reply& reply) mutable { then(reply); },
              [this](const caf::error& e) {
                report->failed(passes.front().over, sentence(e));
                end(false);
              });
  }

  void finish(const std::optional<quorum>& by) {
    report->finished(passes.front().over, by);
    end(true);
  }

  void pass_over_orders() {
    ask<order_batch>(database, next_orders{orders_done, config.batch}, [this](order_batch& batch) {
      orders_done = batch.next;
      ask<orders_checked>(checker, check_orders{std::move(batch.ids)}, [this](orders_checked& checked) {
        record_orders request{checked.result.judged, std::move(checked.result.movements)};
        ask<recorded>(database, std::move(request),
                      [this, checked = std::move(checked)](const recorded& stored) { on_orders(checked, stored); });
      });
    });
  }

  void on_orders(const orders_checked& checked, const recorded& stored) {
    const auto& result = checked.result;
    report->recorded_pass(result.judged.found, result.judged.disputed, stored);
    report->orders_pass(result.orders, result.attempts, result.in_flight, checked.finalized_slot);
    if (!orders_done.all)
      report->all_orders_passed();
    finish(checked.by);
  }

  void pass_over_deposits() {
    ask<deposit_batch>(database, next_deposits{deposits_done, config.deposits}, [this](deposit_batch& batch) {
      deposits_done = batch.next;
      ask<deposits_checked>(checker, check_deposits{std::move(batch.deposits)}, [this](deposits_checked& checked) {
        record_deposits request{checked.judged};
        ask<recorded>(database, std::move(request), [this, checked = std::move(checked)](const recorded& stored) {
          report->recorded_pass(checked.judged.found, checked.judged.disputed, stored);
          finish(checked.by);
        });
      });
    });
  }

  void pass_over_sums() {
    ask<sums_checked>(checker, check_sums{}, [this](sums_checked& checked) {
      if (!checked.complete)
        report->sums_incomplete(config.checks.max_sum_accounts);
      record_sums request{checked.result.found, checked.result.right};
      ask<recorded>(database, std::move(request), [this, checked = std::move(checked)](const recorded& stored) {
        std::vector<finding> found;
        for (const auto& f : checked.result.found)
          found.push_back(f.what);
        report->recorded_pass(found, checked.result.disputed, stored);
        finish(checked.by);
      });
    });
  }

  /// Makes a pass, and the next one `pace` after its end.
  void tick(pass_kind over) {
    if (over == pass_kind::sums)
      return enqueue(over, [this](bool) { self->delayed_send(self, config.sum_pace, pass_tick{pass_kind::sums}); });
    enqueue(pass_kind::orders, [this](bool) {
      enqueue(pass_kind::deposits,
              [this](bool) { self->delayed_send(self, config.pace, pass_tick{pass_kind::orders}); });
    });
  }
};

verifier_actor::behavior_type behavior(verifier_actor::stateful_pointer<verifier_state> self,
                                       const verifier_config& config, checker_actor checker, database_actor database,
                                       const runtime::clock* clock, verifier_reports reports) {
  auto& state = self->state;
  state.self = self;
  state.config = config;
  state.checker = std::move(checker);
  state.database = std::move(database);
  state.report = std::make_unique<pass_report>(std::move(reports), *clock);
  return {
      [self](const make_pass& request) -> caf::result<pass_made> {
        if (self->state.passes.size() > max_waiting_passes)
          return unanswered("too many passes wait");
        auto promise = self->make_response_promise<pass_made>();
        self->state.enqueue(request.over, [promise](bool ok) mutable { promise.deliver(pass_made{ok}); });
        return promise;
      },
      [&state](const pass_tick& tick) { state.tick(tick.over); },
  };
}

}  // namespace

verifier_actor spawn_verifier(caf::actor_system& system, const verifier_config& config, checker_actor checker,
                              database_actor database, const runtime::clock& clock, verifier_reports reports) {
  if (const auto valid = config.validate(); !valid)
    domain::broken_invariant(valid.error().c_str());
  return system.spawn(behavior, config, std::move(checker), std::move(database), &clock, std::move(reports));
}

std::vector<caf::strong_actor_ptr> start_verifier(caf::actor_system& system, const verifier_config& config,
                                                  std::vector<std::shared_ptr<rpc_api>> endpoints,
                                                  const runtime::clock& clock, verifier_reports reports) {
  const auto database = spawn_database(system, {config.database, config.instance, config.rules});
  const auto checker = spawn_checker(system, config.checks, database, std::move(endpoints));
  const auto verifier = spawn_verifier(system, config, checker, database, clock, std::move(reports));
  caf::anon_send(verifier, pass_tick{pass_kind::orders});
  caf::delayed_anon_send(verifier, config.sum_pace, pass_tick{pass_kind::sums});
  return {caf::actor_cast<caf::strong_actor_ptr>(verifier), caf::actor_cast<caf::strong_actor_ptr>(checker),
          caf::actor_cast<caf::strong_actor_ptr>(database)};
}

}  // namespace landfall::executor::verify
