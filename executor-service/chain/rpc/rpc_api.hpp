#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/result.hpp"
#include "common/solana/bytes.hpp"
#include "common/solana/pubkey.hpp"
#include "common/solana/rpc_error.hpp"
#include "common/solana/rpc_types.hpp"

namespace landfall::executor {

// The values of the calls below, by their short names.
using solana::account_info;
using solana::accounts_view;
using solana::address_signature_view;
using solana::blockhash_validity;
using solana::commitment;
using solana::epoch_view;
using solana::latest_blockhash_view;
using solana::priority_fee_sample;
using solana::rpc_error;
using solana::rpc_result;
using solana::send_options;
using solana::simulate_options;
using solana::simulation;
using solana::status_view;
using solana::statuses_view;
using solana::token_balance_entry;
using solana::token_change;
using solana::transaction_view;

template <class T>
using rpc_done = std::function<void(rpc_result<T>)>;

inline constexpr std::size_t max_statuses_per_call = 256;
inline constexpr std::size_t max_accounts_per_call = 100;
inline constexpr std::size_t max_address_signatures_per_call = 1'000;
inline constexpr std::size_t max_fee_accounts_per_call = 128;

/// One Solana node's JSON-RPC, as typed calls. Each `done` is called exactly once, never before the call returns, on a
/// thread of the net pool: do not block in it.
class rpc_api {
public:
  virtual ~rpc_api() = default;

  /// For logs, metrics and certificates; not the URL, which may hold a key.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;

  /// Whether the host's limiter has capacity for a read that is only nice to have.
  [[nodiscard]] virtual bool has_spare() const {
    return true;
  }

  virtual void epoch_info(commitment level, rpc_done<epoch_view> done) = 0;
  virtual void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) = 0;
  /// Returns the transaction's first signature; it proves only that this node took the transaction for forwarding.
  virtual void send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) = 0;
  virtual void simulate(solana::bytes transaction, simulate_options options, rpc_done<simulation> done) = 0;
  /// At most `max_statuses_per_call`.
  virtual void signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                                  rpc_done<statuses_view> done) = 0;
  /// Newest first, of all at `confirmed` or better, the first `max_address_signatures_per_call` that are older than
  /// `before`.
  virtual void address_signatures(solana::pubkey account, std::optional<solana::signature> before,
                                  std::optional<std::uint64_t> min_context_slot,
                                  rpc_done<std::vector<address_signature_view>> done) = 0;
  /// At most `max_accounts_per_call`.
  virtual void accounts(std::vector<solana::pubkey> keys, commitment level,
                        std::optional<std::uint64_t> min_context_slot, rpc_done<accounts_view> done) = 0;
  /// `confirmed` or `finalized`. Nothing: unknown here, not yet at that level, or pruned.
  virtual void transaction(solana::signature id, commitment level, rpc_done<std::optional<transaction_view>> done) = 0;
  /// Lamports.
  virtual void minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) = 0;
  /// At most `max_fee_accounts_per_call`.
  virtual void recent_prioritization_fees(std::vector<solana::pubkey> writable_accounts,
                                          rpc_done<std::vector<priority_fee_sample>> done) = 0;
  virtual void is_blockhash_valid(solana::blockhash hash, commitment level,
                                  std::optional<std::uint64_t> min_context_slot, rpc_done<blockhash_validity> done) = 0;
  virtual void health(rpc_done<domain::done> done) = 0;
  virtual void genesis_hash(rpc_done<solana::blockhash> done) = 0;
};

}  // namespace landfall::executor
