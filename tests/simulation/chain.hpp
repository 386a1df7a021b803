#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "executor-service/chain/core/observation.hpp"
#include "executor-service/order/core/order.hpp"
#include "tests/simulation/random.hpp"
#include "tests/simulation/schedule.hpp"

namespace landfall::simulation {

/// The accounts of one order and what landed for it, as one bank has them. Amounts in smallest units.
struct bank_account {
  bool order_open = false;
  bool output_open = false;
  std::uint64_t order_balance = 0;
  std::uint64_t output_balance = 0;
  std::uint64_t wallet_input = 0;
  std::uint64_t wallet_output = 0;
  std::uint64_t input_swapped = 0;
  std::uint64_t output_swapped = 0;
  std::uint64_t dust_input = 0;
  std::uint64_t dust_output = 0;
  std::uint64_t kept_by_fee_payer = 0;
  std::uint32_t deposits = 0;
  std::uint32_t swaps = 0;
  std::uint32_t payouts = 0;
  std::uint32_t refunds = 0;
};
using bank = std::array<bank_account, max_orders>;

struct block {
  std::uint64_t slot = 0;
  /// Names the block, and stands for its hash.
  std::uint64_t id = 0;
  std::size_t bank = 0;
  std::vector<std::size_t> landed;
};

/// How a transaction landed: height 0 means not at all.
struct landing {
  std::uint64_t height = 0;
  std::uint64_t slot = 0;
  bool failed = false;
  /// Which of a market maker's signatures it landed under.
  std::uint8_t copy = 0;
  std::int64_t order_delta = 0;
  std::int64_t output_delta = 0;
};

/// What becomes of a transaction's sends.
enum class luck { usual, lost, late, last_block };

struct sim_transaction {
  std::size_t order = 0;
  executor::attempt_kind kind = executor::attempt_kind::deposit;
  std::uint64_t hash_height = 0;
  std::uint64_t hash_id = 0;
  /// What a swap takes or a payment pays; for a close what it expects in the order account.
  std::uint64_t take = 0;
  std::uint64_t give = 0;
  /// What a swap has to leave in the output account, lest it fail.
  std::uint64_t floor = 0;
  std::uint64_t close_output = 0;
  /// Rent that the fee payer pays for the output account.
  std::uint64_t rent = 0;
  bool closes_order = false;
  bool closes_output = false;
  /// What lies in the output account when it is closed goes to the fee payer.
  bool output_to_fee_payer = false;
  /// An account of wrapped SOL closes with what is in it.
  bool native_input = false;
  bool native_output = false;
  /// What the router quoted when it was built.
  std::uint64_t quoted = 0;
  /// It lands although it brings less than its floor.
  bool short_fill = false;
  /// Signed last and sent by a market maker, perhaps twice.
  bool by_maker = false;
  bool signed_twice = false;

  luck fortune = luck::usual;
  bool in_mempool = false;
  bool ever_confirmed = false;
  std::uint64_t target_height = 0;
  landing now;
  landing dropped;
  std::uint64_t dropped_by = 0;

  [[nodiscard]] std::uint64_t last_valid_height() const {
    return hash_height + 150;
  }
  /// The last block that may hold it.
  [[nodiscard]] std::uint64_t last_height() const {
    return hash_height + 151;
  }
};

/// What the transaction does to the accounts of its order; false where it fails and leaves them half changed.
[[nodiscard]] bool executed(const sim_transaction& t, bank_account& a);

/// What one backend knows: the chain up to `tip`, or the branch that the last fork left dead.
struct chain_view {
  std::uint64_t tip = 0;
  std::uint64_t finalized = 0;
  bool dead_branch = false;
};

/// The cluster: one branch that all will agree on, of which the blocks that are not finalized may be dropped.
class chain {
public:
  chain(const schedule& with, random& r);

  void produce(bool calm);
  /// Drops the last `blocks` blocks, at most those that are not finalized. Heights fall, slots never do.
  void fork(std::uint64_t blocks);
  /// A send that reached the cluster; it may still be lost.
  void submit(std::size_t id, bool calm);
  std::size_t sign(const sim_transaction& t);

  [[nodiscard]] std::uint64_t tip() const {
    return blocks_.size() - 1;
  }
  [[nodiscard]] std::uint64_t finalized() const {
    return finalized_;
  }
  [[nodiscard]] chain_view behind(std::uint64_t lag) const;
  [[nodiscard]] std::optional<chain_view> dead_branch() const;
  [[nodiscard]] const block& at(const chain_view& v, std::uint64_t height) const;
  [[nodiscard]] std::uint64_t confirmed(const chain_view& v) const;
  [[nodiscard]] const bank_account& account(const chain_view& v, std::uint64_t height, std::size_t order) const {
    return banks_[at(v, height).bank][order];
  }
  [[nodiscard]] const bank_account& account_now(std::size_t order) const {
    return banks_[blocks_.back().bank][order];
  }
  bank& genesis() {
    return banks_.front();
  }
  /// As this view has it, without history only for the last 300 finalized blocks and what follows.
  [[nodiscard]] std::optional<landing> find(const chain_view& v, std::size_t id, bool history) const;
  [[nodiscard]] solana::commitment level(const chain_view& v, const landing& l) const;

  [[nodiscard]] const sim_transaction& transaction(std::size_t id) const {
    return transactions_[id];
  }
  sim_transaction& transaction(std::size_t id) {
    return transactions_[id];
  }
  [[nodiscard]] std::size_t transactions() const {
    return transactions_.size();
  }
  /// Landed where nothing can undo it.
  [[nodiscard]] bool is_final(const sim_transaction& t) const {
    return t.now.height != 0 && t.now.height <= finalized_;
  }
  /// Whether any future of this chain holds it, if it does not already.
  [[nodiscard]] bool may_still_land(const sim_transaction& t) const {
    return !is_final(t) && (t.now.height != 0 || finalized_ < t.last_height());
  }

private:
  void execute(sim_transaction& t, bank_account& a, bool calm);
  [[nodiscard]] bool usable(const sim_transaction& t, std::uint64_t height) const;

  const schedule& with_;
  random& random_;
  std::vector<bank> banks_;
  std::vector<block> blocks_;
  std::vector<sim_transaction> transactions_;
  std::vector<std::size_t> mempool_;
  std::uint64_t finalized_ = 0;
  std::uint64_t next_slot_ = 1'000;
  std::uint64_t next_id_ = 1;

  std::uint64_t forks_ = 0;
  std::uint64_t fork_height_ = 0;
  std::uint64_t finalized_at_fork_ = 0;
  std::vector<block> dropped_;
};

}  // namespace landfall::simulation
