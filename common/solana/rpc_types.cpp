#include "common/solana/rpc_types.hpp"

namespace landfall::solana {

std::optional<token_change> transaction_view::token_delta(const pubkey& account) const {
  std::optional<token_change> change;
  for (const auto& entry : pre_token_balances)
    if (entry.account == account)
      change = token_change{entry.mint, entry.amount, 0};
  for (const auto& entry : post_token_balances) {
    if (entry.account != account)
      continue;
    if (change && change->mint != entry.mint)
      return std::nullopt;
    change = token_change{entry.mint, change ? change->before : 0, entry.amount};
  }
  return change;
}

}  // namespace landfall::solana
