#pragma once

#include "executor-service/order/build/core/build_plan.hpp"

namespace landfall::executor {

/// Builds a payout, a refund or a close. Pays exactly the amount that is known to be final. What strangers sent besides
/// goes to the wallet when the account is closed: counted here, a rolled-back block would pass for money that moved.
class payment_plan final : public build_plan {
public:
  using build_plan::build_plan;

private:
  void on_accounts() override;
  [[nodiscard]] std::vector<solana::instruction> instructions() const override;
  [[nodiscard]] guard_result check_message(const solana::message& message) const override;
  void complete(built::ready& ready) const override;

  void pay(const token_balance& balance, std::optional<domain::token_amount> known);

  domain::token_amount x_amount;
};

}  // namespace landfall::executor
