#include "executor-service/chain/broadcaster.hpp"

#include <utility>

#include "common/runtime/log.hpp"
#include "executor-service/chain/rpc_fault.hpp"

namespace landfall::executor {

namespace {

constexpr domain::milliseconds between_skip_lines{1'000};

send_class classify(const rpc_result<solana::signature>& sent) {
  if (sent)
    return send_class::taken;
  if (sent.error().already_processed())
    return send_class::already_processed;
  if (sent.error().blockhash_not_found())
    return send_class::blockhash_not_found;
  return send_class::error;
}

void count(const endpoint& e, send_class what) {
  e.metrics.sends[static_cast<std::size_t>(what)].inc();
}

}  // namespace

void chain_sends::start() {
  for (std::size_t at = 0; at < pool_.endpoints.size(); ++at)
    lanes_.push_back({send_line{pool_.config.max_waiting_sends}});
}

caf::typed_response_promise<chain::sent> chain_sends::broadcast(const chain::broadcast& b) {
  auto what = std::make_shared<const outgoing>(outgoing{b, pool_.self->make_response_promise<chain::sent>()});
  bool waits = false;
  // To all, the healthiest first.
  for (const auto at : pool_.ranked()) {
    const auto added = lanes_[at].line.add(what);
    waits = waits || added == send_line::added::waits;
    if (added == send_line::added::full)
      skip(at);
    send_next(at);
  }
  if (!waits)
    what->promise.deliver(chain::sent{});
  return what->promise;
}

void chain_sends::send_next(std::size_t at) {
  auto& e = pool_.endpoints[at];
  while (e.sends_in_flight < pool_.config.max_in_flight_per_endpoint) {
    auto what = lanes_[at].line.next();
    if (!what)
      break;
    pool_.bounded_call<solana::signature>(
        at,
        at_fault_point<solana::signature>(fault::effect::rpc_send,
                                          [&what](rpc_api& api, rpc_done<solana::signature> d) {
                                            api.send_transaction(what->transaction, send_options{}, std::move(d));
                                          }),
        [this, at, what](const rpc_result<solana::signature>& answer) { on_answer(at, *what, answer); },
        &endpoint::sends_in_flight);
  }
  e.metrics.sends_waiting.set(static_cast<double>(lanes_[at].line.size()));
}

void chain_sends::on_answer(std::size_t at, const outgoing& what, const rpc_result<solana::signature>& answer) {
  auto& e = pool_.endpoints[at];
  const auto said = classify(answer);
  count(e, said);
  if (said != send_class::taken && said != send_class::already_processed)
    runtime::log_info("broadcast_unconfirmed", {{"endpoint", e.api->name()},
                                                {"signature", what.id.to_string()},
                                                {"answer", send_class_names[static_cast<std::size_t>(said)]},
                                                {"why", e.last_error}});
  if (what.promise.pending())
    what.promise.deliver(chain::sent{});
  send_next(at);
}

/// A line that is full is full for thousands at once: told together.
void chain_sends::skip(std::size_t at) {
  const auto& e = pool_.endpoints[at];
  auto& [line, untold, told_at] = lanes_[at];
  count(e, send_class::skipped);
  ++untold;
  if (pool_.now() - told_at < between_skip_lines)
    return;
  runtime::log_warn("broadcasts_skipped", {{"endpoint", e.api->name()}, {"skipped", untold}});
  untold = 0;
  told_at = pool_.now();
}

}  // namespace landfall::executor
