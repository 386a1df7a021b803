#include "executor-service/order/build/maker/maker_actor.hpp"

#include <algorithm>
#include <functional>

#include "common/fault/fault_point.hpp"
#include "common/runtime/log.hpp"

namespace landfall::executor {

namespace {

/// Runs `handle` in the actor `to`, whatever thread this is.
void in_actor(const maker_actor& to, std::function<void()> handle) {
  caf::anon_send(to, maker::arrived{std::make_shared<std::function<void()>>(std::move(handle))});
}

/// A maker that does not answer.
domain::failure<maker_error> maker_fault(fault::moment) {
  return domain::failure{maker_error{maker_error::kind::unreachable, "fault point"}};
}

/// One round of quotes: who has not answered yet, and the best so far.
struct round {
  std::size_t open = 0;
  std::shared_ptr<const maker_offer> best;
  caf::typed_response_promise<maker::offers> promise;
};

struct maker_state {
  static inline const char* name = "maker";

  maker_actor::pointer self = nullptr;
  std::vector<std::shared_ptr<maker_api>> makers;
  maker_metrics metrics;

  caf::result<maker::offers> ask(const maker_quote_request& what) {
    auto promise = self->make_response_promise<maker::offers>();
    if (makers.empty()) {
      promise.deliver(maker::offers{});
      return promise;
    }
    const auto asked = std::make_shared<round>(round{makers.size(), nullptr, promise});
    const auto me = caf::actor_cast<maker_actor>(self);
    for (const auto& m : makers) {
      const maker_done<maker_quote> done = [this, me, asked, name = m->name()](maker_result<maker_quote> answer) {
        in_actor(me, [this, asked, name, answer = std::move(answer)] { on_quote(*asked, name, answer); });
      };
      fault::between(
          {fault::effect::maker_quote}, [&](maker_done<maker_quote> d) { m->quote(what, std::move(d)); }, done,
          maker_fault);
    }
    return promise;
  }

  void on_quote(round& asked, const std::string& from, const maker_result<maker_quote>& answer) {
    if (answer) {
      metrics.quotes.inc();
      if (!asked.best || asked.best->quote.amount_out < answer->amount_out)
        asked.best = std::make_shared<const maker_offer>(maker_offer{from, *answer});
    } else {
      metrics.quotes_missed.inc();
      if (answer.error().what != maker_error::kind::no_quote)
        runtime::log_info(
            "maker_gave_no_quote",
            {{"maker", from}, {"why", to_string(answer.error().what)}, {"detail", answer.error().message}});
    }
    if (--asked.open == 0)
      asked.promise.deliver(maker::offers{asked.best});
  }

  void submit(const maker::submit& what) {
    const auto found = std::ranges::find(makers, what.maker, [](const auto& m) { return m->name(); });
    if (found == makers.end()) {
      // Not configured any more: its message is still resolved by the chain.
      runtime::log_warn("maker_unknown", {{"maker", what.maker}, {"attempt_id", what.attempt.to_string()}});
      return;
    }
    const auto me = caf::actor_cast<maker_actor>(self);
    const maker_done<maker_swap_reply> done = [this, me, maker = what.maker,
                                               attempt = what.attempt](maker_result<maker_swap_reply> answer) {
      in_actor(me, [this, maker, attempt, answer = std::move(answer)] { on_swap_reply(maker, attempt, answer); });
    };
    fault::between(
        {fault::effect::maker_swap},
        [&](maker_done<maker_swap_reply> d) { (*found)->swap(what.quote_id, what.transaction, std::move(d)); }, done,
        maker_fault);
  }

  void on_swap_reply(const std::string& from, const domain::attempt_id& attempt,
                     const maker_result<maker_swap_reply>& answer) {
    const auto log = [&](std::string_view state, const std::string& detail) {
      runtime::log_info("maker_answered",
                        {{"maker", from}, {"attempt_id", attempt.to_string()}, {"answer", state}, {"detail", detail}});
    };
    if (!answer) {
      metrics.unanswered.inc();
      return log(to_string(answer.error().what), answer.error().message);
    }
    const bool accepted = answer->state == maker_answer::accepted;
    (accepted ? metrics.accepted : metrics.rejected).inc();
    log(accepted ? "accepted" : "rejected", answer->reason);
  }
};

}  // namespace

maker_actor spawn_maker(caf::actor_system& system, std::vector<std::shared_ptr<maker_api>> makers,
                        maker_metrics metrics) {
  return system.spawn(
      [](maker_actor::stateful_pointer<maker_state> self, std::vector<std::shared_ptr<maker_api>> all,
         maker_metrics counted) -> maker_actor::behavior_type {
        auto& state = self->state;
        state.self = self;
        state.makers = std::move(all);
        state.metrics = counted;
        return {
            [self](const maker::quote_request& request) { return self->state.ask(request.what); },
            [self](const maker::submit& what) { self->state.submit(what); },
            [](const maker::arrived& a) { (*a.handle)(); },
        };
      },
      std::move(makers), metrics);
}

}  // namespace landfall::executor
