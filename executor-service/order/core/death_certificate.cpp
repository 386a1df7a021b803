#include "executor-service/order/core/death_certificate.hpp"

#include "common/domain/result.hpp"
#include "common/json/writer.hpp"

namespace landfall::executor {

namespace {

std::string balance_text(const balance_observation& seen) {
  return seen.balance ? seen.balance->to_string() : "0";
}

}  // namespace

std::string death_certificate::to_json() const {
  json::writer w;
  w.begin_object().member("rule", by_history ? "finalized_history" : "finalized_height");
  w.member("last_valid_block_height", last_valid_block_height).member("endpoints_configured", endpoints_configured);
  w.key("observations").begin_array();
  for (const auto& seen : observations) {
    // A certificate is made of nothing but null statuses.
    if (seen.status)
      domain::broken_invariant("a death certificate that holds a status");
    w.begin_object().member("endpoint", seen.endpoint).member("finalized_block_height", seen.finalized_block_height);
    w.member("finalized_slot", seen.finalized_slot).member("status_context_slot", seen.status_context_slot);
    w.key("status").null().member("searched_history", seen.searched_history);
    if (by_history)
      w.member("balance", balance_text(*seen.balance)).member("balance_slot", seen.balance->slot);
    w.end_object();
  }
  w.end_array().key("order_account").begin_object().member("balance", balance_text(order_account));
  w.member("slot", order_account.slot).member("endpoint", order_account.endpoint);
  return w.end_object().end_object().take();
}

}  // namespace landfall::executor
