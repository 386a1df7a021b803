#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "executor-service/api/deposit/chain_gateway.hpp"
#include "executor-service/api/deposit/price_source.hpp"

namespace landfall::executor::api {

/// A chain on which deposits land as a test wants it.
class fake_gateway final : public chain_gateway {
public:
  enum class deposit_end {
    lands,        ///< confirmed at once, and the order account is made
    never_lands,  ///< no endpoint ever knows it
    fails,        ///< landed with an error
    wrong_owner,  ///< confirmed, but the order account belongs to someone else
  };

  void latest_blockhash(chain_done<latest_blockhash_view> done) override;
  void token_account_rent(chain_done<std::uint64_t> done) override;
  void account(const solana::pubkey& key, std::optional<std::uint64_t> min_context_slot,
               chain_done<std::optional<account_info>> done) override;
  void statuses(const std::vector<solana::signature>& signatures, bool search_history,
                chain_done<std::vector<std::optional<deposit_status>>> done) override;
  void broadcast(const solana::bytes& transaction, const solana::signature& id, bool again) override;

  void set_deposit_end(deposit_end end);
  /// Everything fails to be observed.
  void set_down(bool down);
  /// Whether questions stay open; those that did are answered when it ends.
  void set_silent(bool silent);
  [[nodiscard]] std::size_t unanswered() const;
  void set_account(const solana::pubkey& key, account_info account);
  /// Called with each broadcast, before anything comes of it.
  void on_broadcast(std::function<void(const solana::signature&)> hook);
  [[nodiscard]] std::size_t broadcasts() const;

private:
  /// Now, or when it is no longer silent.
  void answer(std::function<void()> send);

  mutable std::mutex mutex_;
  bool silent_ = false;
  std::vector<std::function<void()>> unanswered_;
  deposit_end deposit_end_ = deposit_end::lands;
  bool down_ = false;
  std::size_t broadcasts_ = 0;
  std::function<void(const solana::signature&)> hook_;
  std::map<solana::signature, deposit_status> statuses_;
  std::map<solana::pubkey, account_info> accounts_;
};

class fake_prices final : public price_source {
public:
  void price_usd(const std::string& feed_id, price_done done) override;
  /// "" for none.
  void set(std::string price);

private:
  std::mutex mutex_;
  std::string price_ = "200";
};

}  // namespace landfall::executor::api
