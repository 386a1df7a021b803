#include "executor-service/verify/chain_reader.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/solana/token.hpp"

namespace landfall::executor::verify {

using domain::failure;

namespace {

constexpr std::size_t orders_per_call = max_accounts_per_call / 2;

std::optional<token_account_facts> token_account_in(const std::optional<account_info>& info) {
  if (!info)
    return std::nullopt;
  // Whoever owns it wrote its data: only a token program's word counts, and that is compared later.
  const auto account = solana::token::decode_account(info->data);
  if (!account)
    return std::nullopt;
  return token_account_facts{info->owner, account->mint, account->owner, domain::token_amount{account->amount}};
}

bool shown_landed(const attempt_facts& a, const chain_facts& seen) {
  const auto status = seen.statuses.find(a.id);
  return status != seen.statuses.end() && status->second && status->second->level == solana::commitment::finalized &&
         !status->second->err && status->second->slot == a.slot;
}

std::optional<movement> movement_in(const transaction_view& t, const order_facts& o, std::uint64_t slot) {
  // A record without any token balance is no record: every transaction of ours moves a token.
  if (t.err || t.slot != slot || (t.pre_token_balances.empty() && t.post_token_balances.empty()))
    return std::nullopt;
  const auto in = t.token_delta(o.order_account);
  const auto out = t.token_delta(o.output_account);
  return movement{slot, in ? in->delta() : 0, out ? out->delta() : 0};
}

template <class T>
std::vector<T> part_of(const std::vector<T>& items, std::size_t first, std::size_t most) {
  const auto begin = items.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min(most, items.size() - first))};
}

}  // namespace

/// Calls that are waited for together.
struct chain_reader::call_group {
  std::size_t open = 0;
  /// Empty once it ran; answers that come later are dropped.
  task then;

  void end() {
    if (auto run = std::exchange(then, nullptr))
      run();
  }
};

/// One read of orders, and what was answered so far.
struct chain_reader::orders_read {
  struct one_endpoint {
    endpoint_snapshot from;
    std::vector<chain_facts> facts;
    std::map<domain::attempt_id, std::optional<signature_status>> statuses = {};
    std::size_t asked = 0;
    std::size_t answered = 0;
  };
  struct one_transaction {
    const order_facts* order;
    const attempt_facts* attempt;
    std::string first_endpoint;
    std::size_t answers = 0;
    std::optional<movement> moved = {};
    bool same = true;
  };
  std::vector<order_facts> orders;
  std::vector<domain::attempt_id> attempts;
  std::vector<solana::signature> signatures;
  std::vector<one_endpoint> endpoints;
  std::vector<one_transaction> transactions;
  read_done<orders_view> done;
};

struct chain_reader::accounts_read {
  struct one_endpoint {
    endpoint_snapshot from;
    std::vector<account_reading> accounts;
    std::size_t asked = 0;
    std::size_t answered = 0;
  };
  std::vector<solana::pubkey> keys;
  std::vector<one_endpoint> endpoints;
  std::size_t open = 0;
  read_done<std::vector<endpoint_readings>> done;
};

/// `take` gets a usable answer, in the actor; without one it is not called.
template <class T, class Start, class Take>
void chain_reader::call(const std::shared_ptr<call_group>& group, Start start, Take take) {
  ++group->open;
  start(rpc_done<T>{[post = poster_.post, group, take = std::move(take)](rpc_result<T> result) {
    post([group, take, result = std::move(result)]() mutable {
      if (!group->then)
        return;
      if (result)
        take(std::move(result).value());
      if (--group->open == 0)
        group->end();
    });
  }});
}

/// Usable is an answer about all `keys`, from a bank no older than what the endpoint itself claims to have finalized.
template <class Take>
void chain_reader::call_accounts(const std::shared_ptr<call_group>& group, const endpoint_snapshot& from,
                                 std::vector<solana::pubkey> keys, Take take) {
  const auto count = keys.size();
  call<accounts_view>(
      group,
      [&](auto answered) {
        from.endpoint->accounts(std::move(keys), solana::commitment::finalized, from.finalized_slot,
                                std::move(answered));
      },
      [oldest = from.finalized_slot, count, take = std::move(take)](const accounts_view& view) {
        if (view.context_slot >= oldest && view.accounts.size() == count)
          take(view);
      });
}

void chain_reader::wait_for(const std::shared_ptr<call_group>& group, task then) {
  group->then = std::move(then);
  if (group->open == 0)
    return group->end();
  poster_.post_after(answer_deadline, [group] { group->end(); });
}

void chain_reader::snapshots(read_done<std::vector<endpoint_snapshot>> done) {
  const auto group = std::make_shared<call_group>();
  const auto found = std::make_shared<std::vector<std::optional<endpoint_snapshot>>>(endpoints_.size());
  for (std::size_t i = 0; i < endpoints_.size(); ++i)
    call<epoch_view>(
        group, [&](auto answered) { endpoints_[i]->epoch_info(solana::commitment::finalized, std::move(answered)); },
        [found, i, api = endpoints_[i].get()](const epoch_view& view) {
          (*found)[i] = endpoint_snapshot{api, view.absolute_slot, view.block_height};
        });
  wait_for(group, [found, done = std::move(done)] {
    std::vector<endpoint_snapshot> list;
    for (const auto& one : *found)
      if (one)
        list.push_back(*one);
    if (list.empty())
      return done(failure{std::string{"no endpoint answers"}});
    std::ranges::stable_sort(list, std::greater<>{}, &endpoint_snapshot::finalized_slot);
    done(std::move(list));
  });
}

void chain_reader::orders(std::vector<order_facts> orders, read_done<orders_view> done) {
  const auto read = std::make_shared<orders_read>();
  read->orders = std::move(orders);
  read->done = std::move(done);
  // The slots come before all else that an endpoint is asked.
  snapshots([this, read](domain::result<std::vector<endpoint_snapshot>, std::string> found) {
    if (!found)
      return read->done(failure{found.error()});
    for (const auto& one : *found)
      read->endpoints.push_back({one, std::vector<chain_facts>(read->orders.size())});
    ask_orders(read);
  });
}

void chain_reader::ask_orders(const std::shared_ptr<orders_read>& read) {
  std::set<domain::attempt_id> seen;
  for (const auto& o : read->orders)
    for (const auto* a : attempts_to_ask(o, read->endpoints.front().from.finalized_block_height))
      if (seen.insert(a->id).second) {
        read->attempts.push_back(a->id);
        read->signatures.push_back(*a->signature);
      }
  const auto group = std::make_shared<call_group>();
  for (std::size_t at = 0; at < read->endpoints.size(); ++at) {
    auto& one = read->endpoints[at];
    for (auto& f : one.facts) {
      f.endpoint = one.from.endpoint->name();
      f.finalized_slot = one.from.finalized_slot;
      f.finalized_block_height = one.from.finalized_block_height;
    }
    ask_accounts(read, group, at);
    ask_statuses(read, group, at);
  }
  wait_for(group, [this, read] {
    for (auto& one : read->endpoints)
      for (std::size_t i = 0; i < read->orders.size(); ++i)
        for (const auto& a : read->orders[i].attempts)
          if (const auto known = one.statuses.find(a.id); known != one.statuses.end())
            one.facts[i].statuses.insert(*known);
    ask_transactions(read);
  });
}

void chain_reader::ask_accounts(const std::shared_ptr<orders_read>& read, const std::shared_ptr<call_group>& group,
                                std::size_t at) {
  auto& one = read->endpoints[at];
  for (std::size_t first = 0; first < read->orders.size(); first += orders_per_call) {
    // Both accounts of an order in one call: they are read in one bank.
    std::vector<solana::pubkey> keys;
    for (std::size_t i = first; i < std::min(read->orders.size(), first + orders_per_call); ++i) {
      keys.push_back(read->orders[i].order_account);
      keys.push_back(read->orders[i].output_account);
    }
    ++one.asked;
    call_accounts(group, one.from, std::move(keys), [read, at, first](const accounts_view& view) {
      auto& from = read->endpoints[at];
      for (std::size_t i = 0; i < view.accounts.size() / 2; ++i)
        from.facts[first + i].accounts = account_facts{view.context_slot, token_account_in(view.accounts[2 * i]),
                                                       token_account_in(view.accounts[2 * i + 1])};
      ++from.answered;
    });
  }
}

void chain_reader::ask_statuses(const std::shared_ptr<orders_read>& read, const std::shared_ptr<call_group>& group,
                                std::size_t at) {
  auto& one = read->endpoints[at];
  for (std::size_t first = 0; first < read->signatures.size(); first += max_statuses_per_call) {
    auto ids = part_of(read->signatures, first, max_statuses_per_call);
    ++one.asked;
    const auto count = ids.size();
    call<statuses_view>(
        group, [&](auto answered) { one.from.endpoint->signature_statuses(std::move(ids), true, std::move(answered)); },
        [read, at, first, count](const statuses_view& view) {
          auto& from = read->endpoints[at];
          if (view.context_slot < from.from.finalized_slot || view.statuses.size() != count)
            return;
          for (std::size_t i = 0; i < count; ++i) {
            const auto& s = view.statuses[i];
            from.statuses[read->attempts[first + i]] =
                s ? std::optional{signature_status{s->slot, s->level, s->err}} : std::nullopt;
          }
          ++from.answered;
        });
  }
}

/// Of landed attempts whose status is right, from as many endpoints as needed.
void chain_reader::ask_transactions(const std::shared_ptr<orders_read>& read) {
  const auto group = std::make_shared<call_group>();
  for (std::size_t i = 0; i < read->orders.size(); ++i) {
    const auto& order = read->orders[i];
    for (const auto& a : order.attempts) {
      if (a.order != order.id || a.outcome != attempt_outcome::landed || a.settled || !a.signature ||
          read->transactions.size() >= max_transactions_)
        continue;
      std::vector<rpc_api*> shown_by;
      for (const auto& one : read->endpoints)
        if (shown_by.size() < needed() && shown_landed(a, one.facts[i]))
          shown_by.push_back(one.from.endpoint);
      if (shown_by.size() < needed())
        continue;
      const auto at = read->transactions.size();
      read->transactions.push_back({&order, &a, shown_by.front()->name()});
      for (auto* endpoint : shown_by)
        call<std::optional<transaction_view>>(
            group,
            [&](auto answered) {
              endpoint->transaction(*a.signature, solana::commitment::finalized, std::move(answered));
            },
            [read, at](const std::optional<transaction_view>& view) {
              auto& one = read->transactions[at];
              const auto moved = view ? movement_in(*view, *one.order, *one.attempt->slot) : std::nullopt;
              one.same = one.same && moved && (!one.moved || *one.moved == *moved);
              one.moved = moved;
              ++one.answers;
            });
    }
  }
  wait_for(group, [this, read] { finish(*read); });
}

void chain_reader::finish(orders_read& read) const {
  orders_view view;
  std::size_t complete = 0;
  for (auto& one : read.endpoints) {
    complete += one.answered == one.asked ? 1 : 0;
    view.endpoints.push_back(std::move(one.facts));
  }
  view.by = quorum_of(complete);
  view.finalized_slot = read.endpoints.front().from.finalized_slot;
  for (const auto& one : read.transactions)
    if (one.answers == needed() && one.same && one.moved)
      view.movements.emplace(one.attempt->id, seen_movement{one.attempt->id, *one.moved, one.first_endpoint});
  read.done(std::move(view));
}

void chain_reader::accounts(std::vector<solana::pubkey> keys, read_done<std::vector<endpoint_readings>> done) {
  const auto read = std::make_shared<accounts_read>();
  read->keys = std::move(keys);
  read->done = std::move(done);
  snapshots([this, read](domain::result<std::vector<endpoint_snapshot>, std::string> found) {
    if (!found)
      return read->done(failure{found.error()});
    for (const auto& one : *found)
      read->endpoints.push_back({one, std::vector<account_reading>(read->keys.size())});
    read->open = read->endpoints.size();
    for (std::size_t at = 0; at < read->endpoints.size(); ++at)
      next_accounts(read, at);
  });
}

/// The next calls to one endpoint; after one without a usable answer it is asked no more.
void chain_reader::next_accounts(const std::shared_ptr<accounts_read>& read, std::size_t at) {
  auto& one = read->endpoints[at];
  if (one.answered != one.asked || one.asked == read->keys.size())
    return end_of_one(*read);
  const auto group = std::make_shared<call_group>();
  for (std::size_t calls = 0; calls < account_calls_at_once && one.asked < read->keys.size(); ++calls) {
    auto keys = part_of(read->keys, one.asked, max_accounts_per_call);
    const auto first = one.asked;
    one.asked += keys.size();
    call_accounts(group, one.from, std::move(keys), [read, at, first](const accounts_view& view) {
      auto& from = read->endpoints[at];
      for (std::size_t i = 0; i < view.accounts.size(); ++i)
        from.accounts[first + i] = {view.context_slot, token_account_in(view.accounts[i])};
      from.answered += view.accounts.size();
    });
  }
  wait_for(group, [this, read, at] { next_accounts(read, at); });
}

void chain_reader::end_of_one(accounts_read& read) {
  if (--read.open > 0)
    return;
  std::vector<endpoint_readings> readings;
  for (auto& one : read.endpoints)
    if (one.answered == read.keys.size())
      readings.push_back({one.from.endpoint->name(), std::move(one.accounts)});
  if (readings.empty())
    return read.done(failure{std::string{"no endpoint shows the accounts"}});
  read.done(std::move(readings));
}

}  // namespace landfall::executor::verify
