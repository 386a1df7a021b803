#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "executor-service/chain/endpoint_pool.hpp"

namespace landfall::executor {

/// Searches account histories for a message that a market maker signs last. Each endpoint is searched independently:
/// first its finalized height, then the account's signatures no older than that, then the account's balance no older
/// either. A signature belongs to the message if it is the maker's valid signature of it, which no endpoint can forge.
/// Each signature is checked once while its attempt is searched for, and at most `max_checks` per endpoint and second:
/// a long or forged history delays the result and takes no more of the actor's time.
class account_history {
public:
  explicit account_history(endpoint_pool& p) : pool_(p) {}

  /// Searches every endpoint once. Skips an endpoint whose earlier scan for the same attempt is in flight, or that has
  /// too many calls in flight.
  void search(const chain::history_request& r);

private:
  /// One pass over the history at one endpoint.
  struct scan {
    std::size_t at = 0;
    std::shared_ptr<const chain::history_request> request;
    observation seen;
    bool anchored = false;
    std::size_t pages = 0;
  };
  using scan_ptr = std::shared_ptr<scan>;

  /// What is known of one attempt's history at one endpoint.
  struct progress {
    bool in_flight = false;
    domain::utc_time scanned_at{};
    /// Signatures that are not of the message. One set per endpoint: a forged history fills only its own.
    std::set<solana::signature> foreign;
  };
  /// Signature checks spent on an endpoint since `since`.
  struct check_budget {
    domain::utc_time since{};
    std::size_t spent = 0;
    runtime::counter_handle checked;
  };

  /// Calls one endpoint. Any error ends the scan without an observation.
  template <class T, class Call, class Take>
  void step(const scan_ptr& s, const Call& make, Take take) {
    pool_.bounded_call<T>(s->at, make, [this, s, take = std::move(take)](const rpc_result<T>& answer) {
      if (!answer || !take(*answer))
        end(*s);
    });
  }

  void start(std::size_t at, const std::shared_ptr<const chain::history_request>& request);
  void read_page(const scan_ptr& s, const std::optional<solana::signature>& before);
  bool on_page(const scan_ptr& s, const std::vector<address_signature_view>& page);
  /// Whether `id` is the maker's signature of the message; nothing if the check budget is spent.
  std::optional<bool> is_of_message(const scan& s, const solana::signature& id);
  void read_balance(const scan_ptr& s);
  bool on_balance(const scan_ptr& s, const accounts_view& view);
  void end(const scan& s);
  progress& progress_of(const scan& s);
  check_budget& budget_of(std::size_t at);
  /// Drops the progress of attempts that are no longer searched for.
  void drop_stale();

  endpoint_pool& pool_;
  std::map<std::pair<domain::attempt_id, std::size_t>, progress> progress_;
  std::map<std::size_t, check_budget> budgets_;
  domain::utc_time stale_dropped_at_{};
};

}  // namespace landfall::executor
