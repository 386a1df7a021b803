#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "executor-service/chain/endpoint_pool.hpp"

namespace landfall::executor {

/// Reads that any endpoint may answer, with caches for the blockhash and for rents.
class chain_reads {
public:
  explicit chain_reads(endpoint_pool& p) : pool_(p) {}

  caf::typed_response_promise<chain::fresh_blockhash> latest_blockhash();
  caf::typed_response_promise<chain::simulated> simulate(const chain::simulate_request& r);
  caf::typed_response_promise<chain::accounts_read> accounts(const chain::accounts_request& r);
  caf::typed_response_promise<chain::transaction_found> find_transaction(const chain::transaction_request& r);
  caf::typed_response_promise<chain::statuses_read> statuses(const chain::statuses_request& r);
  caf::typed_response_promise<chain::rent> rent_of(std::uint64_t space_bytes);
  caf::typed_response_promise<chain::fee_estimate> fee_for(const chain::fee_request& r);

private:
  struct gathered_statuses;

  void fetch_blockhash();
  void deliver_after_hedge(const std::shared_ptr<gathered_statuses>& known);

  endpoint_pool& pool_;
  std::optional<chain::fresh_blockhash> blockhash_;
  domain::utc_time blockhash_at_{};
  /// One fetch answers all of them.
  std::vector<caf::typed_response_promise<chain::fresh_blockhash>> waiting_for_blockhash_;
  std::map<std::uint64_t, std::pair<chain::rent, domain::utc_time>> rents_;
};

}  // namespace landfall::executor
