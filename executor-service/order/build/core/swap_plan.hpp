#pragma once

#include <memory>

#include "executor-service/order/build/core/build_plan.hpp"
#include "executor-service/order/build/core/maker_guard.hpp"

namespace landfall::executor {

/// Builds a swap. A market maker is taken only if it pays more than the router's quote. If the maker's offer is refused
/// later, the plan goes on with the router's route.
class swap_plan final : public build_plan {
public:
  using build_plan::build_plan;

private:
  void on_accounts() override;
  void on(const answer::route& given) override;
  void on(const answer::offers& given) override;
  void on(const answer::rent& rent) override;
  void on(const answer::lookup_tables& read) override;
  [[nodiscard]] std::vector<solana::instruction> instructions() const override;
  [[nodiscard]] guard_result check_message(const solana::message& message) const override;
  [[nodiscard]] bool accepts(const answer::simulation& seen) override;
  [[nodiscard]] std::optional<solana::pubkey> maker() const override;
  void complete(built::ready& ready) const override;
  void refuse(std::string reason, std::string detail = {}) override;

  void ask_for_quotes();
  void choose();
  void use_route();
  void watch_written_accounts(const std::vector<solana::instruction>& router_instructions);
  [[nodiscard]] int slippage_bps() const;
  [[nodiscard]] router_policy route_policy() const;
  [[nodiscard]] maker_policy offer_policy() const;
  [[nodiscard]] swap_expectation expectation() const;

  std::shared_ptr<const route> x_route;
  std::shared_ptr<const maker_offer> x_offer;
  bool x_offers_open = false;
  /// The maker's offer pays more, and has not been refused so far.
  bool x_by_maker = false;
  domain::token_amount x_minimum_output;
  std::uint64_t x_token_account_rent = 0;
};

}  // namespace landfall::executor
