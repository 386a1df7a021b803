#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "common/domain/token_amount.hpp"
#include "common/domain/uuid.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/verify/core/check.hpp"
#include "executor-service/verify/core/facts.hpp"
#include "executor-service/verify/core/judgement.hpp"

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

/// Whether each arrived, by the endpoints whose readings run along `list`.
[[nodiscard]] judgement compare_deposits(std::span<const unclaimed_deposit> list,
                                         std::span<const endpoint_readings> readings, std::size_t needed);

}  // namespace landfall::executor::verify
