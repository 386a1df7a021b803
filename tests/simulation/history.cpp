// Looking for a message that a market maker signs last, as executor-service/chain/account_history.cpp does: each
// endpoint by itself, its finalized height first, then the order account's signatures, then the account's balance,
// neither older.
#include <algorithm>

#include "tests/simulation/process.hpp"

namespace landfall::simulation {

using solana::commitment;

void process::search_history(std::uint64_t serial, std::size_t transaction) {
  for (std::size_t e = 0; e < static_cast<std::size_t>(w_.plan.endpoints); ++e) {
    const bool asked = std::any_of(scans_.begin(), scans_.end(), [&](const scan& l) {
      return l.used && l.endpoint == e && l.transaction == transaction;
    });
    const auto finalized = asked ? std::nullopt : w_.finalized_of(e);
    if (!finalized)
      continue;
    auto at = static_cast<std::size_t>(
        std::find_if(scans_.begin(), scans_.end(), [](const scan& l) { return !l.used; }) - scans_.begin());
    if (at == scans_.size())
      scans_.emplace_back();
    auto& l = scans_[at];
    l = {true, e, serial, transaction, {}};
    l.seen.endpoint = std::string(1, static_cast<char>('a' + e));
    l.seen.finalized_block_height = finalized->height;
    l.seen.finalized_slot = finalized->slot;
    l.seen.status_context_slot = finalized->slot;
    soon(w_.network_ms(), [at](process& p) { p.read_history(at); });
  }
}

void process::read_history(std::size_t at) {
  auto& l = scans_[at];
  const auto found = w_.history_of(l.endpoint, l.seen.finalized_slot, l.transaction);
  if (!found) {
    l.used = false;
    return;
  }
  l.seen.status = found->status;
  l.seen.searched_history = true;
  soon(w_.network_ms(), [at](process& p) { p.read_its_balance(at); });
}

void process::read_its_balance(std::size_t at) {
  auto& l = scans_[at];
  const auto read = w_.account_at(l.endpoint, l.seen.finalized_slot, w_.chain.transaction(l.transaction).order);
  if (!read) {
    l.used = false;
    return;
  }
  executor::balance_observation balance{l.seen.endpoint, read->slot, {}};
  if (read->account.order_open)
    balance.balance = domain::token_amount{read->account.order_balance};
  l.seen.balance = balance;
  soon(w_.network_ms(), [at](process& p) {
    const auto ended = std::exchange(p.scans_[at], {});
    if (auto* driver = p.find(ended.serial))
      driver->feed(executor::events::history_observed{attempt_id_of(ended.transaction), ended.seen});
  });
}

}  // namespace landfall::simulation
