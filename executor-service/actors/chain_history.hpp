#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "executor-service/actors/chain_pool.hpp"

namespace landfall::executor {

/// Looks for a message that a market maker signs last: each endpoint is asked by itself, its finalized height first,
/// then the order account's signatures no older than that, then the account's balance no older either. A signature
/// belongs to the message if it is the maker's valid signature of it, which no endpoint can make up.
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
  void read_balance(const search_ptr& s);
  bool on_balance(const search_ptr& s, const accounts_view& view);
  void end(const search& s);

  endpoint_pool& pool;
  std::set<std::pair<domain::attempt_id, std::size_t>> under_way;
};

}  // namespace landfall::executor
