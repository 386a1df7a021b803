#include "executor-service/chain/status_poller.hpp"

#include <algorithm>
#include <utility>

#include "common/runtime/log.hpp"
#include "executor-service/chain/rpc_fault.hpp"

namespace landfall::executor {

using domain::milliseconds;

void status_poller::start() {
  if (pool_.reports.metrics != nullptr)
    watches_gauge_ =
        pool_.reports.metrics->gauge("landfall_chain_watches", "signatures watched, times their listeners");
}

bool status_poller::is_final(const std::optional<observation>& last) {
  return last && last->status && last->status->level == solana::commitment::finalized;
}

/// True if `next` differs from what the same endpoint last reported in a way that matters to a listener.
bool status_poller::is_news(const std::optional<observation>& last, const observation& next) {
  if (!last || last->status != next.status)
    return true;
  if (is_final(last))
    return false;
  return last->finalized_slot != next.finalized_slot || last->status_context_slot != next.status_context_slot;
}

void status_poller::tick() {
  pool_.publish_health();
  for (std::size_t at = 0; at < pool_.endpoints.size(); ++at) {
    auto& e = pool_.endpoints[at];
    e.metrics.slots_behind.set(static_cast<double>(pool_.slots_behind(e)));
    if (e.poll_in_flight || e.quiet_until > pool_.now())
      continue;
    if (watch_count_ == 0 && pool_.younger(e.last_poll_at, pool_.config.idle_poll_ms))
      continue;
    start_poll(at);
  }
  pool_.self->delayed_send(pool_.self, milliseconds{pool_.config.poll_ms}, chain::tick{});
}

/// Reads the finalized height first: a status read afterwards is no older than that block.
void status_poller::start_poll(std::size_t at) {
  auto p = std::make_shared<poll>();
  p->at = at;
  for (const auto& [signature, listeners] : listeners_)
    if (std::ranges::any_of(listeners, [at](const listener& l) { return !is_final(l.last_sent[at]); }))
      p->signatures.push_back(signature);
  pool_.endpoints[at].poll_in_flight = true;
  pool_.endpoints[at].last_poll_at = pool_.now();
  pool_.call<epoch_view>(
      at, [](rpc_api& api, rpc_done<epoch_view> d) { api.epoch_info(commitment::finalized, std::move(d)); },
      [this, p](const rpc_result<epoch_view>& answer) {
        if (answer && set_finalized(p->at, *answer)) {
          p->finalized = *answer;
          continue_poll(p);
        } else {
          end_poll(*p);
        }
      });
}

bool status_poller::set_finalized(std::size_t at, const epoch_view& finalized) {
  auto& e = pool_.endpoints[at];
  if (finalized.absolute_slot < e.finalized_slot || finalized.block_height < e.finalized_block_height) {
    e.metrics.stale_answers.inc();
    if (!e.behind_itself_since)
      e.behind_itself_since = pool_.now();
    if (pool_.younger(*e.behind_itself_since, pool_.config.believe_older_after_ms))
      return false;
    // It was wrong before, or was reset. Without this its answers would be ignored for ever.
    runtime::log_warn(
        "endpoint_starts_over",
        {{"endpoint", e.api->name()}, {"finalized_slot", finalized.absolute_slot}, {"had_been", e.finalized_slot}});
    e.status_slot_floor = 0;
    for (auto& [id, listeners] : listeners_)
      for (auto& l : listeners)
        l.last_sent[at].reset();
  }
  e.behind_itself_since.reset();
  e.finalized_slot = finalized.absolute_slot;
  e.finalized_block_height = finalized.block_height;
  return true;
}

void status_poller::continue_poll(const std::shared_ptr<poll>& p) {
  while (p->next < p->signatures.size() && p->in_flight < pool_.config.max_status_calls_in_flight) {
    const auto count = std::min(max_statuses_per_call, p->signatures.size() - p->next);
    const auto begin = p->signatures.begin() + static_cast<std::ptrdiff_t>(p->next);
    std::vector<solana::signature> some(begin, begin + static_cast<std::ptrdiff_t>(count));
    p->next += count;
    ++p->in_flight;
    pool_.call<statuses_view>(p->at,
                              at_fault_point<statuses_view>(fault::effect::rpc_statuses,
                                                            [&some](rpc_api& api, rpc_done<statuses_view> d) {
                                                              api.signature_statuses(some, true, std::move(d));
                                                            }),
                              [this, p, some](const rpc_result<statuses_view>& answer) {
                                --p->in_flight;
                                if (answer)
                                  on_statuses(*p, some, *answer);
                                continue_poll(p);
                              });
  }
  if (p->in_flight == 0 && p->next == p->signatures.size())
    end_poll(*p);
}

void status_poller::end_poll(const poll& p) {
  auto& e = pool_.endpoints[p.at];
  e.status_slot_floor = std::max(e.status_slot_floor, p.highest_context_slot);
  e.poll_in_flight = false;
}

void status_poller::on_statuses(poll& p, const std::vector<solana::signature>& asked, const statuses_view& answer) {
  auto& e = pool_.endpoints[p.at];
  // No bank is that far ahead of the finalized one. If believed, every later answer would count as stale.
  const bool impossible = answer.context_slot > p.finalized.absolute_slot + pool_.config.max_slots_unfinalized;
  if (impossible || answer.context_slot < e.status_slot_floor || answer.statuses.size() != asked.size()) {
    e.metrics.stale_answers.inc();
    return;
  }
  p.highest_context_slot = std::max(p.highest_context_slot, answer.context_slot);
  observation seen;
  seen.endpoint = e.api->name();
  seen.finalized_block_height = p.finalized.block_height;
  seen.finalized_slot = p.finalized.absolute_slot;
  seen.status_context_slot = answer.context_slot;
  seen.searched_history = true;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto found = listeners_.find(asked[i]);
    if (found == listeners_.end())
      continue;
    seen.status.reset();
    if (const auto& status = answer.statuses[i])
      seen.status = signature_status{status->slot, status->level, status->err};
    for (auto& l : found->second)
      notify(l, p.at, asked[i], seen);
  }
}

void status_poller::notify(listener& l, std::size_t at, const solana::signature& id, const observation& seen) {
  auto& last = l.last_sent[at];
  // The calls of one poll may answer out of order: nothing older than before is sent.
  if (last && seen.status_context_slot < last->status_context_slot)
    return;
  if (!is_news(last, seen))
    return;
  const auto alive = caf::actor_cast<caf::strong_actor_ptr>(l.to);
  if (!alive)
    return;
  last = seen;
  pool_.self->send(caf::actor_cast<chain::status_listener>(alive), chain::status_update{id, seen});
}

caf::result<void> status_poller::watch(const chain::watch& w) {
  const auto to = caf::actor_cast<caf::actor_addr>(w.to);
  auto& signatures = signatures_of_[to];
  if (signatures.contains(w.id)) {
    for (auto& l : listeners_[w.id])
      if (l.to == to)
        l.last_sent.assign(pool_.endpoints.size(), std::nullopt);
    return caf::unit;
  }
  if (watch_count_ >= pool_.config.max_watches) {
    if (signatures.empty())
      signatures_of_.erase(to);
    runtime::log_warn("chain_watch_refused", {{"signature", w.id.to_string()}, {"watches", watch_count_}});
    return unavailable("too many signatures are watched");
  }
  if (signatures.empty())
    pool_.self->monitor(w.to);
  signatures.insert(w.id);
  listeners_[w.id].push_back({to, std::vector<std::optional<observation>>(pool_.endpoints.size())});
  watches_gauge_.set(static_cast<double>(++watch_count_));
  return caf::unit;
}

void status_poller::unwatch(const solana::signature& id, const caf::actor_addr& to) {
  const auto by = signatures_of_.find(to);
  if (by == signatures_of_.end() || by->second.erase(id) == 0)
    return;
  if (by->second.empty()) {
    pool_.self->demonitor(to);
    signatures_of_.erase(by);
  }
  remove(id, to);
}

void status_poller::remove(const solana::signature& id, const caf::actor_addr& to) {
  const auto found = listeners_.find(id);
  std::erase_if(found->second, [&](const listener& l) { return l.to == to; });
  if (found->second.empty())
    listeners_.erase(found);
  watches_gauge_.set(static_cast<double>(--watch_count_));
}

void status_poller::on_listener_down(const caf::actor_addr& to) {
  const auto by = signatures_of_.find(to);
  if (by == signatures_of_.end())
    return;
  for (const auto& id : by->second)
    remove(id, to);
  signatures_of_.erase(by);
}

}  // namespace landfall::executor
