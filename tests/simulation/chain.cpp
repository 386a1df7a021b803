#include "tests/simulation/chain.hpp"

#include <algorithm>
#include <utility>

namespace landfall::simulation {

using executor::attempt_kind;

namespace {

constexpr std::uint64_t status_cache_blocks = 300;

bool close_accounts(const sim_transaction& t, bank_account& a) {
  if (t.closes_order && (!a.order_open || (!t.native_input && a.order_balance != t.take)))
    return false;
  if (t.closes_output && (!a.output_open || (!t.native_output && a.output_balance != t.close_output)))
    return false;
  if (t.closes_order) {
    a.wallet_input += std::exchange(a.order_balance, 0);
    a.order_open = false;
  }
  if (t.closes_output) {
    const bool kept = t.native_output && t.output_to_fee_payer;
    (kept ? a.kept_by_fee_payer : a.wallet_output) += std::exchange(a.output_balance, 0);
    a.output_open = false;
  }
  return true;
}

}  // namespace

chain::chain(const schedule& with, random& r) : with_(with), random_(r), banks_(1) {
  blocks_.reserve(1'024);
  transactions_.reserve(32);
  for (std::uint64_t i = 0; i < 80; ++i)
    blocks_.push_back({next_slot_++, next_id_++, 0, {}});
  finalized_ = tip() - with_.finalized_depth;
}

std::size_t chain::sign(const sim_transaction& t) {
  transactions_.push_back(t);
  auto& fresh = transactions_.back();
  if (random_.chance(with_.bad_luck))
    fresh.fortune = random_.chance(300) ? luck::lost : random_.chance(500) ? luck::late : luck::last_block;
  return transactions_.size() - 1;
}

void chain::submit(std::size_t id, bool calm) {
  auto& t = transactions_[id];
  auto target = tip() + 1;
  const auto room = t.last_height() > tip() ? t.last_height() - tip() : 0;
  if (room == 0)
    return;
  if (t.fortune == luck::lost || (t.fortune == luck::usual && !calm && random_.chance(with_.send_dropped)))
    return;
  if (t.fortune == luck::usual)
    target += random_.below(random_.chance(900) ? 4 : 40);
  else if (t.fortune == luck::late)
    target += random_.below(room);
  else
    target = t.last_height();
  if (t.in_mempool) {
    if (t.fortune == luck::usual)
      t.target_height = std::min(t.target_height, target);
    return;
  }
  t.in_mempool = true;
  t.target_height = target;
  mempool_.push_back(id);
}

bool chain::usable(const sim_transaction& t, std::uint64_t height) const {
  return height > t.hash_height && height <= t.last_height() && t.hash_height < blocks_.size() &&
         blocks_[t.hash_height].id == t.hash_id;
}

bool executed(const sim_transaction& t, bank_account& a) {
  switch (t.kind) {
    case attempt_kind::deposit:
      if (a.order_open || a.wallet_input < t.take)
        return false;
      a.wallet_input -= t.take;
      a.order_balance += t.take;
      a.order_open = true;
      ++a.deposits;
      return true;
    case attempt_kind::swap:
      if (!a.order_open || a.order_balance < t.take || (!t.short_fill && a.output_balance + t.give < t.floor))
        return false;
      a.order_balance -= t.take;
      a.output_open = true;
      a.output_balance += t.give;
      a.input_swapped += t.take;
      a.output_swapped += t.give;
      ++a.swaps;
      return true;
    case attempt_kind::payout:
      if (!a.output_open || a.output_balance < t.take)
        return false;
      if (t.closes_output) {
        a.kept_by_fee_payer += a.output_balance - t.take;
        a.output_balance = t.take;
        a.output_open = false;
      }
      a.output_balance -= t.take;
      a.wallet_output += t.take;
      ++a.payouts;
      return true;
    case attempt_kind::refund: {
      if (!a.order_open || (!t.closes_order && a.order_balance < t.take))
        return false;
      const auto paid = t.closes_order ? a.order_balance : t.take;
      a.order_balance -= paid;
      a.wallet_input += paid;
      a.order_open = !t.closes_order;
      ++a.refunds;
      return true;
    }
    case attempt_kind::close:
      return close_accounts(t, a);
  }
  return false;
}

void chain::execute(sim_transaction& t, bank_account& a, bool calm) {
  const auto before = a;
  const bool slips = t.kind == attempt_kind::swap && !calm && random_.chance(with_.slippage);
  t.now.failed = slips || !executed(t, a);
  if (t.now.failed)
    a = before;
  const auto delta = [](std::uint64_t from, std::uint64_t to) { return static_cast<std::int64_t>(to - from); };
  t.now.order_delta = delta(before.order_balance, a.order_balance);
  t.now.output_delta = delta(before.output_balance, a.output_balance);
}

void chain::produce(bool calm) {
  const auto height = tip() + 1;
  block b;
  b.slot = next_slot_++;
  while (random_.chance(with_.skipped_slot))
    b.slot = next_slot_++;
  b.id = next_id_++;
  b.bank = blocks_.back().bank;
  const auto writable = [&]() -> bank& {
    if (b.bank == blocks_.back().bank) {
      b.bank = banks_.size();
      banks_.push_back(banks_[blocks_.back().bank]);
    }
    return banks_[b.bank];
  };
  for (std::size_t i = 0; i < mempool_.size();) {
    const auto id = mempool_[i];
    auto& t = transactions_[id];
    const bool due = t.now.height == 0 && t.target_height <= height && usable(t, height);
    if (due) {
      t.now = {height, b.slot, false, 0, 0, 0};
      if (t.signed_twice)
        t.now.copy = static_cast<std::uint8_t>(random_.below(2));
      execute(t, writable()[t.order], calm);
      b.landed.push_back(id);
    }
    if (due || t.now.height != 0 || height >= t.last_height()) {
      t.in_mempool = false;
      mempool_[i] = mempool_.back();
      mempool_.pop_back();
    } else {
      ++i;
    }
  }
  if (!calm && random_.chance(with_.dust)) {
    auto& a = writable()[random_.below(static_cast<std::uint64_t>(with_.orders))];
    const auto units = 1 + random_.below(3);
    if (a.order_open && random_.chance(500)) {
      a.order_balance += units;
      a.dust_input += units;
    } else if (a.output_open) {
      a.output_balance += units;
      a.dust_output += units;
    }
  }
  blocks_.push_back(std::move(b));
  finalized_ = std::max(finalized_, tip() - with_.finalized_depth);
  for (const auto id : blocks_[tip() - with_.confirmed_depth].landed)
    transactions_[id].ever_confirmed = true;
}

void chain::fork(std::uint64_t blocks) {
  blocks = std::min(blocks, tip() - finalized_);
  if (blocks == 0)
    return;
  ++forks_;
  finalized_at_fork_ = finalized_;
  fork_height_ = tip() - blocks;
  dropped_.assign(blocks_.begin() + static_cast<std::ptrdiff_t>(fork_height_ + 1), blocks_.end());
  blocks_.resize(fork_height_ + 1);
  for (const auto& b : dropped_)
    for (const auto id : b.landed) {
      auto& t = transactions_[id];
      t.dropped = std::exchange(t.now, {});
      t.dropped_by = forks_;
      if (t.in_mempool || random_.chance(300))
        continue;
      t.in_mempool = true;
      t.target_height = random_.chance(300) ? t.last_height() : tip() + 1 + random_.below(6);
      mempool_.push_back(id);
    }
}

chain_view chain::behind(std::uint64_t lag) const {
  if (lag == 0)
    return {tip(), finalized_, false};
  const auto seen = tip() > lag + with_.finalized_depth ? tip() - lag : with_.finalized_depth;
  return {seen, std::min(finalized_, seen - with_.finalized_depth), false};
}

std::optional<chain_view> chain::dead_branch() const {
  if (dropped_.empty())
    return std::nullopt;
  return chain_view{fork_height_ + dropped_.size(), finalized_at_fork_, true};
}

const block& chain::at(const chain_view& v, std::uint64_t height) const {
  if (v.dead_branch && height > fork_height_)
    return dropped_[height - fork_height_ - 1];
  return blocks_[height];
}

std::uint64_t chain::confirmed(const chain_view& v) const {
  return std::max(v.finalized, v.tip - with_.confirmed_depth);
}

std::optional<landing> chain::find(const chain_view& v, std::size_t id, bool history) const {
  const auto& t = transactions_[id];
  const auto known = [&](const landing& l) -> std::optional<landing> {
    if (!history && l.height + status_cache_blocks <= v.finalized)
      return std::nullopt;
    return l;
  };
  if (v.dead_branch) {
    if (t.now.height != 0 && t.now.height <= fork_height_)
      return known(t.now);
    if (t.dropped_by == forks_ && t.dropped.height != 0)
      return known(t.dropped);
    return std::nullopt;
  }
  return t.now.height != 0 && t.now.height <= v.tip ? known(t.now) : std::nullopt;
}

executor::confirmation chain::level(const chain_view& v, const landing& l) const {
  if (l.height <= v.finalized)
    return executor::confirmation::finalized;
  return l.height <= confirmed(v) ? executor::confirmation::confirmed : executor::confirmation::processed;
}

}  // namespace landfall::simulation
