#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/domain/result.hpp"
#include "common/domain/time.hpp"
#include "executor-service/chain/rpc/rpc_api.hpp"
#include "executor-service/verify/core/order_comparison.hpp"

namespace landfall::executor::verify {

using task = std::function<void()>;

/// How a `chain_reader` gets back into the actor that owns it. Both do nothing once the actor has ended.
struct task_poster {
  /// Thread-safe.
  std::function<void(task)> post;
  std::function<void(domain::milliseconds, task)> post_after;
};

/// An endpoint that answers, with its finalized slot and block height by its own answer.
struct endpoint_snapshot {
  rpc_api* endpoint = nullptr;
  std::uint64_t finalized_slot = 0;
  std::uint64_t finalized_block_height = 0;
};

template <class T>
using read_done = std::function<void(domain::result<T, std::string>)>;

/// Reads the same from every endpoint independently, so that their answers can be compared. Each read ends with what
/// was answered within `answer_deadline` a step, or with a sentence why nothing was. Runs within one actor, apart from
/// the endpoints' callbacks.
class chain_reader {
public:
  /// Above every timeout of an endpoint: for an answer that never comes at all.
  static constexpr domain::milliseconds answer_deadline{60'000};
  /// Calls of one endpoint at once while many accounts are read.
  static constexpr std::size_t account_calls_at_once = 8;

  /// `max_transactions`: read in one pass, each from as many endpoints as have to agree.
  chain_reader(std::vector<std::shared_ptr<rpc_api>> endpoints, std::size_t max_transactions, task_poster poster)
      : endpoints_(std::move(endpoints)), max_transactions_(max_transactions), poster_(std::move(poster)) {}

  /// Endpoints that answer, the one that is furthest first; never none.
  void snapshots(read_done<std::vector<endpoint_snapshot>> done);
  void orders(std::vector<order_facts> orders, read_done<orders_view> done);
  /// Endpoints that show all of the accounts, the one that is furthest first; never none.
  void accounts(std::vector<solana::pubkey> keys, read_done<std::vector<endpoint_readings>> done);

  /// Endpoints that have to agree.
  [[nodiscard]] std::size_t needed() const {
    return std::min<std::size_t>(2, endpoints_.size());
  }
  [[nodiscard]] quorum quorum_of(std::size_t answered) const {
    return {answered, endpoints_.size(), needed()};
  }

private:
  struct call_group;
  struct orders_read;
  struct accounts_read;

  template <class T, class Start, class Take>
  void call(const std::shared_ptr<call_group>& group, Start start, Take take);
  void wait_for(const std::shared_ptr<call_group>& group, task then);

  void ask_orders(const std::shared_ptr<orders_read>& read);
  void ask_accounts(const std::shared_ptr<orders_read>& read, const std::shared_ptr<call_group>& group, std::size_t at);
  void ask_statuses(const std::shared_ptr<orders_read>& read, const std::shared_ptr<call_group>& group, std::size_t at);
  void ask_transactions(const std::shared_ptr<orders_read>& read);
  void finish(orders_read& read) const;
  void next_accounts(const std::shared_ptr<accounts_read>& read, std::size_t at);
  static void end_of_one(accounts_read& read);

  std::vector<std::shared_ptr<rpc_api>> endpoints_;
  std::size_t max_transactions_;
  task_poster poster_;
};

}  // namespace landfall::executor::verify
