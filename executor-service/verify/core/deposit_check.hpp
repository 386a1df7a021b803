#pragma once

#include <string>

#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/verify/core/order_checks.hpp"

/// Deposits that no order was made of.
namespace landfall::executor::verify {

/// A crafted deposit whose time to become an order is over.
struct unclaimed_deposit {
  domain::deposit_request_id id;
  solana::pubkey order_account;
  solana::pubkey vault;
  solana::pubkey mint;
  solana::pubkey program;
  domain::token_amount amount;
};

/// Whether it arrived all the same.
[[nodiscard]] check check_of(const unclaimed_deposit& deposit, const account_reading& reading,
                             const std::string& endpoint);

}  // namespace landfall::executor::verify
