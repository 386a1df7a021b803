#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <unordered_set>

#include "executor-service/api/deposit/chain_gateway.hpp"
#include "executor-service/api/deposit/deposit_store.hpp"

namespace landfall::executor::api {

/// Whether a mint is as in the table `token`, and one we can hold for others: SPL Token mints only. Token-2022 may
/// take a fee on every transfer or run somebody's code in it, so that what arrives is not what was sent.
class mint_check {
public:
  struct answer {
    bool ok = false;
    /// The chain could not be asked; nothing is known about the mint.
    bool unknown = false;
    /// Why it is refused.
    std::string why;
  };

  /// Calls `done` once, perhaps before this returns. Neither program nor decimals of a mint ever change: what was found
  /// right is not asked again. Has to outlive the question.
  void check(chain_gateway& chain, const stored_token& token, std::function<void(const answer&)> done);

private:
  answer judge(const stored_token& token, const chain_result<std::optional<account_info>>& account);

  std::mutex mutex_;
  std::unordered_set<std::string> right_;
};

}  // namespace landfall::executor::api
