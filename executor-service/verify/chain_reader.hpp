#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/domain/result.hpp"
#include "executor-service/verify/core/judgement.hpp"
#include "executor-service/verify/core/order_checks.hpp"
#include "executor-service/verify/core/sums.hpp"
#include "executor-service/verify/verify_caller.hpp"
#include "executor-service/verify/verify_store.hpp"

namespace landfall::executor {

/// Nothing on the way to a look gave an answer, in one sentence.
template <class T>
using seen_or_trouble = domain::result<T, std::string>;

/// Endpoints that said all that they were asked in one look.
struct witnesses {
  std::size_t answered = 0;
  std::size_t configured = 0;
  /// That have to agree.
  std::size_t needed = 0;

  /// A sentence where they are too few for anything to follow from what is found; else empty.
  [[nodiscard]] std::string too_few() const;
};

/// What one look showed.
struct look_result {
  verify::judgement judged;
  /// Nothing where there was nothing to ask.
  std::optional<witnesses> by;
  std::vector<verify_store::seen_movement> movements;
  std::size_t orders = 0;
  std::size_t attempts = 0;
  std::size_t in_flight = 0;
  std::uint64_t finalized_slot = 0;
};

struct deposits_result {
  verify::judgement judged;
  /// Nothing where there was nothing to ask.
  std::optional<witnesses> by;
};

struct sums_result {
  std::vector<verify_store::sum_finding> found;
  std::vector<verify::settled_question> right;
  std::vector<verify::disputed_question> disputed;
  witnesses by;
  /// As the endpoint with the highest finalized slot shows it.
  std::vector<verify::sum_line> lines;
  bool complete = true;
};

/// Reads stored facts and the chain side by side. Writes nothing.
class reader {
public:
  reader(verify_store& store, std::vector<std::shared_ptr<rpc_api>> endpoints, stop_flag stop,
         std::size_t max_transactions, std::uint64_t dust)
      : store_(store),
        endpoints_(std::move(endpoints)),
        calls_(std::move(stop)),
        max_transactions_(max_transactions),
        dust_(static_cast<domain::int128>(dust)) {}

  /// Those that answer, the one that is furthest first.
  [[nodiscard]] seen_or_trouble<std::vector<eye>> open_eyes() const;
  seen_or_trouble<look_result> look(const std::vector<domain::order_id>& ids);
  /// `list`: each once, at most `max_accounts_per_call`.
  seen_or_trouble<deposits_result> deposits(const std::vector<verify::unclaimed_deposit>& list);
  seen_or_trouble<sums_result> sums(std::size_t max_accounts);

private:
  struct starting_view {
    eye from;
    std::vector<caller::pending<accounts_view>> accounts;
    std::vector<domain::attempt_id> asked;
    std::vector<caller::pending<statuses_view>> statuses;
    /// Every call was answered.
    bool complete = true;
  };

  [[nodiscard]] std::size_t needed() const;
  [[nodiscard]] witnesses witnessed_by(std::size_t answered) const {
    return {answered, endpoints_.size(), needed()};
  }
  static std::vector<starting_view> start_views(const std::vector<verify::order_facts>& orders,
                                                const std::vector<eye>& eyes);
  std::vector<verify::chain_facts> finish(const std::vector<verify::order_facts>& orders, starting_view& view) const;
  /// Of landed attempts whose status is right, from as many endpoints as needed, word for word the same.
  [[nodiscard]] std::map<domain::attempt_id, verify_store::seen_movement> movements(
      const std::vector<verify::order_facts>& orders, const std::vector<std::vector<verify::chain_facts>>& views,
      const std::vector<eye>& eyes) const;
  [[nodiscard]] std::optional<std::vector<verify::account_reading>> readings_of(
      const std::vector<solana::pubkey>& accounts, const eye& from) const;
  [[nodiscard]] bool anything_short(
      const std::vector<verify::booked_account>& accounts,
      const std::vector<std::pair<std::string, std::vector<verify::account_reading>>>& readings) const;

  verify_store& store_;
  std::vector<std::shared_ptr<rpc_api>> endpoints_;
  caller calls_;
  std::size_t max_transactions_;
  domain::int128 dust_;
};

}  // namespace landfall::executor
