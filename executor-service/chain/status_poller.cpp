#include "executor-service/chain/status_poller.hpp"

#include <algorithm>
#include <utility>

#include "common/runtime/log.hpp"
#include "executor-service/chain/rpc_fault.hpp"

namespace landfall::executor {

using domain::milliseconds;

void status_rounds::start() {
  if (pool.reports.metrics != nullptr)
    watches_gauge = pool.reports.metrics->gauge("landfall_chain_watches", "signatures watched, times their watchers");
}

bool status_rounds::is_final(const std::optional<observation>& told) {
  return told && told->status && told->status->level == solana::commitment::finalized;
}

/// Whether `next` tells a watcher more than what it heard last from the same endpoint.
bool status_rounds::is_news(const std::optional<observation>& told, const observation& next) {
  if (!told || told->status != next.status)
    return true;
  if (is_final(told))
    return false;
  return told->finalized_slot != next.finalized_slot || told->status_context_slot != next.status_context_slot;
}

void status_rounds::tick() {
  pool.publish_health();
  for (std::size_t at = 0; at < pool.endpoints.size(); ++at) {
    auto& e = pool.endpoints[at];
    e.metrics.slots_behind.set(static_cast<double>(pool.slots_behind(e)));
    if (e.round_under_way || e.quiet_until > pool.now())
      continue;
    if (watches == 0 && pool.younger(e.last_round_at, pool.config.idle_poll_ms))
      continue;
    begin_round(at);
  }
  pool.self->delayed_send(pool.self, milliseconds{pool.config.poll_ms}, chain::tick{});
}

/// The finalized height first: a status that is asked for afterwards is evaluated after that block.
void status_rounds::begin_round(std::size_t at) {
  auto r = std::make_shared<round>();
  r->at = at;
  for (const auto& [signature, watchers] : watched)
    if (std::ranges::any_of(watchers, [at](const watcher& w) { return !is_final(w.told[at]); }))
      r->signatures.push_back(signature);
  pool.endpoints[at].round_under_way = true;
  pool.endpoints[at].last_round_at = pool.now();
  pool.call<epoch_view>(
      at, [](rpc_api& api, rpc_done<epoch_view> d) { api.epoch_info(commitment::finalized, std::move(d)); },
      [this, r](const rpc_result<epoch_view>& answer) {
        if (answer && advance(r->at, *answer)) {
          r->finalized = *answer;
          continue_round(r);
        } else {
          end_round(*r);
        }
      });
}

bool status_rounds::advance(std::size_t at, const epoch_view& finalized) {
  auto& e = pool.endpoints[at];
  if (finalized.absolute_slot < e.finalized_slot || finalized.block_height < e.finalized_block_height) {
    e.metrics.stale_answers.inc();
    if (!e.behind_itself_since)
      e.behind_itself_since = pool.now();
    if (pool.younger(*e.behind_itself_since, pool.config.believe_older_after_ms))
      return false;
    // It was wrong then, or was set up anew: either way this is what it has, and it would be mute for ever otherwise.
    runtime::log_warn(
        "endpoint_starts_over",
        {{"endpoint", e.api->name()}, {"finalized_slot", finalized.absolute_slot}, {"had_been", e.finalized_slot}});
    e.status_slot_floor = 0;
    for (auto& [id, watchers] : watched)
      for (auto& w : watchers)
        w.told[at].reset();
  }
  e.behind_itself_since.reset();
  e.finalized_slot = finalized.absolute_slot;
  e.finalized_block_height = finalized.block_height;
  return true;
}

void status_rounds::continue_round(const std::shared_ptr<round>& r) {
  while (r->next < r->signatures.size() && r->in_flight < pool.config.max_status_calls_in_flight) {
    const auto count = std::min(max_statuses_per_call, r->signatures.size() - r->next);
    const auto begin = r->signatures.begin() + static_cast<std::ptrdiff_t>(r->next);
    std::vector<solana::signature> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    r->next += count;
    ++r->in_flight;
    pool.call<statuses_view>(r->at,
                             at_fault_point<statuses_view>(fault::effect::rpc_statuses,
                                                           [&some](rpc_api& api, rpc_done<statuses_view> d) {
                                                             api.signature_statuses(some, true, std::move(d));
                                                           }),
                             [this, r, some](const rpc_result<statuses_view>& answer) {
                               --r->in_flight;
                               if (answer)
                                 tell_all(*r, some, *answer);
                               continue_round(r);
                             });
  }
  if (r->in_flight == 0 && r->next == r->signatures.size())
    end_round(*r);
}

void status_rounds::end_round(const round& r) {
  auto& e = pool.endpoints[r.at];
  e.status_slot_floor = std::max(e.status_slot_floor, r.highest_context_slot);
  e.round_under_way = false;
}

void status_rounds::tell_all(round& r, const std::vector<solana::signature>& asked, const statuses_view& answer) {
  auto& e = pool.endpoints[r.at];
  // A bank is not that far ahead of the finalized one; believed once, it would make every later answer an old one.
  const bool absurd = answer.context_slot > r.finalized.absolute_slot + pool.config.max_slots_unfinalized;
  if (absurd || answer.context_slot < e.status_slot_floor || answer.statuses.size() != asked.size()) {
    e.metrics.stale_answers.inc();
    return;
  }
  r.highest_context_slot = std::max(r.highest_context_slot, answer.context_slot);
  observation seen;
  seen.endpoint = e.api->name();
  seen.finalized_block_height = r.finalized.block_height;
  seen.finalized_slot = r.finalized.absolute_slot;
  seen.status_context_slot = answer.context_slot;
  seen.searched_history = true;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto found = watched.find(asked[i]);
    if (found == watched.end())
      continue;
    seen.status.reset();
    if (const auto& status = answer.statuses[i])
      seen.status = signature_status{status->slot, status->level, status->err};
    for (auto& w : found->second)
      tell(w, r.at, asked[i], seen);
  }
}

void status_rounds::tell(watcher& w, std::size_t at, const solana::signature& id, const observation& seen) {
  auto& told = w.told[at];
  // Within one round a watcher hears nothing older than before either.
  if (told && seen.status_context_slot < told->status_context_slot)
    return;
  if (!is_news(told, seen))
    return;
  const auto alive = caf::actor_cast<caf::strong_actor_ptr>(w.to);
  if (!alive)
    return;
  told = seen;
  pool.self->send(caf::actor_cast<chain::observer>(alive), chain::observed{id, seen});
}

caf::result<void> status_rounds::watch(const chain::watch& w) {
  const auto to = caf::actor_cast<caf::actor_addr>(w.to);
  auto& signatures = watched_by[to];
  if (signatures.contains(w.id)) {
    for (auto& one : watched[w.id])
      if (one.to == to)
        one.told.assign(pool.endpoints.size(), std::nullopt);
    return caf::unit;
  }
  if (watches >= pool.config.max_watches) {
    if (signatures.empty())
      watched_by.erase(to);
    runtime::log_warn("chain_watch_refused", {{"signature", w.id.to_string()}, {"watches", watches}});
    return unavailable("too many signatures are watched");
  }
  if (signatures.empty())
    pool.self->monitor(w.to);
  signatures.insert(w.id);
  watched[w.id].push_back({to, std::vector<std::optional<observation>>(pool.endpoints.size())});
  watches_gauge.set(static_cast<double>(++watches));
  return caf::unit;
}

void status_rounds::unwatch(const solana::signature& id, const caf::actor_addr& to) {
  const auto by = watched_by.find(to);
  if (by == watched_by.end() || by->second.erase(id) == 0)
    return;
  if (by->second.empty()) {
    pool.self->demonitor(to);
    watched_by.erase(by);
  }
  forget(id, to);
}

void status_rounds::forget(const solana::signature& id, const caf::actor_addr& to) {
  const auto found = watched.find(id);
  std::erase_if(found->second, [&](const watcher& w) { return w.to == to; });
  if (found->second.empty())
    watched.erase(found);
  watches_gauge.set(static_cast<double>(--watches));
}

void status_rounds::gone(const caf::actor_addr& to) {
  const auto by = watched_by.find(to);
  if (by == watched_by.end())
    return;
  for (const auto& id : by->second)
    forget(id, to);
  watched_by.erase(by);
}

}  // namespace landfall::executor
