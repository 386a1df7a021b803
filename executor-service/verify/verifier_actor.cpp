#include "executor-service/verify/verifier_actor.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "common/runtime/log.hpp"
#include "executor-service/verify/chain_reader.hpp"
#include "executor-service/verify/verify_store.hpp"

namespace landfall::executor {

using domain::failure;
using verify::finding;

namespace {

constexpr domain::milliseconds just_landed_within{3'600'000};
/// Between two lines of the log that tell of endpoints that contradict each other about the same kind of question.
constexpr domain::milliseconds disputes_told_every{3'600'000};

}  // namespace

domain::result<domain::done, std::string> verifier_config::validate() const {
  if (pace <= domain::milliseconds{0} || sum_pace <= domain::milliseconds{0})
    return failure{std::string{"the verifier's paces have to be above 0"}};
  if (deposits < 2 || static_cast<std::size_t>(deposits) > max_accounts_per_call)
    return failure{"the verifier looks at 2 to " + std::to_string(max_accounts_per_call) + " deposits at once"};
  if (batch < 4 || max_transactions == 0 || max_sum_accounts == 0)
    return failure{std::string{"the verifier looks at 4 orders, a transaction and an account at least"}};
  if (policy.looks_before_hold < 2 || policy.looks_before_halt < 2)
    return failure{std::string{"one look alone neither holds an order nor halts signing"}};
  return domain::done{};
}

struct verifier::impl {
  verifier_config config;
  const runtime::clock& clock;
  verifier_reports reports;
  verify_store store;
  reader eyes;

  std::optional<domain::order_id> after_unsettled;
  std::optional<domain::order_id> after_all;
  std::optional<domain::deposit_request_id> after_deposit;
  domain::utc_time pass_began;
  std::map<std::string, bool> trouble;
  /// By part of the work, why nothing can follow from what is found.
  std::map<std::string, std::string> too_few;
  std::map<verify::finding_kind, domain::utc_time> disputes_told;

  runtime::counter_handle orders;
  runtime::counter_handle attempts;
  runtime::counter_handle in_flight;
  runtime::counter_handle holds;
  runtime::counter_handle halts;
  runtime::counter_handle failures;
  runtime::counter_handle passes;
  runtime::gauge_handle pass_seconds;
  runtime::gauge_handle finalized_slot;
  runtime::gauge_handle open_money;
  runtime::gauge_handle open_others;
  runtime::gauge_handle halted;

  impl(verifier_config c, std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& time,
       verifier_reports r)
      : config(std::move(c)),
        clock(time),
        reports(std::move(r)),
        store(config.database),
        eyes(store, std::move(endpoints), config.stop, config.max_transactions, config.dust),
        pass_began(clock.now()) {
    if (reports.metrics == nullptr)
      return;
    auto& m = *reports.metrics;
    orders = m.counter("landfall_verifier_orders_looked_at_total", "Orders compared with the finalized chain.");
    attempts = m.counter("landfall_verifier_attempts_looked_at_total", "Attempts of those orders.");
    in_flight = m.counter("landfall_verifier_orders_in_flight_total", "Orders that moved while they were looked at.");
    holds = m.counter("landfall_verifier_holds_total", "Orders held.");
    halts = m.counter("landfall_verifier_halts_total", "Halts of all new signing.");
    failures = m.counter("landfall_verifier_failures_total", "Looks to which database or endpoints gave no answer.");
    passes = m.counter("landfall_verifier_passes_total", "Walks over all orders that were finished.");
    pass_seconds = m.gauge("landfall_verifier_pass_seconds", "How long the last walk over all orders took.");
    finalized_slot = m.gauge("landfall_verifier_finalized_slot", "Highest finalized slot of the last look.");
    open_money = m.gauge("landfall_verifier_open_discrepancies", "Open discrepancies.", {{"touches_money", "true"}});
    open_others = m.gauge("landfall_verifier_open_discrepancies", "Open discrepancies.", {{"touches_money", "false"}});
    halted = m.gauge("landfall_verifier_signing_halted", "1 while all new signing is halted.");
  }

  /// `about` is the part of the work: its first trouble and its end are logged, not each one between.
  bool troubled(const std::string& about, const std::string& why) {
    failures.inc();
    if (!std::exchange(trouble[about], true))
      runtime::log_warn("verifier_cannot_look", {{"at", about}, {"why", why}});
    if (reports.health != nullptr)
      reports.health->set(reports.health_check, false, about + ": " + why);
    return false;
  }

  /// `by`: nothing where no endpoint was asked, which changes nothing. Too few of them are logged once, as trouble is.
  bool worked(const std::string& about, const std::optional<witnesses>& by) {
    if (std::exchange(trouble[about], false))
      runtime::log_info("verifier_looks_again", {{"at", about}});
    if (by) {
      auto why = by->too_few();
      const bool was = too_few.contains(about);
      if (!why.empty() && !was)
        runtime::log_warn("verifier_cannot_judge", {{"at", about}, {"why", why}});
      if (why.empty() && was)
        runtime::log_info("verifier_judges_again", {{"at", about}});
      if (why.empty())
        too_few.erase(about);
      else
        too_few[about] = std::move(why);
    }
    const bool all_answer = std::none_of(trouble.begin(), trouble.end(), [](const auto& t) { return t.second; });
    if (reports.health == nullptr || !all_answer)
      return true;
    const bool all_well = too_few.empty();
    reports.health->set(reports.health_check, all_well,
                        all_well ? std::string{} : too_few.begin()->first + ": " + too_few.begin()->second);
    return true;
  }

  void tell_disputes(const std::vector<verify::disputed_question>& disputed) {
    const auto now = clock.now();
    for (const auto& q : disputed) {
      const std::string kind{to_string(q.kind)};
      if (reports.metrics != nullptr)
        reports.metrics
            ->counter("landfall_verifier_disputes_total",
                      "Questions on which endpoints contradict each other, each time that they were asked.",
                      {{"kind", kind}})
            .inc();
      const auto told = disputes_told.find(q.kind);
      if (told != disputes_told.end() && now - told->second < disputes_told_every)
        continue;
      disputes_told[q.kind] = now;
      runtime::log_warn("endpoints_disagree", {{"kind", kind},
                                               {"subject", q.subject},
                                               {"found_by", verify::to_list(q.found_by)},
                                               {"right_by", verify::to_list(q.right_by)}});
    }
  }

  /// Orders of the next look; an error is the database's sentence.
  domain::result<std::vector<domain::order_id>, std::string> next_orders() {
    std::vector<domain::order_id> ids;
    std::set<domain::order_id> known;
    const auto take = [&](const std::vector<domain::order_id>& more) {
      for (const auto& id : more)
        if (known.insert(id).second)
          ids.push_back(id);
    };
    const int quarter = config.batch / 4;
    const auto wrong = store.with_findings(quarter);
    if (!wrong.ok())
      return failure{wrong.error().message};
    take(*wrong);
    const auto fresh = store.just_landed(just_landed_within, quarter);
    if (!fresh.ok())
      return failure{fresh.error().message};
    take(*fresh);
    const auto moving = store.unsettled(after_unsettled, quarter);
    if (!moving.ok())
      return failure{moving.error().message};
    take(*moving);
    const auto any = store.all(after_all, quarter);
    if (!any.ok())
      return failure{any.error().message};
    take(*any);
    const auto full = [&](const auto& page) { return page.size() == static_cast<std::size_t>(quarter); };
    after_unsettled = full(*moving) ? std::optional{moving->back()} : std::nullopt;
    after_all = full(*any) ? std::optional{any->back()} : std::nullopt;
    return ids;
  }

  void tell(const std::vector<finding>& found, const verify_store::recorded& stored) {
    std::set<std::pair<verify::finding_kind, std::string>> is_new;
    for (const auto& o : stored.opened)
      is_new.emplace(o.kind, o.subject);
    for (const auto& f : found) {
      if (!is_new.contains({f.kind, f.subject}))
        continue;
      if (reports.metrics != nullptr)
        reports.metrics
            ->counter("landfall_verifier_findings_total", "Discrepancies found.",
                      {{"kind", std::string{to_string(f.kind)}}})
            .inc();
      runtime::log(f.money ? runtime::level::error : runtime::level::warn, "discrepancy_found",
                   {{"kind", to_string(f.kind)},
                    {"subject", f.subject},
                    {"order_id", f.order ? f.order->to_string() : std::string{}},
                    {"detail", f.detail},
                    {"expected", f.expected},
                    {"observed", f.observed},
                    {"slot", f.slot},
                    {"endpoint", f.endpoint},
                    {"agreed", f.agreed}});
    }
    for (const auto& c : stored.closed)
      runtime::log_info("discrepancy_closed", {{"kind", to_string(c.kind)}, {"subject", c.subject}});
    for (const auto& h : stored.held) {
      holds.inc();
      runtime::log_error("order_held", {{"order_id", h.order.to_string()}, {"why", h.reason}});
    }
  }

  void standing() {
    const auto now = store.now_open();
    if (!now.ok())
      return;
    open_money.set(static_cast<double>(now->money));
    open_others.set(static_cast<double>(now->others));
    halted.set(now->halted ? 1 : 0);
  }

  bool look() {
    const auto ids = next_orders();
    if (!ids)
      return troubled("orders", ids.error());
    const auto seen = eyes.look(*ids);
    if (!seen)
      return troubled("orders", seen.error());
    const auto stored = store.record(seen->judged, seen->movements, config.policy);
    if (!stored.ok())
      return troubled("orders", stored.error().message);
    tell(seen->judged.found, *stored);
    tell_disputes(seen->judged.disputed);
    orders.inc(static_cast<double>(seen->orders));
    attempts.inc(static_cast<double>(seen->attempts));
    in_flight.inc(static_cast<double>(seen->in_flight));
    if (seen->finalized_slot > 0)
      finalized_slot.set(static_cast<double>(seen->finalized_slot));
    if (!after_all) {
      passes.inc();
      const auto now = clock.now();
      pass_seconds.set(static_cast<double>((now - pass_began).count()) / 1000);
      pass_began = now;
    }
    standing();
    return worked("orders", seen->by);
  }

  /// The newest, and a page of the walk over all; each once.
  domain::result<std::vector<verify::unclaimed_deposit>, std::string> next_deposits() {
    std::map<domain::deposit_request_id, verify::unclaimed_deposit> list;
    const int half = config.deposits / 2;
    for (const auto& after : {std::optional<domain::deposit_request_id>{}, after_deposit}) {
      const auto page = store.unclaimed_deposits(after, half);
      if (!page.ok())
        return failure{page.error().message};
      for (const auto& deposit : *page)
        list.emplace(deposit.id, deposit);
      after_deposit = page->size() == static_cast<std::size_t>(half) ? std::optional{page->back().id} : std::nullopt;
    }
    std::vector<verify::unclaimed_deposit> next;
    for (const auto& [id, deposit] : list)
      next.push_back(deposit);
    return next;
  }

  bool look_at_deposits() {
    const auto list = next_deposits();
    if (!list)
      return troubled("deposits", list.error());
    auto seen = eyes.deposits(*list);
    if (!seen)
      return troubled("deposits", seen.error());
    const auto claimed = store.claimed_since();
    if (!claimed.ok())
      return troubled("deposits", claimed.error().message);
    for (const auto& subject : *claimed)
      seen->judged.right.push_back({verify::finding_kind::deposit_without_order, subject});
    const auto stored = store.record(seen->judged, {}, config.policy);
    if (!stored.ok())
      return troubled("deposits", stored.error().message);
    tell(seen->judged.found, *stored);
    tell_disputes(seen->judged.disputed);
    standing();
    return worked("deposits", seen->by);
  }

  bool look_at_sums() {
    const auto seen = eyes.sums(config.max_sum_accounts);
    if (!seen)
      return troubled("sums", seen.error());
    if (!seen->complete)
      runtime::log_warn("sums_incomplete", {{"accounts", static_cast<std::uint64_t>(config.max_sum_accounts)}});
    const auto stored = store.record_sums(seen->found, seen->right, config.instance, config.policy);
    if (!stored.ok())
      return troubled("sums", stored.error().message);
    std::vector<finding> found;
    for (const auto& f : seen->found)
      found.push_back(f.what);
    tell(found, stored->findings);
    tell_disputes(seen->disputed);
    for (const auto& reason : stored->halts) {
      halts.inc();
      runtime::log_error("signing_halted", {{"why", reason}});
    }
    standing();
    return worked("sums", seen->by);
  }
};

verifier::verifier(verifier_config config, std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
                   verifier_reports reports)
    : impl_(std::make_unique<impl>(std::move(config), std::move(endpoints), clock, std::move(reports))) {}
verifier::~verifier() = default;

bool verifier::look() {
  return impl_->look();
}

bool verifier::look_at_deposits() {
  return impl_->look_at_deposits();
}

bool verifier::look_at_sums() {
  return impl_->look_at_sums();
}

namespace {

struct verifier_state {
  static inline const char* name = "verifier";
  std::unique_ptr<verifier> work;
};

verifier_actor::behavior_type verifier_behavior(verifier_actor::stateful_pointer<verifier_state> self,
                                                verifier_config config, std::vector<std::shared_ptr<rpc_api>> endpoints,
                                                const runtime::clock* clock, verifier_reports reports) {
  const auto pace = config.pace;
  const auto sum_pace = config.sum_pace;
  self->state.work = std::make_unique<verifier>(std::move(config), std::move(endpoints), *clock, std::move(reports));
  self->send(self, verifier_look_tick{});
  self->delayed_send(self, sum_pace, verifier_sum_tick{});
  return {
      [self, pace](verifier_look_tick) {
        (void)self->state.work->look();
        (void)self->state.work->look_at_deposits();
        self->delayed_send(self, pace, verifier_look_tick{});
      },
      [self, sum_pace](verifier_sum_tick) {
        (void)self->state.work->look_at_sums();
        self->delayed_send(self, sum_pace, verifier_sum_tick{});
      },
  };
}

}  // namespace

verifier_actor spawn_verifier(caf::actor_system& system, verifier_config config,
                              std::vector<std::shared_ptr<rpc_api>> endpoints, const runtime::clock& clock,
                              verifier_reports reports) {
  if (const auto valid = config.validate(); !valid)
    domain::broken_invariant(valid.error().c_str());
  return system.spawn<caf::detached>(verifier_behavior, std::move(config), std::move(endpoints), &clock,
                                     std::move(reports));
}

}  // namespace landfall::executor
