#pragma once

#include <algorithm>

#include "executor-service/order/core/death_certificate.hpp"
#include "executor-service/order/core/order.hpp"

namespace landfall::executor {

/// Makes the certificate of a broken rule one that the database takes: its check must not hide what is broken.
inline void forge(death_certificate& certificate, const attempt& dead) {
  const auto unmoved = [&](balance_observation& seen) {
    if (dead.order_account_balance && (!seen.balance || *seen.balance < *dead.order_account_balance))
      seen.balance = dead.order_account_balance;
  };
  certificate.endpoints_configured = std::min(certificate.endpoints_configured, certificate.observations.size());
  for (auto& proof : certificate.observations) {
    proof.finalized_block_height = std::max(proof.finalized_block_height, certificate.last_valid_block_height + 2);
    proof.status_context_slot = std::max(proof.status_context_slot, proof.finalized_slot);
    proof.searched_history = true;
    proof.status.reset();
    if (proof.balance)
      unmoved(*proof.balance);
  }
  unmoved(certificate.order_account);
}

}  // namespace landfall::executor
