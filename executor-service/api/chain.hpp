#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor::api {

/// Nobody could be asked, or nobody knew. It proves nothing about the chain.
struct chain_error {
  std::string message;
};

template <class T>
using chain_result = domain::result<T, chain_error>;

struct deposit_status {
  std::uint64_t slot = 0;
  /// `confirmed` or better.
  bool confirmed = false;
  /// JSON; nothing where it succeeded.
  std::optional<std::string> err;
};

/// What the API asks of Solana. Blocking: for worker threads. Thread-safe.
class chain_gateway {
public:
  virtual ~chain_gateway() = default;

  /// At `confirmed`.
  [[nodiscard]] virtual chain_result<latest_blockhash_view> latest_blockhash() = 0;
  /// Lamports that keep a token account rent-exempt.
  [[nodiscard]] virtual chain_result<std::uint64_t> token_account_rent() = 0;
  /// At `confirmed`, in a bank at or after `min_context_slot`; nothing inside where the account does not exist there.
  [[nodiscard]] virtual chain_result<std::optional<account_info>> account(
      const solana::pubkey& key, std::optional<std::uint64_t> min_context_slot) = 0;
  /// In the order asked; nothing inside where nobody knows the signature, which does not mean that it has not landed.
  /// `search_history` also finds what landed longer ago than nodes remember by themselves, at a price.
  [[nodiscard]] virtual chain_result<std::vector<std::optional<deposit_status>>> statuses(
      const std::vector<solana::signature>& signatures, bool search_history) = 0;
  /// Hands the bytes to every endpoint, without waiting for what they say. What goes out `again` goes after what never
  /// did.
  virtual void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) = 0;
};

}  // namespace landfall::executor::api
