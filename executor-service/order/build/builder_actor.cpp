#include "executor-service/order/build/builder_actor.hpp"

#include <utility>

#include "common/fault/await.hpp"
#include "common/fault/fault_point.hpp"
#include "common/runtime/log.hpp"
#include "common/solana/token.hpp"
#include "executor-service/order/build/core/make_plan.hpp"

namespace landfall::executor {

using fault::effect;

namespace {

static_assert(max_accounts_per_question == max_accounts_per_call);

answer::accounts accounts_of(const accounts_view& view) {
  return {view.context_slot, view.accounts};
}

answer::simulation simulation_of(const simulation& seen) {
  return {seen.err, seen.logs.empty() ? std::string{} : seen.logs.back(), seen.units_consumed, seen.accounts};
}

/// Asks what the plan wants to know, and performs nothing else.
struct builder_state {
  static inline const char* name = "builder";

  builder_actor::pointer self = nullptr;
  domain::order_id order_id;
  attempt_kind kind = attempt_kind::swap;
  std::shared_ptr<const build_dependencies> with;
  std::unique_ptr<build_plan> plan;
  caf::typed_response_promise<build_reply> promise;

  void perform(build_step step) {
    for (const auto& event : step.events)
      std::visit([this](const auto& e) { report(e); }, event);
    for (auto& question : step.ask)
      std::visit([this](auto& q) { ask(q); }, question);
    if (step.result)
      deliver(std::move(*step.result));
  }

  void deliver(built_result result) {
    if (const auto* ready = std::get_if<built::ready>(&result); ready != nullptr && ready->what.maker)
      with->build_counts.makers_taken.inc();
    promise.deliver(build_reply{std::make_shared<const built_result>(std::move(result))});
    self->quit();
  }

  void report(const build_event::fee_payer_read& e) const {
    with->build_counts.fee_payer_lamports.set(static_cast<double>(e.lamports));
  }
  void report(const build_event::maker_left& e) const {
    with->build_counts.makers_refused.inc();
    runtime::log_warn(
        "maker_left",
        {{"order_id", order_id.to_string()}, {"maker", e.maker}, {"why", e.reason}, {"detail", e.detail}});
  }

  /// One request to `whom`, who answers a `Reply`; `answer` makes the plan's answer of it.
  template <class Question, class Reply, class Actor, class Request, class Answer>
  void request(const fault::point& at, const Actor& whom, Request what, Answer answer) {
    fault::await(
        at, self, whom, with->question_timeout, std::move(what),
        [this, answer](const Reply& reply) { perform(plan->take(answer(reply))); },
        [this](const caf::error& e) { perform(plan->template unanswered<Question>(caf::to_string(e))); });
  }
  [[nodiscard]] fault::point point_of(effect what) const {
    return {what, to_string(kind)};
  }

  void ask(question::accounts& q) {
    request<question::accounts, chain::accounts_read>(
        point_of(effect::accounts_read), with->chain,
        chain::accounts_request{std::move(q.keys), commitment::confirmed, q.min_context_slot},
        [](const chain::accounts_read& read) { return accounts_of(read.view); });
  }
  void ask(question::route& q) {
    request<question::route, route_reply>({effect::route}, with->router, std::move(q.what),
                                          [](const route_reply& reply) { return answer::route{reply}; });
  }
  void ask(question::offers& q) {
    request<question::offers, maker::offers>({effect::maker_offers}, with->maker,
                                             maker::quote_request{std::move(q.what)},
                                             [](const maker::offers& offers) { return answer::offers{offers.best}; });
  }
  void ask(question::rent&) {
    request<question::rent, chain::rent>({effect::rent_read}, with->chain,
                                         chain::rent_request{solana::token::account_bytes},
                                         [](const chain::rent& rent) { return answer::rent{rent.lamports}; });
  }
  void ask(question::lookup_tables& q) {
    request<question::lookup_tables, chain::accounts_read>(
        {effect::lookup_tables_read}, with->chain,
        chain::accounts_request{std::move(q.keys), commitment::confirmed, q.min_context_slot},
        [](const chain::accounts_read& read) { return answer::lookup_tables{accounts_of(read.view)}; });
  }
  void ask(question::fee& q) {
    request<question::fee, chain::fee_estimate>(
        point_of(effect::priority_fee_read), with->chain, chain::fee_request{std::move(q.writable_accounts)},
        [](const chain::fee_estimate& estimate) { return answer::fee{estimate.micro_lamports_per_unit}; });
  }
  void ask(question::blockhash&) {
    request<question::blockhash, chain::fresh_blockhash>(
        point_of(effect::blockhash_read), with->chain, chain::blockhash_request{},
        [](const chain::fresh_blockhash& fresh) {
          return answer::blockhash{fresh.context_slot, fresh.hash, fresh.last_valid_block_height};
        });
  }
  void ask(question::simulation& q) {
    chain::simulate_request what{std::move(q.transaction), {}};
    what.options.level = commitment::confirmed;
    what.options.min_context_slot = q.min_context_slot;
    what.options.accounts = std::move(q.accounts);
    request<question::simulation, chain::simulated>(
        point_of(effect::simulation), with->chain, std::move(what),
        [](const chain::simulated& simulated) { return simulation_of(simulated.result); });
  }
  void ask(question::signature& q) {
    request<question::signature, sign_reply>(
        point_of(effect::signature), with->signer, sign_request{std::move(q.message), q.wallet, q.maker},
        [clock = with->clock](const sign_reply& reply) {
          return answer::signature{reply.signature, reply.transaction, reply.refused, clock->now()};
        });
  }
};

}  // namespace

builder_actor spawn_builder(caf::actor_system& system, order o, attempt_kind kind,
                            std::shared_ptr<const build_dependencies> with) {
  return system.spawn(
      [](builder_actor::stateful_pointer<builder_state> self, order wanted, attempt_kind what,
         std::shared_ptr<const build_dependencies> dependencies) -> builder_actor::behavior_type {
        auto& state = self->state;
        state.self = self;
        state.order_id = wanted.id;
        state.kind = what;
        state.with = std::move(dependencies);
        state.plan = make_plan({std::move(wanted), what, domain::attempt_id::random(), state.with->fee_payer,
                                static_cast<bool>(state.with->maker), state.with->policy});
        return {[self](build_request) {
          auto& s = self->state;
          s.promise = self->template make_response_promise<build_reply>();
          s.perform(s.plan->start());
          return s.promise;
        }};
      },
      std::move(o), kind, std::move(with));
}

}  // namespace landfall::executor
