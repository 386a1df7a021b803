#include "executor-service/chain/account_history.hpp"

#include "common/solana/keypair.hpp"
#include "common/solana/token.hpp"
#include "executor-service/chain/rpc_fault.hpp"

namespace landfall::executor {

namespace {

/// Of `max_address_signatures_per_call` each. Dust that strangers send makes a history long; beyond this bound it
/// proves no death.
constexpr std::size_t max_pages = 4;
constexpr std::size_t max_history = max_pages * max_address_signatures_per_call;

/// A check takes more than a tenth of a millisecond of the one actor there is.
constexpr std::size_t max_checks = 500;
constexpr std::uint32_t checks_window_ms = 1'000;

/// An attempt that nobody looked for this long is over, or another instance's.
constexpr std::uint32_t forget_after_ms = 60'000;

void keep(std::optional<signature_status>& best, signature_status found) {
  // Of two ids of one message the one that succeeded, or is further on, tells what became of it.
  const auto rank = [](const signature_status& s) { return std::pair{!s.err.has_value(), s.level}; };
  if (!best || rank(*best) < rank(found))
    best = std::move(found);
}

}  // namespace

void history_search::look(const chain::history_look& wanted) {
  forget();
  const auto shared = std::make_shared<const chain::history_look>(wanted);
  for (std::size_t at = 0; at < pool.endpoints.size(); ++at) {
    if (pool.endpoints[at].in_flight >= pool.config.max_in_flight_per_endpoint)
      continue;
    auto& known = lookups[{wanted.attempt, at}];
    if (std::exchange(known.under_way, true))
      continue;
    known.looked_at = pool.now();
    begin(at, shared);
  }
}

void history_search::begin(std::size_t at, const std::shared_ptr<const chain::history_look>& wanted) {
  auto s = std::make_shared<search>();
  s->at = at;
  s->wanted = wanted;
  s->seen.endpoint = pool.endpoints[at].api->name();
  step<epoch_view>(
      s, [](rpc_api& api, rpc_done<epoch_view> d) { api.epoch_info(commitment::finalized, std::move(d)); },
      [this, s](const epoch_view& finalized) {
        s->seen.finalized_block_height = finalized.block_height;
        s->seen.finalized_slot = finalized.absolute_slot;
        // The method tells no slot of its own: that it answers at all means that it is no older than asked for.
        s->seen.status_context_slot = finalized.absolute_slot;
        read_page(s, std::nullopt);
        return true;
      });
}

void history_search::read_page(const search_ptr& s, const std::optional<solana::signature>& before) {
  step<std::vector<address_signature_view>>(
      s,
      at_fault_point<std::vector<address_signature_view>>(
          fault::effect::history_read,
          [&](rpc_api& api, rpc_done<std::vector<address_signature_view>> d) {
            api.address_signatures(s->wanted->account, before, s->seen.finalized_slot, std::move(d));
          }),
      [this, s](const std::vector<address_signature_view>& page) { return on_page(s, page); });
}

bool history_search::on_page(const search_ptr& s, const std::vector<address_signature_view>& page) {
  bool all_checked = true;
  for (const auto& entry : page) {
    if (entry.id == s->wanted->anchor) {
      s->anchored = true;
      break;
    }
    const auto ours = belongs(*s, entry.id);
    if (!ours) {
      all_checked = false;
      break;
    }
    if (*ours)
      keep(s->seen.status, {entry.status.slot, entry.status.level, entry.status.err, entry.id});
  }
  if (all_checked && !s->anchored && page.size() == max_address_signatures_per_call && ++s->pages < max_pages) {
    read_page(s, page.back().id);
    return true;
  }
  // A history that does not reach back to the deposit is cut off, or its index is behind, or the rest of it is checked
  // in later looks.
  s->seen.searched_history = s->anchored;
  read_balance(s);
  return true;
}

void history_search::read_balance(const search_ptr& s) {
  step<accounts_view>(
      s,
      [&](rpc_api& api, rpc_done<accounts_view> d) {
        api.accounts({s->wanted->account}, commitment::confirmed, s->seen.finalized_slot, std::move(d));
      },
      [this, s](const accounts_view& view) { return on_balance(s, view); });
}

bool history_search::on_balance(const search_ptr& s, const accounts_view& view) {
  balance_observation balance;
  balance.endpoint = s->seen.endpoint;
  balance.slot = view.context_slot;
  const auto& account = view.accounts.front();
  if (account && account->owner == s->wanted->token_program) {
    const auto decoded = solana::token::decode_account(account->data);
    // Data that cannot be read is no balance, and no absence either.
    if (!decoded.ok())
      return false;
    balance.balance = domain::token_amount{decoded->amount};
  }
  s->seen.balance = balance;
  end(*s);
  if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(s->wanted->to))
    pool.self->send(caf::actor_cast<chain::history_observer>(alive),
                    chain::history_observed{s->wanted->attempt, std::move(s->seen)});
  return true;
}

std::optional<bool> history_search::belongs(const search& s, const solana::signature& id) {
  auto& others = lookup_of(s).others;
  if (others.contains(id))
    return false;
  auto& allowed = allowance_of(s.at);
  if (allowed.spent == max_checks)
    return std::nullopt;
  ++allowed.spent;
  allowed.checked.inc();
  if (solana::verify(s.wanted->maker, s.wanted->message, id))
    return true;
  // More than a whole history that could prove anything: begun anew, within the allowance.
  if (others.size() == max_history)
    others.clear();
  others.insert(id);
  return false;
}

history_search::allowance& history_search::allowance_of(std::size_t at) {
  const auto [found, is_new] = allowances.try_emplace(at);
  auto& allowed = found->second;
  if (is_new && pool.reports.metrics != nullptr)
    allowed.checked = pool.reports.metrics->counter("landfall_history_signatures_checked_total",
                                                    "Signatures of account histories checked to be a market maker's.",
                                                    {{"endpoint", pool.endpoints[at].api->name()}});
  if (!pool.younger(allowed.since, checks_window_ms)) {
    allowed.since = pool.now();
    allowed.spent = 0;
  }
  return allowed;
}

history_search::lookup& history_search::lookup_of(const search& s) {
  return lookups.at({s.wanted->attempt, s.at});
}

void history_search::end(const search& s) {
  lookup_of(s).under_way = false;
}

void history_search::forget() {
  if (pool.younger(forgot_at, forget_after_ms))
    return;
  forgot_at = pool.now();
  std::erase_if(lookups, [this](const auto& each) {
    return !each.second.under_way && !pool.younger(each.second.looked_at, forget_after_ms);
  });
}

}  // namespace landfall::executor
