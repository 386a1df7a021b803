#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

#include "executor-service/verify/chain_reader.hpp"
#include "executor-service/verify/verifier_actor.hpp"
#include "executor-service/verify/verify_store.hpp"

// Once, for the operator's command line.
namespace landfall::executor {

using verify::finding;

namespace {

/// How long `verify_once` waits for a later finalized slot before it looks again at what it found.
constexpr std::chrono::milliseconds second_look_wait{10'000};
constexpr std::chrono::milliseconds second_look_poll{200};
constexpr int once_batch = 50;

using question = std::pair<verify::finding_kind, std::string>;

std::set<question> questions(const std::vector<finding>& found) {
  std::set<question> list;
  for (const auto& f : found)
    list.emplace(f.kind, f.subject);
  return list;
}

/// Only what is found again stays.
void keep_confirmed(std::vector<finding>& found, const std::vector<finding>& again) {
  const auto confirmed = questions(again);
  std::erase_if(found, [&](const finding& f) { return !confirmed.contains({f.kind, f.subject}); });
}

std::vector<finding> findings_of(const sums_result& sums) {
  std::vector<finding> list;
  for (const auto& f : sums.found)
    list.push_back(f.what);
  return list;
}

void append(std::vector<verify::disputed_question>& list, const std::vector<verify::disputed_question>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

void wait_for_later_slot(const reader& eyes, std::uint64_t slot) {
  const auto deadline = std::chrono::steady_clock::now() + second_look_wait;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto open = eyes.open_eyes();
    if (open && open->front().finalized_slot > slot)
      return;
    std::this_thread::sleep_for(second_look_poll);
  }
}

/// An agreement that was not to be had is no finding, and yet nothing that is clean.
void note_witnesses(const std::optional<witnesses>& by, verify_summary& out) {
  if (by && out.trouble.empty())
    out.trouble = by->too_few();
}

/// Adds the deposits that no order was made of; what goes wrong is told in `out.trouble`.
void deposits_once(verify_store& store, reader& eyes, std::uint64_t slot, verify_summary& out) {
  std::optional<domain::deposit_request_id> after;
  do {
    const auto page = store.unclaimed_deposits(after, static_cast<int>(max_accounts_per_call));
    if (!page.ok()) {
      out.trouble = page.error().message;
      return;
    }
    after = page->size() == max_accounts_per_call ? std::optional{page->back().id} : std::nullopt;
    auto seen = eyes.deposits(*page);
    if (seen && !seen->judged.found.empty()) {
      wait_for_later_slot(eyes, slot);
      auto found = std::move(seen->judged.found);
      seen = eyes.deposits(*page);
      if (seen)
        keep_confirmed(found, seen->judged.found);
      std::move(found.begin(), found.end(), std::back_inserter(out.findings));
    }
    if (!seen) {
      out.trouble = seen.error();
      continue;
    }
    append(out.disputed, seen->judged.disputed);
    note_witnesses(seen->by, out);
  } while (after);
}

}  // namespace

verify_summary verify_once(const postgres::database::options& database, std::vector<std::shared_ptr<rpc_api>> endpoints,
                           const verify_request& request) {
  verify_summary out;
  verify_store store{database};
  reader eyes{store, std::move(endpoints), {}, 2 * once_batch, 0};
  std::uint64_t slot = 0;
  std::optional<domain::order_id> after;
  do {
    std::vector<domain::order_id> ids;
    if (request.order) {
      ids = {*request.order};
    } else {
      auto page = store.all(after, once_batch);
      if (!page.ok()) {
        out.trouble = page.error().message;
        return out;
      }
      ids = std::move(*page);
      after = ids.size() == static_cast<std::size_t>(once_batch) ? std::optional{ids.back()} : std::nullopt;
    }
    auto seen = eyes.look(ids);
    if (!seen) {
      out.trouble = seen.error();
      return out;
    }
    if (request.order && seen->orders + seen->in_flight == 0) {
      out.trouble = "there is no order " + request.order->to_string();
      return out;
    }
    out.orders += seen->orders;
    out.attempts += seen->attempts;
    out.orders_in_flight += seen->in_flight;
    slot = std::max(slot, seen->finalized_slot);
    std::move(seen->judged.found.begin(), seen->judged.found.end(), std::back_inserter(out.findings));
    append(out.disputed, seen->judged.disputed);
    note_witnesses(seen->by, out);
  } while (after);

  std::vector<domain::order_id> doubtful;
  std::set<domain::order_id> known;
  for (const auto& f : out.findings)
    if (f.order && known.insert(*f.order).second)
      doubtful.push_back(*f.order);
  if (!doubtful.empty()) {
    wait_for_later_slot(eyes, slot);
    const auto again = eyes.look(doubtful);
    if (!again)
      out.trouble = again.error();
    else
      keep_confirmed(out.findings, again->judged.found);
  }
  if (request.order)
    return out;

  deposits_once(store, eyes, slot, out);
  auto sums = eyes.sums(verifier_config{}.max_sum_accounts);
  if (!sums) {
    out.trouble = sums.error();
    return out;
  }
  out.sums = sums->lines;
  append(out.disputed, sums->disputed);
  note_witnesses(sums->by, out);
  auto short_sums = findings_of(*sums);
  if (!short_sums.empty()) {
    wait_for_later_slot(eyes, slot);
    const auto again = eyes.sums(verifier_config{}.max_sum_accounts);
    if (!again)
      out.trouble = again.error();
    else
      keep_confirmed(short_sums, findings_of(*again));
  }
  std::move(short_sums.begin(), short_sums.end(), std::back_inserter(out.findings));
  return out;
}

}  // namespace landfall::executor
