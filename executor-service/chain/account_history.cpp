#include "executor-service/chain/account_history.hpp"

#include "common/solana/keypair.hpp"
#include "common/solana/token.hpp"
#include "executor-service/chain/rpc_fault.hpp"

namespace landfall::executor {

namespace {

/// Pages of `max_address_signatures_per_call` each. Dust that strangers send makes a history long; a history beyond
/// this bound proves no death.
constexpr std::size_t max_pages = 4;
constexpr std::size_t max_history = max_pages * max_address_signatures_per_call;

/// Per endpoint and window: a check takes more than 0.1 ms, and one actor does them all.
constexpr std::size_t max_checks = 500;
constexpr std::uint32_t checks_window_ms = 1'000;

/// An attempt not searched for this long is over, or another instance's.
constexpr std::uint32_t stale_after_ms = 60'000;

void keep_best(std::optional<signature_status>& best, signature_status found) {
  // One message may have two ids: the one that succeeded, or is further on, is its status.
  const auto rank = [](const signature_status& s) { return std::pair{!s.err.has_value(), s.level}; };
  if (!best || rank(*best) < rank(found))
    best = std::move(found);
}

}  // namespace

void account_history::search(const chain::history_request& r) {
  drop_stale();
  const auto request = std::make_shared<const chain::history_request>(r);
  for (std::size_t at = 0; at < pool_.endpoints.size(); ++at) {
    if (pool_.endpoints[at].in_flight >= pool_.config.max_in_flight_per_endpoint)
      continue;
    auto& known = progress_[{r.attempt, at}];
    if (std::exchange(known.in_flight, true))
      continue;
    known.scanned_at = pool_.now();
    start(at, request);
  }
}

void account_history::start(std::size_t at, const std::shared_ptr<const chain::history_request>& request) {
  auto s = std::make_shared<scan>();
  s->at = at;
  s->request = request;
  s->seen.endpoint = pool_.endpoints[at].api->name();
  step<epoch_view>(
      s, [](rpc_api& api, rpc_done<epoch_view> d) { api.epoch_info(commitment::finalized, std::move(d)); },
      [this, s](const epoch_view& finalized) {
        s->seen.finalized_block_height = finalized.block_height;
        s->seen.finalized_slot = finalized.absolute_slot;
        // getSignaturesForAddress returns no context slot: an answer means that it is at least `minContextSlot`.
        s->seen.status_context_slot = finalized.absolute_slot;
        read_page(s, std::nullopt);
        return true;
      });
}

void account_history::read_page(const scan_ptr& s, const std::optional<solana::signature>& before) {
  step<std::vector<address_signature_view>>(
      s,
      at_fault_point<std::vector<address_signature_view>>(
          fault::effect::history_read,
          [&](rpc_api& api, rpc_done<std::vector<address_signature_view>> d) {
            api.address_signatures(s->request->account, before, s->seen.finalized_slot, std::move(d));
          }),
      [this, s](const std::vector<address_signature_view>& page) { return on_page(s, page); });
}

bool account_history::on_page(const scan_ptr& s, const std::vector<address_signature_view>& page) {
  bool all_checked = true;
  for (const auto& entry : page) {
    if (entry.id == s->request->anchor) {
      s->anchored = true;
      break;
    }
    const auto found = is_of_message(*s, entry.id);
    if (!found) {
      all_checked = false;
      break;
    }
    if (*found)
      keep_best(s->seen.status, {entry.status.slot, entry.status.level, entry.status.err, entry.id});
  }
  if (all_checked && !s->anchored && page.size() == max_address_signatures_per_call && ++s->pages < max_pages) {
    read_page(s, page.back().id);
    return true;
  }
  // A history that does not reach back to the deposit is cut off, or its index lags, or later scans check the rest.
  s->seen.searched_history = s->anchored;
  read_balance(s);
  return true;
}

void account_history::read_balance(const scan_ptr& s) {
  step<accounts_view>(
      s,
      [&](rpc_api& api, rpc_done<accounts_view> d) {
        api.accounts({s->request->account}, commitment::confirmed, s->seen.finalized_slot, std::move(d));
      },
      [this, s](const accounts_view& view) { return on_balance(s, view); });
}

bool account_history::on_balance(const scan_ptr& s, const accounts_view& view) {
  balance_observation balance;
  balance.endpoint = s->seen.endpoint;
  balance.slot = view.context_slot;
  const auto& account = view.accounts.front();
  if (account && account->owner == s->request->token_program) {
    const auto decoded = solana::token::decode_account(account->data);
    // Data that cannot be read is no balance, and no absence either.
    if (!decoded.ok())
      return false;
    balance.balance = domain::token_amount{decoded->amount};
  }
  s->seen.balance = balance;
  end(*s);
  if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(s->request->to))
    pool_.self->send(caf::actor_cast<chain::history_listener>(alive),
                     chain::history_update{s->request->attempt, std::move(s->seen)});
  return true;
}

std::optional<bool> account_history::is_of_message(const scan& s, const solana::signature& id) {
  auto& foreign = progress_of(s).foreign;
  if (foreign.contains(id))
    return false;
  auto& budget = budget_of(s.at);
  if (budget.spent == max_checks)
    return std::nullopt;
  ++budget.spent;
  budget.checked.inc();
  if (solana::verify(s.request->maker, s.request->message, id))
    return true;
  // More than any history that proves something: checked again from the start, within the budget.
  if (foreign.size() == max_history)
    foreign.clear();
  foreign.insert(id);
  return false;
}

account_history::check_budget& account_history::budget_of(std::size_t at) {
  const auto [found, is_new] = budgets_.try_emplace(at);
  auto& budget = found->second;
  if (is_new && pool_.reports.metrics != nullptr)
    budget.checked = pool_.reports.metrics->counter("landfall_history_signatures_checked_total",
                                                    "Signatures of account histories checked to be a market maker's.",
                                                    {{"endpoint", pool_.endpoints[at].api->name()}});
  if (!pool_.younger(budget.since, checks_window_ms)) {
    budget.since = pool_.now();
    budget.spent = 0;
  }
  return budget;
}

account_history::progress& account_history::progress_of(const scan& s) {
  return progress_.at({s.request->attempt, s.at});
}

void account_history::end(const scan& s) {
  progress_of(s).in_flight = false;
}

void account_history::drop_stale() {
  if (pool_.younger(stale_dropped_at_, stale_after_ms))
    return;
  stale_dropped_at_ = pool_.now();
  std::erase_if(progress_, [this](const auto& each) {
    return !each.second.in_flight && !pool_.younger(each.second.scanned_at, stale_after_ms);
  });
}

}  // namespace landfall::executor
