#include "executor-service/verify/chain_reader.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "common/solana/token.hpp"

namespace landfall::executor {

using domain::failure;
using verify::chain_facts;
using verify::order_facts;

namespace {

constexpr std::size_t orders_per_call = max_accounts_per_call / 2;

std::optional<verify::token_account_facts> token_account_in(const std::optional<account_info>& info) {
  if (!info)
    return std::nullopt;
  // Whoever owns it wrote its data: only a token program's word counts, and that is compared later.
  const auto account = solana::token::decode_account(info->data);
  if (!account)
    return std::nullopt;
  return verify::token_account_facts{info->owner, account->mint, account->owner, domain::token_amount{account->amount}};
}

bool shown_landed(const verify::attempt_facts& a, const chain_facts& seen) {
  const auto status = seen.statuses.find(a.id);
  return status != seen.statuses.end() && status->second && status->second->level == solana::commitment::finalized &&
         !status->second->err && status->second->slot == a.slot;
}

std::optional<verify::movement> movement_in(const transaction_view& t, const order_facts& o, std::uint64_t slot) {
  // A record without any token balance is no record: every transaction of ours moves a token.
  if (t.err || t.slot != slot || (t.pre_token_balances.empty() && t.post_token_balances.empty()))
    return std::nullopt;
  const auto in = t.token_delta(o.order_account);
  const auto out = t.token_delta(o.output_account);
  return verify::movement{slot, in ? in->delta() : 0, out ? out->delta() : 0};
}

/// An account on which something was stored since tells nothing.
void leave_out_changed(std::vector<verify::booked_account>& accounts,
                       const std::vector<verify::booked_account>& after) {
  std::map<solana::pubkey, const verify::booked_account*> now;
  for (const auto& a : after)
    now.emplace(a.account, &a);
  for (auto& a : accounts) {
    const auto same = now.find(a.account);
    if (same == now.end() || *same->second != a)
      a.in_flight = true;
  }
}

}  // namespace

seen_or_trouble<std::vector<eye>> reader::open_eyes() const {
  std::vector<caller::pending<epoch_view>> answers;
  for (const auto& e : endpoints_)
    answers.push_back(
        caller::start<epoch_view>([&](auto done) { e->epoch_info(commitment::finalized, std::move(done)); }));
  std::vector<eye> eyes;
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (const auto view = calls_.wait(answers[i]))
      eyes.push_back({endpoints_[i].get(), view->absolute_slot, view->block_height});
  if (eyes.empty())
    return failure{std::string{"no endpoint answers"}};
  std::stable_sort(eyes.begin(), eyes.end(),
                   [](const eye& a, const eye& b) { return a.finalized_slot > b.finalized_slot; });
  return eyes;
}

seen_or_trouble<look_result> reader::look(const std::vector<domain::order_id>& ids) {
  look_result out;
  if (ids.empty())
    return out;
  // What is stored comes first, so that the chain cannot be behind it without showing; the slots come before all else
  // that an endpoint says.
  auto before = store_.load(ids);
  if (!before.ok())
    return failure{before.error().message};
  const auto eyes = open_eyes();
  if (!eyes)
    return failure{eyes.error()};
  out.finalized_slot = eyes->front().finalized_slot;
  std::vector<std::vector<chain_facts>> views;
  std::size_t complete = 0;
  for (auto& starting : start_views(*before, *eyes)) {
    views.push_back(finish(*before, starting));
    complete += starting.complete ? 1 : 0;
  }
  out.by = witnessed_by(complete);
  auto moved = movements(*before, views, *eyes);
  // Whatever changed meanwhile was in flight: its turn comes again.
  const auto after = store_.load(ids);
  if (!after.ok())
    return failure{after.error().message};
  if (calls_.stopped())
    return failure{std::string{"stopped"}};
  std::map<domain::order_id, const order_facts*> now;
  for (const auto& o : *after)
    now.emplace(o.id, &o);
  for (std::size_t i = 0; i < before->size(); ++i) {
    auto& stored = (*before)[i];
    const auto same = now.find(stored.id);
    if (same == now.end() || *same->second != stored) {
      ++out.in_flight;
      continue;
    }
    ++out.orders;
    out.attempts += stored.attempts.size();
    for (auto& a : stored.attempts) {
      const auto found = moved.find(a.id);
      if (found == moved.end())
        continue;
      a.moved = found->second.moved;
      if (a.order == stored.id)
        out.movements.push_back(found->second);
    }
    std::vector<std::vector<verify::check>> answers;
    for (const auto& view : views)
      answers.push_back(verify::verify(stored, view[i]));
    auto judged = verify::judge(answers, needed());
    std::move(judged.found.begin(), judged.found.end(), std::back_inserter(out.judged.found));
    std::move(judged.right.begin(), judged.right.end(), std::back_inserter(out.judged.right));
    std::move(judged.disputed.begin(), judged.disputed.end(), std::back_inserter(out.judged.disputed));
  }
  return out;
}

seen_or_trouble<deposits_result> reader::deposits(const std::vector<verify::unclaimed_deposit>& list) {
  if (list.empty())
    return deposits_result{};
  const auto eyes = open_eyes();
  if (!eyes)
    return failure{eyes.error()};
  std::vector<solana::pubkey> keys;
  for (const auto& deposit : list)
    keys.push_back(deposit.order_account);
  std::vector<std::vector<verify::check>> answers;
  for (const auto& e : *eyes) {
    const auto read = readings_of(keys, e);
    if (!read)
      continue;
    auto& checks = answers.emplace_back();
    for (std::size_t i = 0; i < list.size(); ++i)
      checks.push_back(verify::check_of(list[i], (*read)[i], e.endpoint->name()));
  }
  if (answers.empty())
    return failure{std::string{"no endpoint shows the accounts"}};
  return deposits_result{verify::judge(answers, needed()), witnessed_by(answers.size())};
}

seen_or_trouble<sums_result> reader::sums(std::size_t max_accounts) {
  sums_result out;
  const auto before = store_.booked_accounts(max_accounts);
  if (!before.ok())
    return failure{before.error().message};
  out.complete = before->size() < max_accounts;
  const auto eyes = open_eyes();
  if (!eyes)
    return failure{eyes.error()};
  std::vector<solana::pubkey> keys;
  for (const auto& a : *before)
    keys.push_back(a.account);
  std::vector<std::pair<std::string, std::vector<verify::account_reading>>> readings;
  for (const auto& e : *eyes)
    if (auto read = readings_of(keys, e))
      readings.emplace_back(e.endpoint->name(), std::move(*read));
  if (readings.empty())
    return failure{std::string{"no endpoint shows the accounts"}};
  auto accounts = *before;
  if (anything_short(accounts, readings)) {
    const auto after = store_.booked_accounts(max_accounts);
    if (!after.ok())
      return failure{after.error().message};
    leave_out_changed(accounts, *after);
  }
  std::vector<std::vector<verify::check>> answers;
  struct shortfalls {
    const verify::sum_line* line = nullptr;
    /// By each endpoint that has such a line.
    std::vector<domain::int128> of_each;
  };
  std::map<std::string, shortfalls> by_subject;
  std::vector<std::vector<verify::sum_line>> lines;
  for (const auto& [name, read] : readings) {
    lines.push_back(verify::add_up(accounts, read));
    auto& checks = answers.emplace_back();
    for (const auto& line : lines.back())
      checks.push_back(verify::check_of(line, name, dust_));
  }
  for (const auto& of_one : lines)
    for (const auto& line : of_one) {
      const auto subject = verify::check_of(line, {}, dust_).subject;
      auto& all = by_subject[subject];
      all.line = all.line == nullptr ? &line : all.line;
      all.of_each.push_back(line.shortfall);
    }
  // A token of which nothing is left has no line: what was short of it is at rest.
  const auto open = store_.open_sums();
  if (!open.ok())
    return failure{open.error().message};
  auto judged = verify::judge(answers, needed());
  for (auto& f : judged.found) {
    // What as many as needed say lacks at least.
    auto& [line, of_each] = by_subject.at(f.subject);
    std::sort(of_each.begin(), of_each.end(), std::greater<>{});
    const auto lacking = of_each[std::min(needed(), of_each.size()) - 1];
    out.found.push_back({std::move(f), line->mint, line->of, lacking});
  }
  out.right = std::move(judged.right);
  out.disputed = std::move(judged.disputed);
  out.by = witnessed_by(readings.size());
  if (readings.size() >= needed())
    for (const auto& subject : *open)
      if (!by_subject.contains(subject))
        out.right.push_back({verify::finding_kind::sum_short, subject});
  out.lines = std::move(lines.front());
  return out;
}

std::string witnesses::too_few() const {
  if (answered >= needed)
    return {};
  return std::to_string(answered) + " of " + std::to_string(configured) + " endpoints answered, and " +
         std::to_string(needed) + " have to agree: nothing is held or halted";
}

std::size_t reader::needed() const {
  return std::min<std::size_t>(2, endpoints_.size());
}

std::vector<reader::starting_view> reader::start_views(const std::vector<order_facts>& orders,
                                                       const std::vector<eye>& eyes) {
  std::vector<domain::attempt_id> asked;
  std::vector<solana::signature> signatures;
  std::set<domain::attempt_id> seen;
  for (const auto& o : orders)
    for (const auto* a : verify::attempts_to_ask(o, eyes.front().finalized_block_height))
      if (seen.insert(a->id).second) {
        asked.push_back(a->id);
        signatures.push_back(*a->signature);
      }
  std::vector<starting_view> views;
  for (const auto& e : eyes) {
    auto& view = views.emplace_back();
    view.from = e;
    view.asked = asked;
    for (std::size_t at = 0; at < orders.size(); at += orders_per_call) {
      // Both accounts of an order in one call: they are read in one bank.
      std::vector<solana::pubkey> keys;
      for (std::size_t i = at; i < std::min(orders.size(), at + orders_per_call); ++i) {
        keys.push_back(orders[i].order_account);
        keys.push_back(orders[i].output_account);
      }
      view.accounts.push_back(caller::start<accounts_view>([&](auto done) {
        e.endpoint->accounts(std::move(keys), commitment::finalized, e.finalized_slot, std::move(done));
      }));
    }
    for (std::size_t at = 0; at < signatures.size(); at += max_statuses_per_call) {
      const auto end = std::min(signatures.size(), at + max_statuses_per_call);
      std::vector<solana::signature> part{signatures.begin() + static_cast<std::ptrdiff_t>(at),
                                          signatures.begin() + static_cast<std::ptrdiff_t>(end)};
      view.statuses.push_back(caller::start<statuses_view>(
          [&](auto done) { e.endpoint->signature_statuses(std::move(part), true, std::move(done)); }));
    }
  }
  return views;
}

std::vector<chain_facts> reader::finish(const std::vector<order_facts>& orders, starting_view& view) const {
  std::vector<chain_facts> facts(orders.size());
  for (auto& f : facts) {
    f.endpoint = view.from.endpoint->name();
    f.finalized_slot = view.from.finalized_slot;
    f.finalized_block_height = view.from.finalized_block_height;
  }
  for (std::size_t call = 0; call < view.accounts.size(); ++call) {
    const auto read = calls_.wait(view.accounts[call]);
    const auto first = call * orders_per_call;
    const auto count = std::min(orders.size() - first, orders_per_call);
    // No older bank than the endpoint itself claims to have finalized, and no short reply.
    if (!read || read->context_slot < view.from.finalized_slot || read->accounts.size() != 2 * count) {
      view.complete = false;
      continue;
    }
    for (std::size_t i = 0; i < count; ++i)
      facts[first + i].accounts = verify::account_facts{read->context_slot, token_account_in(read->accounts[2 * i]),
                                                        token_account_in(read->accounts[2 * i + 1])};
  }
  std::map<domain::attempt_id, std::optional<signature_status>> statuses;
  for (std::size_t call = 0; call < view.statuses.size(); ++call) {
    const auto read = calls_.wait(view.statuses[call]);
    const auto first = call * max_statuses_per_call;
    const auto count = std::min(view.asked.size() - first, max_statuses_per_call);
    if (!read || read->context_slot < view.from.finalized_slot || read->statuses.size() != count) {
      view.complete = false;
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto& s = read->statuses[i];
      statuses[view.asked[first + i]] = s ? std::optional{signature_status{s->slot, s->level, s->err}} : std::nullopt;
    }
  }
  for (std::size_t i = 0; i < orders.size(); ++i)
    for (const auto& a : orders[i].attempts)
      if (const auto at = statuses.find(a.id); at != statuses.end())
        facts[i].statuses.insert(*at);
  return facts;
}

std::map<domain::attempt_id, verify_store::seen_movement> reader::movements(
    const std::vector<order_facts>& orders, const std::vector<std::vector<chain_facts>>& views,
    const std::vector<eye>& eyes) const {
  struct asked {
    const order_facts* order;
    const verify::attempt_facts* attempt;
    std::vector<std::string> names;
    std::vector<caller::pending<std::optional<transaction_view>>> answers;
  };
  std::vector<asked> list;
  for (std::size_t i = 0; i < orders.size() && list.size() < max_transactions_; ++i) {
    for (const auto& a : orders[i].attempts) {
      if (a.order != orders[i].id || a.outcome != attempt_outcome::landed || a.settled || !a.signature ||
          list.size() >= max_transactions_)
        continue;
      asked one{&orders[i], &a, {}, {}};
      for (std::size_t e = 0; e < eyes.size() && one.names.size() < needed(); ++e) {
        if (!shown_landed(a, views[e][i]))
          continue;
        one.names.push_back(eyes[e].endpoint->name());
        one.answers.push_back(caller::start<std::optional<transaction_view>>(
            [&](auto done) { eyes[e].endpoint->transaction(*a.signature, commitment::finalized, std::move(done)); }));
      }
      if (one.names.size() == needed())
        list.push_back(std::move(one));
    }
  }
  std::map<domain::attempt_id, verify_store::seen_movement> found;
  for (auto& one : list) {
    std::optional<verify::movement> agreed;
    bool same = true;
    for (auto& answer : one.answers) {
      const auto view = calls_.wait(answer);
      const auto moved = view && *view ? movement_in(**view, *one.order, *one.attempt->slot) : std::nullopt;
      same = same && moved && (!agreed || *agreed == *moved);
      agreed = moved;
    }
    if (same && agreed)
      found.emplace(one.attempt->id, verify_store::seen_movement{one.attempt->id, *agreed, one.names.front()});
  }
  return found;
}

std::optional<std::vector<verify::account_reading>> reader::readings_of(const std::vector<solana::pubkey>& accounts,
                                                                        const eye& from) const {
  constexpr std::size_t calls_at_once = 8;
  std::vector<verify::account_reading> readings;
  readings.reserve(accounts.size());
  for (std::size_t at = 0; at < accounts.size(); at += calls_at_once * max_accounts_per_call) {
    std::vector<std::pair<std::size_t, caller::pending<accounts_view>>> calls;
    const auto round_end = std::min(accounts.size(), at + calls_at_once * max_accounts_per_call);
    for (std::size_t first = at; first < round_end; first += max_accounts_per_call) {
      std::vector<solana::pubkey> keys;
      for (std::size_t i = first; i < std::min(round_end, first + max_accounts_per_call); ++i)
        keys.push_back(accounts[i]);
      const auto count = keys.size();
      calls.emplace_back(count, caller::start<accounts_view>([&](auto done) {
                           from.endpoint->accounts(std::move(keys), commitment::finalized, from.finalized_slot,
                                                   std::move(done));
                         }));
    }
    for (auto& [count, call] : calls) {
      const auto read = calls_.wait(call);
      if (!read || read->context_slot < from.finalized_slot || read->accounts.size() != count)
        return std::nullopt;
      for (const auto& info : read->accounts)
        readings.push_back({read->context_slot, token_account_in(info)});
    }
  }
  return readings;
}

bool reader::anything_short(
    const std::vector<verify::booked_account>& accounts,
    const std::vector<std::pair<std::string, std::vector<verify::account_reading>>>& readings) const {
  for (const auto& [name, read] : readings)
    for (const auto& line : verify::add_up(accounts, read))
      if (line.shortfall > dust_)
        return true;
  return false;
}

}  // namespace landfall::executor
