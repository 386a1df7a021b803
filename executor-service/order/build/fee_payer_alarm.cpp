#include "executor-service/order/build/fee_payer_alarm.hpp"

#include <utility>

#include "common/runtime/log.hpp"

namespace landfall::executor {

namespace {

struct fee_payer_alarm_state {
  static inline const char* name = "fee_payer_alarm";

  fee_payer_alarm_actor::pointer self = nullptr;
  fee_payer_alarm_config config;
  chain_actor chain;

  void check() {
    chain::accounts_request request;
    request.keys = {config.fee_payer};
    self->request(chain, config.request_timeout, std::move(request))
        .then(
            [this](const chain::accounts_read& read) {
              const auto& account = read.view.accounts.front();
              on_balance(account ? account->lamports : 0);
            },
            [](const caf::error&) {});
    self->delayed_send(self, config.poll, fee_payer_tick{});
  }

  void on_balance(std::uint64_t lamports) const {
    config.lamports.set(static_cast<double>(lamports));
    const bool enough = lamports >= config.min_lamports;
    config.health->set("fee_payer", enough,
                       config.fee_payer.to_string() + " holds " + std::to_string(lamports) +
                           " lamports, below its minimum of " + std::to_string(config.min_lamports) + ": send it SOL");
    if (!enough)
      runtime::log_warn("fee_payer_low", {{"fee_payer", config.fee_payer.to_string()}, {"lamports", lamports}});
  }
};

fee_payer_alarm_actor::behavior_type behavior(fee_payer_alarm_actor::stateful_pointer<fee_payer_alarm_state> self,
                                              fee_payer_alarm_config config, chain_actor chain) {
  auto& state = self->state;
  state.self = self;
  state.config = std::move(config);
  state.chain = std::move(chain);
  self->send(self, fee_payer_tick{});
  return {[&state](fee_payer_tick) { state.check(); }};
}

}  // namespace

fee_payer_alarm_actor spawn_fee_payer_alarm(caf::actor_system& system, fee_payer_alarm_config config,
                                            chain_actor chain) {
  if (config.health == nullptr)
    domain::broken_invariant("the fee payer's alarm has no health check to set");
  return system.spawn(behavior, std::move(config), std::move(chain));
}

}  // namespace landfall::executor
