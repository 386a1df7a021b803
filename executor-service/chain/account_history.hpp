#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "executor-service/chain/endpoint_pool.hpp"

namespace landfall::executor {

/// Looks for a message that a market maker signs last: each endpoint is asked by itself, its finalized height first,
/// then the order account's signatures no older than that, then the account's balance no older either. A signature
/// belongs to the message if it is the maker's valid signature of it, which no endpoint can make up. Each is checked
/// once, as long as its attempt is looked for, and of each endpoint's a bounded number a second: whoever makes a
/// history long, or makes one up, delays the answer about it and takes no more of the actor's time.
class history_search {
public:
  explicit history_search(endpoint_pool& p) : pool(p) {}

  /// One look at every endpoint. An endpoint that still owes the answer to an earlier look of the same attempt, or has
  /// too many calls under way, is left out.
  void look(const chain::history_look& wanted);

private:
  struct search {
    std::size_t at = 0;
    std::shared_ptr<const chain::history_look> wanted;
    observation seen;
    bool anchored = false;
    std::size_t pages = 0;
  };
  using search_ptr = std::shared_ptr<search>;

  /// What is known of one attempt's history at one endpoint.
  struct lookup {
    bool under_way = false;
    domain::utc_time looked_at{};
    /// Signatures that are not of the message. Kept for each endpoint: one that makes them up fills only its own.
    std::set<solana::signature> others;
  };
  /// How many signatures were checked for an endpoint since then.
  struct allowance {
    domain::utc_time since{};
    std::size_t spent = 0;
    runtime::counter_handle checked;
  };

  /// Asks one endpoint; whatever goes wrong ends the search without an observation.
  template <class T, class Call, class Take>
  void step(const search_ptr& s, const Call& make, Take take) {
    pool.bounded_call<T>(s->at, make, [this, s, take = std::move(take)](const rpc_result<T>& answer) {
      if (!answer || !take(*answer))
        end(*s);
    });
  }

  void begin(std::size_t at, const std::shared_ptr<const chain::history_look>& wanted);
  void read_page(const search_ptr& s, const std::optional<solana::signature>& before);
  bool on_page(const search_ptr& s, const std::vector<address_signature_view>& page);
  /// Whether it is the maker's signature of the message; nothing if it would have to be checked, and may not be now.
  std::optional<bool> belongs(const search& s, const solana::signature& id);
  void read_balance(const search_ptr& s);
  bool on_balance(const search_ptr& s, const accounts_view& view);
  void end(const search& s);
  lookup& lookup_of(const search& s);
  allowance& allowance_of(std::size_t at);
  /// Drops what is known of attempts that nobody looks for any more.
  void forget();

  endpoint_pool& pool;
  std::map<std::pair<domain::attempt_id, std::size_t>, lookup> lookups;
  std::map<std::size_t, allowance> allowances;
  domain::utc_time forgot_at{};
};

}  // namespace landfall::executor
