#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor::api {

/// No endpoint could be asked, or none knew. It proves nothing about the chain.
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

/// Called once, on any thread, where it must not block; never once the actors are being stopped.
template <class T>
using chain_done = std::function<void(chain_result<T>)>;

/// What the API asks of Solana. Does not block. Thread-safe.
class chain_gateway {
public:
  virtual ~chain_gateway() = default;

  /// At `confirmed`.
  virtual void latest_blockhash(chain_done<latest_blockhash_view> done) = 0;
  /// Lamports that keep a token account rent-exempt.
  virtual void token_account_rent(chain_done<std::uint64_t> done) = 0;
  /// At `confirmed`, in a bank at or after `min_context_slot`; nothing inside where the account does not exist there.
  virtual void account(const solana::pubkey& key, std::optional<std::uint64_t> min_context_slot,
                       chain_done<std::optional<account_info>> done) = 0;
  /// In the order asked; nothing inside where nobody knows the signature, which does not mean that it has not landed.
  /// `search_history` also finds what landed longer ago than nodes remember by themselves, at a price.
  virtual void statuses(const std::vector<solana::signature>& signatures, bool search_history,
                        chain_done<std::vector<std::optional<deposit_status>>> done) = 0;
  /// Sends the bytes to every endpoint, without waiting for their answers. What goes out `again` goes after what never
  /// did.
  virtual void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) = 0;
};

}  // namespace landfall::executor::api
