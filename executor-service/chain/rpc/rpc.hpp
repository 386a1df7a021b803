#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/result.hpp"
#include "common/net/host_limiter.hpp"
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

  /// Whether the host's limiter has room for a read that is only nice to have.
  [[nodiscard]] virtual bool has_spare() const {
    return true;
  }

  virtual void epoch_info(commitment level, rpc_done<epoch_view> done) = 0;
  virtual void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) = 0;
  /// The signature is the transaction's first one, and says only that this node took it for forwarding.
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

struct rpc_options {
  std::uint32_t timeout_ms = 5'000;
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  std::size_t max_account_bytes = 1024 * 1024;
  std::size_t max_in_flight = 256;  ///< above it calls end at once with `unreachable`
  std::shared_ptr<net::host_limiter> limiter = {};
  /// What all calls are for; left out, each method has the purpose of the executor's own calls.
  std::optional<net::purpose> purpose = {};
};

/// A sentence if two of the URLs lead to one host and port, or one is no URL: endpoints are witnesses, each for itself.
[[nodiscard]] std::optional<std::string> same_node(const std::vector<std::string>& urls);

/// `rpc_api` over HTTP. Thread-safe. Outstanding calls end with `unreachable` before the destructor returns.
class rpc_endpoint final : public rpc_api {
public:
  /// `url` such as "https://host/path?api-key=…".
  rpc_endpoint(std::string name, const std::string& url, rpc_options options = {});
  ~rpc_endpoint() override;

  [[nodiscard]] const std::string& name() const noexcept override;
  [[nodiscard]] bool has_spare() const override;
  void epoch_info(commitment level, rpc_done<epoch_view> done) override;
  void latest_blockhash(commitment level, rpc_done<latest_blockhash_view> done) override;
  void send_transaction(solana::bytes transaction, send_options options, rpc_done<solana::signature> done) override;
  void simulate(solana::bytes transaction, simulate_options options, rpc_done<simulation> done) override;
  void signature_statuses(std::vector<solana::signature> signatures, bool search_history,
                          rpc_done<statuses_view> done) override;
  void address_signatures(solana::pubkey account, std::optional<solana::signature> before,
                          std::optional<std::uint64_t> min_context_slot,
                          rpc_done<std::vector<address_signature_view>> done) override;
  void accounts(std::vector<solana::pubkey> keys, commitment level, std::optional<std::uint64_t> min_context_slot,
                rpc_done<accounts_view> done) override;
  void transaction(solana::signature id, commitment level, rpc_done<std::optional<transaction_view>> done) override;
  void minimum_balance_for_rent_exemption(std::uint64_t space_bytes, rpc_done<std::uint64_t> done) override;
  void recent_prioritization_fees(std::vector<solana::pubkey> writable_accounts,
                                  rpc_done<std::vector<priority_fee_sample>> done) override;
  void is_blockhash_valid(solana::blockhash hash, commitment level, std::optional<std::uint64_t> min_context_slot,
                          rpc_done<blockhash_validity> done) override;
  void health(rpc_done<domain::done> done) override;
  void genesis_hash(rpc_done<solana::blockhash> done) override;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace landfall::executor
