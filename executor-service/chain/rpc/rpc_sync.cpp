#include <future>
#include <utility>

#include "executor-service/chain/rpc/rpc_api.hpp"

namespace landfall::executor {

namespace {

/// Waits for the answer of an asynchronous call. The call answers within its own timeout.
template <class T, class Start>
rpc_result<T> wait_for(Start start) {
  auto promise = std::make_shared<std::promise<rpc_result<T>>>();
  auto answer = promise->get_future();
  start([promise](rpc_result<T> r) { promise->set_value(std::move(r)); });
  return answer.get();
}

}  // namespace

rpc_result<epoch_view> rpc_api::epoch_info_sync(commitment level) {
  return wait_for<epoch_view>([&](auto done) { epoch_info(level, std::move(done)); });
}

rpc_result<latest_blockhash_view> rpc_api::latest_blockhash_sync(commitment level) {
  return wait_for<latest_blockhash_view>([&](auto done) { latest_blockhash(level, std::move(done)); });
}

rpc_result<solana::signature> rpc_api::send_transaction_sync(solana::bytes transaction_bytes, send_options options) {
  return wait_for<solana::signature>(
      [&](auto done) { send_transaction(std::move(transaction_bytes), options, std::move(done)); });
}

rpc_result<simulation> rpc_api::simulate_sync(solana::bytes transaction_bytes, simulate_options options) {
  return wait_for<simulation>(
      [&](auto done) { simulate(std::move(transaction_bytes), std::move(options), std::move(done)); });
}

rpc_result<statuses_view> rpc_api::signature_statuses_sync(std::vector<solana::signature> signatures,
                                                           bool search_history) {
  return wait_for<statuses_view>(
      [&](auto done) { signature_statuses(std::move(signatures), search_history, std::move(done)); });
}

rpc_result<accounts_view> rpc_api::accounts_sync(std::vector<solana::pubkey> keys, commitment level,
                                                 std::optional<std::uint64_t> min_context_slot) {
  return wait_for<accounts_view>(
      [&](auto done) { accounts(std::move(keys), level, min_context_slot, std::move(done)); });
}

rpc_result<std::optional<transaction_view>> rpc_api::transaction_sync(solana::signature id, commitment level) {
  return wait_for<std::optional<transaction_view>>([&](auto done) { transaction(id, level, std::move(done)); });
}

rpc_result<std::uint64_t> rpc_api::minimum_balance_for_rent_exemption_sync(std::uint64_t space_bytes) {
  return wait_for<std::uint64_t>([&](auto done) { minimum_balance_for_rent_exemption(space_bytes, std::move(done)); });
}

rpc_result<std::vector<priority_fee_sample>> rpc_api::recent_prioritization_fees_sync(
    std::vector<solana::pubkey> writable_accounts) {
  return wait_for<std::vector<priority_fee_sample>>(
      [&](auto done) { recent_prioritization_fees(std::move(writable_accounts), std::move(done)); });
}

rpc_result<blockhash_validity> rpc_api::is_blockhash_valid_sync(solana::blockhash hash, commitment level,
                                                                std::optional<std::uint64_t> min_context_slot) {
  return wait_for<blockhash_validity>(
      [&](auto done) { is_blockhash_valid(hash, level, min_context_slot, std::move(done)); });
}

rpc_result<domain::done> rpc_api::health_sync() {
  return wait_for<domain::done>([&](auto done) { health(std::move(done)); });
}

rpc_result<solana::blockhash> rpc_api::genesis_hash_sync() {
  return wait_for<solana::blockhash>([&](auto done) { genesis_hash(std::move(done)); });
}

}  // namespace landfall::executor
