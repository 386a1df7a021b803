#include "executor-service/verify/verify_once.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <chrono>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "common/runtime/actor_system.hpp"
#include "executor-service/verify/checker.hpp"

namespace landfall::executor::verify {

namespace {

/// How long a later finalized slot is waited for before what was found is checked again.
constexpr std::chrono::milliseconds later_slot_wait{10'000};
constexpr std::chrono::milliseconds later_slot_poll{200};
constexpr std::chrono::milliseconds stop_bound{1'000};
constexpr int orders_a_page = 50;

/// Only what is found again stays.
void keep_confirmed(std::vector<finding>& found, const std::vector<finding>& again) {
  std::set<std::pair<finding_kind, std::string>> confirmed;
  for (const auto& f : again)
    confirmed.emplace(f.kind, f.subject);
  std::erase_if(found, [&](const finding& f) { return !confirmed.contains({f.kind, f.subject}); });
}

std::vector<finding> findings_of(const sum_comparison& sums) {
  std::vector<finding> list;
  for (const auto& f : sums.found)
    list.push_back(f.what);
  return list;
}

/// A blocking client of the checker. Whatever gets no answer stands in the summary's `trouble`.
class single_pass {
public:
  single_pass(caf::actor_system& system, checker_actor checker, database_actor database)
      : me_(system), checker_(std::move(checker)), database_(std::move(database)) {}

  summary over_all() {
    std::optional<domain::order_id> after;
    do {
      const auto page = ask<order_ids>(database_, orders_page{after, orders_a_page});
      if (!page || !check(page->ids))
        return std::move(out_);
      after = page->ids.size() == orders_a_page ? std::optional{page->ids.back()} : std::nullopt;
    } while (after);
    confirm_orders();
    over_deposits();
    over_sums();
    return std::move(out_);
  }

  summary over_order(const domain::order_id& id) {
    if (!check({id}))
      return std::move(out_);
    if (out_.orders + out_.orders_in_flight == 0)
      out_.trouble = "there is no order " + id.to_string();
    else
      confirm_orders();
    return std::move(out_);
  }

private:
  template <class Reply, class Whom, class Request>
  std::optional<Reply> ask(const Whom& whom, Request request) {
    std::optional<Reply> answer;
    me_->request(whom, caf::infinite, std::move(request))
        .receive([&](Reply& reply) { answer = std::move(reply); },
                 [&](const caf::error& e) { out_.trouble = sentence(e); });
    return answer;
  }

  bool check(const std::vector<domain::order_id>& ids) {
    auto checked = ask<orders_checked>(checker_, check_orders{ids});
    if (!checked)
      return false;
    auto& result = checked->result;
    out_.orders += result.orders;
    out_.attempts += result.attempts;
    out_.orders_in_flight += result.in_flight;
    slot_ = std::max(slot_, checked->finalized_slot);
    std::ranges::move(result.judged.found, std::back_inserter(out_.findings));
    add(result.judged.disputed, checked->by);
    return true;
  }

  /// Too few endpoints are no finding, and yet nothing that is clean.
  void add(const std::vector<disputed_question>& disputed, const std::optional<quorum>& by) {
    out_.disputed.insert(out_.disputed.end(), disputed.begin(), disputed.end());
    if (by && out_.trouble.empty())
      out_.trouble = by->shortage();
  }

  void wait_for_later_slot() {
    const auto deadline = std::chrono::steady_clock::now() + later_slot_wait;
    const auto trouble = out_.trouble;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto now = ask<finalized_slot>(checker_, read_finalized_slot{});
      if (now && now->slot > slot_)
        break;
      std::this_thread::sleep_for(later_slot_poll);
    }
    // Who does not answer here does not answer the second check either.
    out_.trouble = trouble;
  }

  void confirm_orders() {
    std::set<domain::order_id> doubtful;
    for (const auto& f : out_.findings)
      if (f.order)
        doubtful.insert(*f.order);
    if (doubtful.empty())
      return;
    wait_for_later_slot();
    if (const auto again = ask<orders_checked>(checker_, check_orders{{doubtful.begin(), doubtful.end()}}))
      keep_confirmed(out_.findings, again->result.judged.found);
  }

  void over_deposits() {
    std::optional<domain::deposit_request_id> after;
    do {
      const auto page =
          ask<unclaimed_deposits>(database_, deposits_page{after, static_cast<int>(max_accounts_per_call)});
      if (!page)
        return;
      const auto& list = page->deposits;
      after = list.size() == max_accounts_per_call ? std::optional{list.back().id} : std::nullopt;
      auto checked = ask<deposits_checked>(checker_, check_deposits{list});
      if (checked && !checked->judged.found.empty()) {
        wait_for_later_slot();
        auto found = std::move(checked->judged.found);
        checked = ask<deposits_checked>(checker_, check_deposits{list});
        if (checked)
          keep_confirmed(found, checked->judged.found);
        std::ranges::move(found, std::back_inserter(out_.findings));
      }
      if (checked)
        add(checked->judged.disputed, checked->by);
    } while (after);
  }

  void over_sums() {
    auto checked = ask<sums_checked>(checker_, check_sums{});
    if (!checked)
      return;
    out_.sums = std::move(checked->result.rows);
    add(checked->result.disputed, checked->by);
    auto found = findings_of(checked->result);
    if (!found.empty()) {
      wait_for_later_slot();
      if (const auto again = ask<sums_checked>(checker_, check_sums{}))
        keep_confirmed(found, findings_of(again->result));
    }
    std::ranges::move(found, std::back_inserter(out_.findings));
  }

  caf::scoped_actor me_;
  checker_actor checker_;
  database_actor database_;
  /// Up to which what was found is known.
  std::uint64_t slot_ = 0;
  summary out_;
};

}  // namespace

summary verify_once(const postgres::database::options& database, std::vector<std::shared_ptr<rpc_api>> endpoints,
                    std::optional<domain::order_id> order) {
  caf::actor_system_config config;
  runtime::configure_actor_system(config, 1);
  caf::actor_system system{config};
  auto reads = spawn_database(system, {database, {}, {}});
  checker_config checks;
  checks.max_transactions = 2 * orders_a_page;
  auto checker = spawn_checker(system, checks, reads, std::move(endpoints));
  auto out = [&] {
    single_pass pass{system, checker, reads};
    return order ? pass.over_order(*order) : pass.over_all();
  }();
  std::vector<caf::strong_actor_ptr> actors{caf::actor_cast<caf::strong_actor_ptr>(std::exchange(checker, nullptr)),
                                            caf::actor_cast<caf::strong_actor_ptr>(std::exchange(reads, nullptr))};
  runtime::stop_actors(system, std::move(actors), stop_bound);
  return out;
}

}  // namespace landfall::executor::verify
