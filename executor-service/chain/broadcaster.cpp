#include "executor-service/chain/broadcaster.hpp"

#include <utility>

#include "common/runtime/log.hpp"
#include "executor-service/chain/rpc_fault.hpp"

namespace landfall::executor {

namespace {

constexpr domain::milliseconds skip_log_interval{1'000};

send_result classify(const rpc_result<solana::signature>& answer) {
  if (answer)
    return send_result::taken;
  if (answer.error().already_processed())
    return send_result::already_processed;
  if (answer.error().blockhash_not_found())
    return send_result::blockhash_not_found;
  return send_result::error;
}

void count(const endpoint& e, send_result result) {
  e.metrics.sends[static_cast<std::size_t>(result)].inc();
}

}  // namespace

void broadcaster::start() {
  for (std::size_t at = 0; at < pool_.endpoints.size(); ++at)
    queues_.push_back({send_queue{pool_.config.max_waiting_sends}});
}

caf::typed_response_promise<chain::sent> broadcaster::broadcast(const chain::broadcast& b) {
  auto tx = std::make_shared<const outgoing>(outgoing{b, pool_.self->make_response_promise<chain::sent>()});
  bool queued = false;
  // To all, the healthiest first.
  for (const auto at : pool_.ranked()) {
    const auto pushed = queues_[at].queue.push(tx);
    queued = queued || pushed == send_queue::push_result::queued;
    if (pushed == send_queue::push_result::full)
      on_queue_full(at);
    send_next(at);
  }
  if (!queued)
    tx->promise.deliver(chain::sent{});
  return tx->promise;
}

void broadcaster::send_next(std::size_t at) {
  auto& e = pool_.endpoints[at];
  while (e.sends_in_flight < pool_.config.max_in_flight_per_endpoint) {
    auto tx = queues_[at].queue.pop();
    if (!tx)
      break;
    pool_.bounded_call<solana::signature>(
        at,
        at_fault_point<solana::signature>(fault::effect::rpc_send,
                                          [&tx](rpc_api& api, rpc_done<solana::signature> d) {
                                            api.send_transaction(tx->transaction, send_options{}, std::move(d));
                                          }),
        [this, at, tx](const rpc_result<solana::signature>& answer) { on_answer(at, *tx, answer); },
        &endpoint::sends_in_flight);
  }
  e.metrics.sends_waiting.set(static_cast<double>(queues_[at].queue.size()));
}

void broadcaster::on_answer(std::size_t at, const outgoing& tx, const rpc_result<solana::signature>& answer) {
  auto& e = pool_.endpoints[at];
  const auto result = classify(answer);
  count(e, result);
  if (result != send_result::taken && result != send_result::already_processed)
    runtime::log_info("broadcast_unconfirmed", {{"endpoint", e.api->name()},
                                                {"signature", tx.id.to_string()},
                                                {"answer", send_result_names[static_cast<std::size_t>(result)]},
                                                {"why", e.last_error}});
  if (tx.promise.pending())
    tx.promise.deliver(chain::sent{});
  send_next(at);
}

/// A full queue skips thousands of transactions at once: logged as one sum per interval.
void broadcaster::on_queue_full(std::size_t at) {
  const auto& e = pool_.endpoints[at];
  auto& q = queues_[at];
  count(e, send_result::skipped);
  ++q.unlogged_skips;
  if (pool_.now() - q.skips_logged_at < skip_log_interval)
    return;
  runtime::log_warn("broadcasts_skipped", {{"endpoint", e.api->name()}, {"skipped", q.unlogged_skips}});
  q.unlogged_skips = 0;
  q.skips_logged_at = pool_.now();
}

}  // namespace landfall::executor
