#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "common/solana/pubkey.hpp"

namespace landfall::executor {

/// Accounts that are asked for one by one, however many they are.
class account_set {
public:
  account_set() = default;
  explicit account_set(std::vector<solana::pubkey> accounts) : x_accounts(std::move(accounts)) {
    std::ranges::sort(x_accounts);
  }

  [[nodiscard]] bool contains(const solana::pubkey& account) const {
    return std::ranges::binary_search(x_accounts, account);
  }
  [[nodiscard]] std::size_t size() const noexcept {
    return x_accounts.size();
  }

private:
  std::vector<solana::pubkey> x_accounts;
};

}  // namespace landfall::executor
