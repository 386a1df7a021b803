#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/host_limiter.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor {

struct rpc_options {
  std::uint32_t timeout_ms = 5'000;
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  std::size_t max_account_bytes = 1024 * 1024;
  std::size_t max_in_flight = 256;  ///< above it calls end at once with `unreachable`
  std::shared_ptr<net::host_limiter> limiter = {};
  /// Purpose of all calls; nothing: each method has the purpose of the executor's own calls.
  std::optional<net::purpose> purpose = {};
};

/// A sentence if two of the URLs lead to one host and port, or one is no URL: a node counts once in a quorum.
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
