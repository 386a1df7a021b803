#include "executor-service/chain/chain_reads.hpp"

#include <algorithm>
#include <functional>

#include "common/runtime/log.hpp"

namespace landfall::executor {

using domain::failure;

/// The best status of each signature so far. An endpoint that lags or has pruned may lack what another has, so every
/// endpoint is asked; after the first answer a silent one delays the reply by `hedge_max_ms` at most.
struct chain_reads::gathered_statuses {
  gathered_statuses(std::size_t count, caf::typed_response_promise<chain::statuses_read> p)
      : best(count), promise(std::move(p)) {}

  static bool confirmed(const std::optional<status_view>& s) {
    return s && s->level != commitment::processed;
  }

  void merge(const statuses_view& view) {
    ++answers;
    for (std::size_t i = 0; i < best.size(); ++i)
      if (view.statuses[i] && !confirmed(best[i]))
        best[i] = view.statuses[i];
  }
  [[nodiscard]] bool all_confirmed() const {
    return std::ranges::all_of(best, confirmed);
  }
  void deliver() {
    if (!std::exchange(delivered, true))
      promise.deliver(chain::statuses_read{best});
  }
  void fail(const caf::error& e) {
    if (!std::exchange(delivered, true))
      promise.deliver(e);
  }

  std::vector<std::optional<status_view>> best;
  caf::typed_response_promise<chain::statuses_read> promise;
  std::size_t answers = 0;
  bool delivered = false;
};

namespace {

/// Cached rents, by size of the account.
constexpr std::size_t max_rents = 64;

struct hash_and_epoch {
  latest_blockhash_view hash;
  epoch_view now;
};

std::uint64_t percentile_of(std::vector<priority_fee_sample> samples, std::uint32_t percent) {
  if (samples.empty())
    return 0;
  const auto at = (samples.size() - 1) * percent / 100;
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(at);
  std::ranges::nth_element(samples, nth, {}, &priority_fee_sample::micro_lamports_per_unit);
  return nth->micro_lamports_per_unit;
}

template <class Reply>
std::function<void(caf::error)> deliver_error(caf::typed_response_promise<Reply> promise) {
  return [promise](caf::error e) mutable { promise.deliver(std::move(e)); };
}

}  // namespace

caf::typed_response_promise<chain::fresh_blockhash> chain_reads::latest_blockhash() {
  auto promise = pool_.self->make_response_promise<chain::fresh_blockhash>();
  if (blockhash_ && pool_.younger(blockhash_at_, pool_.config.blockhash_max_age_ms)) {
    promise.deliver(*blockhash_);
  } else if (waiting_for_blockhash_.size() >= pool_.config.max_waiting) {
    promise.deliver(unavailable("too many requests wait for a blockhash"));
  } else {
    waiting_for_blockhash_.push_back(promise);
    if (waiting_for_blockhash_.size() == 1)
      fetch_blockhash();
  }
  return promise;
}

void chain_reads::fetch_blockhash() {
  const auto asked_at = pool_.now();
  // The height is read after the hash, from the same endpoint: `blocks_left` is never overstated.
  const auto make = [](rpc_api& api, rpc_done<hash_and_epoch> d) {
    api.latest_blockhash(commitment::confirmed, [&api, d = std::move(d)](rpc_result<latest_blockhash_view> hash) {
      if (!hash)
        return d(failure{hash.error()});
      api.epoch_info(commitment::confirmed, [hash = *hash, d](const rpc_result<epoch_view>& epoch) {
        if (!epoch)
          return d(failure{epoch.error()});
        d(hash_and_epoch{hash, *epoch});
      });
    });
  };
  const auto accept = [this, asked_at](std::size_t at, hash_and_epoch& answer) {
    const auto& [hash, epoch] = answer;
    const auto height = hash.last_valid_block_height;
    const auto left = height > epoch.block_height ? height - epoch.block_height : 0;
    if (left < pool_.config.blockhash_min_blocks_left || left > pool_.config.blockhash_max_blocks_left) {
      runtime::log_warn("blockhash_refused", {{"endpoint", pool_.endpoints[at].api->name()}, {"blocks_left", left}});
      return false;
    }
    blockhash_ = chain::fresh_blockhash{pool_.endpoints[at].api->name(), hash.context_slot, hash.hash, height, left};
    blockhash_at_ = asked_at;
    for (auto& promise : std::exchange(waiting_for_blockhash_, {}))
      promise.deliver(*blockhash_);
    return true;
  };
  const auto give_up = [this](const caf::error& e) {
    for (auto& promise : std::exchange(waiting_for_blockhash_, {}))
      promise.deliver(e);
  };
  pool_.read<hash_and_epoch>(make, accept, give_up);
}

caf::typed_response_promise<chain::simulated> chain_reads::simulate(const chain::simulate_request& r) {
  auto promise = pool_.self->make_response_promise<chain::simulated>();
  pool_.read<simulation>(
      [r](rpc_api& api, rpc_done<simulation> d) { api.simulate(r.transaction, r.options, std::move(d)); },
      [this, promise, min = r.options.min_context_slot](std::size_t at, simulation& s) mutable {
        if (min && s.context_slot < *min)
          return false;
        promise.deliver(chain::simulated{pool_.endpoints[at].api->name(), std::move(s)});
        return true;
      },
      deliver_error(promise));
  return promise;
}

caf::typed_response_promise<chain::accounts_read> chain_reads::accounts(const chain::accounts_request& r) {
  auto promise = pool_.self->make_response_promise<chain::accounts_read>();
  if (r.keys.empty() || r.keys.size() > max_accounts_per_call) {
    promise.deliver(refused("no accounts, or more than one call takes"));
    return promise;
  }
  pool_.read<accounts_view>(
      [r](rpc_api& api, rpc_done<accounts_view> d) { api.accounts(r.keys, r.level, r.min_context_slot, std::move(d)); },
      [this, promise, r](std::size_t at, accounts_view& view) mutable {
        if (view.accounts.size() != r.keys.size() || (r.min_context_slot && view.context_slot < *r.min_context_slot))
          return false;
        promise.deliver(chain::accounts_read{pool_.endpoints[at].api->name(), std::move(view)});
        return true;
      },
      deliver_error(promise));
  return promise;
}

caf::typed_response_promise<chain::transaction_found> chain_reads::find_transaction(
    const chain::transaction_request& r) {
  auto promise = pool_.self->make_response_promise<chain::transaction_found>();
  auto denials = std::make_shared<std::size_t>(0);
  pool_.read<std::optional<transaction_view>>(
      [r](rpc_api& api, rpc_done<std::optional<transaction_view>> d) { api.transaction(r.id, r.level, std::move(d)); },
      [this, promise, denials](std::size_t at, std::optional<transaction_view>& found) mutable {
        // An endpoint that lacks it proves nothing: the others are asked too.
        if (!found && ++*denials < pool_.endpoints.size())
          return false;
        promise.deliver(chain::transaction_found{pool_.endpoints[at].api->name(), std::move(found)});
        return true;
      },
      deliver_error(promise));
  return promise;
}

caf::typed_response_promise<chain::statuses_read> chain_reads::statuses(const chain::statuses_request& r) {
  auto promise = pool_.self->make_response_promise<chain::statuses_read>();
  if (r.ids.empty() || r.ids.size() > max_statuses_per_call) {
    promise.deliver(refused("no signatures, or more than one call takes"));
    return promise;
  }
  const auto known = std::make_shared<gathered_statuses>(r.ids.size(), promise);
  pool_.read<statuses_view>(
      [r](rpc_api& api, rpc_done<statuses_view> d) {
        if (!r.search_history)
          return api.signature_statuses(r.ids, false, std::move(d));
        // A node without history refuses the search, and may still know.
        api.signature_statuses(r.ids, true, [&api, ids = r.ids, d = std::move(d)](rpc_result<statuses_view> view) {
          if (!view && view.error().what == rpc_error::kind::rpc)
            return api.signature_statuses(ids, false, d);
          d(std::move(view));
        });
      },
      [this, known](std::size_t, statuses_view& view) {
        if (view.statuses.size() != known->best.size())
          return false;
        known->merge(view);
        if (known->all_confirmed())
          known->deliver();
        else if (known->answers == 1)
          deliver_after_hedge(known);
        return known->delivered;
      },
      [known](const caf::error& e) {
        if (known->answers > 0)
          known->deliver();
        else
          known->fail(e);
      });
  return promise;
}

void chain_reads::deliver_after_hedge(const std::shared_ptr<gathered_statuses>& known) {
  auto handle = std::make_shared<std::function<void()>>([known] { known->deliver(); });
  pool_.self->delayed_send(pool_.self, domain::milliseconds{pool_.config.hedge_max_ms},
                           chain::arrived{std::move(handle)});
}

caf::typed_response_promise<chain::rent> chain_reads::rent_of(std::uint64_t space_bytes) {
  auto promise = pool_.self->make_response_promise<chain::rent>();
  const auto known = rents_.find(space_bytes);
  if (known != rents_.end() && pool_.younger(known->second.second, pool_.config.rent_max_age_ms)) {
    promise.deliver(known->second.first);
    return promise;
  }
  pool_.read<std::uint64_t>(
      [space_bytes](rpc_api& api, rpc_done<std::uint64_t> d) {
        api.minimum_balance_for_rent_exemption(space_bytes, std::move(d));
      },
      [this, promise, space_bytes](std::size_t, std::uint64_t& lamports) mutable {
        if (rents_.size() >= max_rents)
          rents_.clear();
        rents_[space_bytes] = {chain::rent{lamports}, pool_.now()};
        promise.deliver(chain::rent{lamports});
        return true;
      },
      deliver_error(promise));
  return promise;
}

caf::typed_response_promise<chain::fee_estimate> chain_reads::fee_for(const chain::fee_request& r) {
  auto promise = pool_.self->make_response_promise<chain::fee_estimate>();
  auto keys = r.writable_accounts;
  keys.resize(std::min(keys.size(), max_fee_accounts_per_call));
  pool_.read<std::vector<priority_fee_sample>>(
      [keys](rpc_api& api, rpc_done<std::vector<priority_fee_sample>> d) {
        api.recent_prioritization_fees(keys, std::move(d));
      },
      [this, promise](std::size_t, std::vector<priority_fee_sample>& samples) mutable {
        const auto fee = std::clamp(percentile_of(std::move(samples), pool_.config.fee_percentile),
                                    pool_.config.fee_floor_micro_lamports, pool_.config.fee_cap_micro_lamports);
        promise.deliver(chain::fee_estimate{fee, true});
        return true;
      },
      [promise, floor = pool_.config.fee_floor_micro_lamports](const caf::error&) mutable {
        promise.deliver(chain::fee_estimate{floor, false});
      });
  return promise;
}

}  // namespace landfall::executor
