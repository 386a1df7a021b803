#include "executor-service/order/build/router/router_actor.hpp"

#include <functional>

#include "common/fault/fault_point.hpp"

namespace landfall::executor {

namespace {

using reply_promise = caf::typed_response_promise<route_reply>;

route_reply refused(router_error error) {
  route_reply reply;
  reply.error = std::move(error);
  return reply;
}

/// A router that does not answer.
domain::failure<router_error> router_fault(fault::moment) {
  return domain::failure{router_error{router_error::kind::unreachable, "fault point", {}, 0, {}}};
}

/// Runs `handle` in the actor `to`, whatever thread this is.
void post(const router_actor& to, std::function<void()> handle) {
  caf::anon_send(to, route_arrived{std::make_shared<std::function<void()>>(std::move(handle))});
}

}  // namespace

router_actor spawn_router(caf::actor_system& system, std::shared_ptr<router_api> api) {
  return system.spawn([api](router_actor::pointer self) -> router_actor::behavior_type {
    return {
        [self, api](const route_request& request) {
          auto promise = self->make_response_promise<route_reply>();
          const auto me = caf::actor_cast<router_actor>(self);
          using instructions_done = std::function<void(router_result<swap_instructions_view>)>;
          const std::function<void(router_result<quote>)> on_quote =
              [api, me, promise, how = request.how](const router_result<quote>& offered) {
                if (!offered.ok()) {
                  post(me, [promise, error = offered.error()]() mutable { promise.deliver(refused(error)); });
                  return;
                }
                const instructions_done on_instructions =
                    [me, promise, offer = *offered](const router_result<swap_instructions_view>& built) {
                      post(me, [promise, offer, built]() mutable {
                        if (!built.ok()) {
                          promise.deliver(refused(built.error()));
                          return;
                        }
                        route_reply reply;
                        reply.found = std::make_shared<route>(route{offer, *built});
                        promise.deliver(std::move(reply));
                      });
                    };
                fault::between(
                    {fault::effect::router_instructions},
                    [&](instructions_done done) { api->instructions_for(*offered, how, std::move(done)); },
                    on_instructions, router_fault);
              };
          fault::between(
              {fault::effect::router_quote},
              [&](std::function<void(router_result<quote>)> done) { api->quote_for(request.what, std::move(done)); },
              on_quote, router_fault);
          return promise;
        },
        [](const route_arrived& arrived) { (*arrived.handle)(); },
    };
  });
}

}  // namespace landfall::executor
