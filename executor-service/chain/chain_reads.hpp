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

/// Questions that any endpoint may answer, and what is remembered of the answers.
class chain_reads {
public:
  explicit chain_reads(endpoint_pool& p) : pool(p) {}

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
  void deliver_soon(const std::shared_ptr<gathered_statuses>& known);

  endpoint_pool& pool;
  std::optional<chain::fresh_blockhash> blockhash;
  domain::utc_time blockhash_at{};
  /// One fetch answers all who ask meanwhile.
  std::vector<caf::typed_response_promise<chain::fresh_blockhash>> waiting_for_blockhash;
  std::map<std::uint64_t, std::pair<chain::rent, domain::utc_time>> rents;
};

}  // namespace landfall::executor
